"""The last baskets of a shard, with posting lists: any itemset's support in them, afterwards.

Source: the vertical layout of Eclat (Zaki 2000). It lets a triple be counted from the day it
turns out to be worth counting, without having counted all triples from the start.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import deque
from typing import NamedTuple


class Kept(NamedTuple):
    """A basket that is still in the window."""

    order_id: str
    items: tuple[str, ...]
    weight: float
    customer: int
    """A bit of the customer, one of 64: enough to tell many from few, too little to tell who."""


class BasketWindow:
    """A ring of the last ``capacity`` baskets."""

    __slots__ = ("_baskets", "_first", "_orders", "_postings", "capacity")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._baskets: deque[Kept | None] = deque()
        self._first = 0
        self._orders: dict[str, int] = {}
        self._postings: dict[str, array[int]] = {}

    def __len__(self) -> int:
        return len(self._orders)

    @property
    def complete(self) -> bool:
        """Whether it never was full: no basket that came in was let go."""
        return self._first == 0

    def baskets(self) -> tuple[Kept, ...]:
        """Return the baskets that are here, the oldest first: a copy of references, quickly made."""
        return tuple(filter(None, self._baskets))

    def push(self, basket: Kept) -> None:
        """Take a basket in, and let the oldest go if the window is full."""
        number = self._first + len(self._baskets)
        self._baskets.append(basket)
        self._orders[basket.order_id] = number
        for item in basket.items:
            self._postings.setdefault(item, array("Q")).append(number)
        if len(self._baskets) > self.capacity:
            self._let_go()

    def _let_go(self) -> None:
        gone = self._baskets.popleft()
        self._first += 1
        if gone is None:
            return
        if self._orders.get(gone.order_id) == self._first - 1:
            del self._orders[gone.order_id]
        for item in gone.items:
            postings = self._postings[item]
            if postings[-1] < self._first:
                del self._postings[item]
            elif len(postings) > 32 and postings[len(postings) // 2] < self._first:
                # Old numbers are cut off in bulk: array has no cheap pop from the left.
                del postings[: bisect_left(postings, self._first)]

    def take(self, order_id: str) -> Kept | None:
        """Take the basket of an order out (it was cancelled), if it is still here."""
        number = self._orders.pop(order_id, None)
        if number is None:
            return None
        kept = self._baskets[number - self._first]
        self._baskets[number - self._first] = None
        for item in kept.items if kept else ():
            postings = self._postings[item]
            del postings[bisect_left(postings, number)]
            if not postings or postings[-1] < self._first:
                del self._postings[item]
        return kept

    def forget(self, item: str) -> None:
        """Take an article out of all baskets, as if it had never been bought."""
        for number in self._postings.pop(item, ()):
            kept = self._baskets[number - self._first] if number >= self._first else None
            if kept is not None:
                left = tuple(other for other in kept.items if other != item)
                self._baskets[number - self._first] = kept._replace(items=left)

    def weight_of(self, items: tuple[str, ...]) -> float:
        """Return the summed weight of the window's baskets that contain all of ``items``."""
        lists = sorted((self._postings.get(item) or array("Q") for item in items), key=len)
        common = set(lists[0])
        for postings in lists[1:]:
            common.intersection_update(postings)
        total = 0.0
        for number in sorted(common):  # in order: floats add up alike on every replay
            kept = self._baskets[number - self._first] if number >= self._first else None
            total += kept.weight if kept else 0.0
        return total

    def rescale(self, factor: float) -> None:
        """Multiply every kept basket's weight (the decay's landmark moved)."""
        self._baskets = deque(
            kept and kept._replace(weight=kept.weight * factor) for kept in self._baskets
        )

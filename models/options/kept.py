"""The last configured orders, line by line, so that what comes back is taken from the right line."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Sequence

from models.options.names import names_of
from schemas.orders import OrderLine


class Line:
    """A line of a kept order."""

    __slots__ = ("names", "number", "quantity", "sku")

    def __init__(self, sku: str, quantity: int, names: tuple[str, ...], number: int) -> None:
        self.sku = sku
        self.quantity = quantity
        """Units of it that were not taken back."""
        self.names = names
        self.number = number
        """Counts up over the counted lines of a shard; 0: this one was not counted."""


class KeptLines:
    """The lines of the last ``capacity`` orders, of those articles only that were configured."""

    __slots__ = ("_capacity", "_orders")

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._orders: OrderedDict[str, tuple[float, list[Line]]] = OrderedDict()
        """By order: when it was placed, and what is left of it."""

    def __len__(self) -> int:
        """Return the number of orders kept."""
        return len(self._orders)

    def keep(self, order_id: str, at: float, lines: list[Line]) -> None:
        """Keep an order that was placed at ``at`` (unix seconds); the oldest one may go."""
        self._orders[order_id] = (at, lines)
        if len(self._orders) > self._capacity:
            self._orders.popitem(last=False)

    def take(self, order_id: str, back: Sequence[OrderLine]) -> tuple[float, list[Line]]:
        """Take lines of an order back (none named: all).

        Returns when it was placed, and the counted lines of which nothing is left; none if the order
        is not kept. A line is taken from one of the same configuration; what is left of it from
        the order's other lines of the article, the first ones first, as demand does.
        """
        at, lines = self._orders.get(order_id, (0.0, []))
        if back:
            _take(lines, back)
        gone = [line for line in lines if not back or not line.quantity]
        left = [line for line in lines if back and line.quantity]
        if left:
            self._orders[order_id] = (at, left)
        else:
            self._orders.pop(order_id, None)
        return at, [line for line in gone if line.number]


def _take(lines: Sequence[Line], back: Sequence[OrderLine]) -> None:
    same = defaultdict[tuple[str, tuple[str, ...]], deque[Line]](deque)
    of_article = defaultdict[str, deque[Line]](deque)
    for line in lines:
        same[line.sku, line.names].append(line)
        of_article[line.sku].append(line)
    # All that is named exactly comes first: nobody else may take it away.
    rest = [
        (line.sku, _take_from(same[line.sku, names_of(line.options)], line.quantity))
        for line in back
    ]
    for sku, quantity in rest:
        _take_from(of_article[sku], quantity)


def _take_from(lines: deque[Line], quantity: int) -> int:
    """Take units from the first lines on; return how many are left to take."""
    while lines and quantity:
        taken = min(quantity, lines[0].quantity)
        lines[0].quantity -= taken
        quantity -= taken
        if not lines[0].quantity:
            lines.popleft()
    return quantity

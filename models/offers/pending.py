"""Offers that wait for what customers do with them: shown, clicked, bought, or nothing in time.

All articles of an offer are labelled at one time, when it is decided: at the end of the click window,
or earlier when the customer is shown the next offer or goes. To learn clicks when they come and their
absence when the window ends would have the model see clicks first, and believe in too many of them
(delayed feedback; Chapelle, 2014). A purchase is learnt when it comes, its absence at the end of the
attribution window: a day is too long to wait for what is seldom and worth most.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from models.customers import Customer

_CLICKS = 50
"""Most articles of a customer that were clicked and may be bought yet."""


@dataclass(slots=True)
class Decision:
    """An offer as it was decided: all that its outcome is to be learnt with."""

    customer_id: str
    at: float
    skus: tuple[str, ...]
    features: array[float]
    """Articles by features, each in its place."""
    chances: array[float]
    """The chance of a click of each article, as it was served."""
    scores: tuple[Mapping[Any, float], ...]
    """The same of each contender; empty if nobody contends."""
    sources: tuple[str, ...]
    """The source that speaks most for each article."""
    lasting: bool
    """Whether it reaches the customer outside of the session it was made in."""
    shown: set[int] = field(default_factory=set)
    """The places that were on the screen."""
    clicked: set[int] = field(default_factory=set)

    def row(self, place: int) -> list[float]:
        """Return the features of an article."""
        width = len(self.features) // len(self.skus)
        return self.features[place * width : (place + 1) * width].tolist()


@dataclass(frozen=True, slots=True)
class Click:
    """An article that was clicked in an offer, and may be bought."""

    at: float
    offer_id: str
    features: array[float]


class Pending:
    """One shard's open offers, and clicked articles that were not bought yet. Both are bounded."""

    __slots__ = ("_clicks", "_open", "_window_s", "capacity", "keep_s")

    def __init__(self, capacity: int, window_s: float, keep_s: float) -> None:
        """Wait ``window_s`` seconds for a click, and ``keep_s`` from there for a purchase."""
        self.capacity = capacity
        self.keep_s = keep_s
        self._window_s = window_s
        self._open: OrderedDict[str, Decision] = OrderedDict()
        self._clicks: OrderedDict[tuple[str, str], Click] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def open(self, offer_id: str, decision: Decision, customer: Customer) -> Decision | None:
        """Wait for an offer; return the oldest one if there is no room for it any more."""
        self._open[offer_id] = decision
        customer.waiting[:] = [o for o in customer.waiting if o in self._open]
        customer.waiting.append(offer_id)
        if len(self._open) <= self.capacity:
            return None
        _, oldest = self._open.popitem(last=False)
        return oldest

    def find(self, offer_id: str, customer_id: str) -> Decision | None:
        """Return an open offer; None if it is unknown, decided, or another customer's."""
        found = self._open.get(offer_id)
        return found if found is not None and found.customer_id == customer_id else None

    def replace(self, customer: Customer, by: str) -> list[Decision]:
        """Decide a customer's offers made before one: that is what the screen shows now.

        Not those made after it: they are on their way to the screen.
        """
        waiting = customer.waiting
        place = waiting.index(by) if by in waiting else 0
        gone, waiting[:] = waiting[:place], waiting[place:]
        return self._decided(gone)

    def end_session(self, customer: Customer) -> list[Decision]:
        """Decide the offers of a session that is over."""
        waiting = [o for o in customer.waiting if o in self._open]
        customer.waiting[:] = [o for o in waiting if self._open[o].lasting]
        return self._decided([o for o in waiting if not self._open[o].lasting])

    def expired(self, at: float) -> Iterator[Decision]:
        """Yield the offers whose click window has passed by ``at``, no longer open."""
        limit = at - self._window_s
        while self._open:
            offer_id, oldest = next(iter(self._open.items()))
            if oldest.at > limit:
                return
            del self._open[offer_id]
            yield oldest

    def click(self, customer: Customer, customer_id: str, sku: str, click: Click) -> Click | None:
        """Wait for the purchase of a clicked article; return what there is no room for any more."""
        key = (customer_id, sku)
        again = self._clicks.pop(key, None)
        self._clicks[key] = click
        if sku not in customer.clicked:
            customer.clicked.append(sku)
            if len(customer.clicked) > _CLICKS:
                again = self._clicks.pop((customer_id, customer.clicked.pop(0)), None)
        if again is not None:
            return again
        if len(self._clicks) <= self.capacity:
            return None
        return self._clicks.popitem(last=False)[1]

    def bought(self, customer: Customer, customer_id: str, sku: str) -> Click | None:
        """Return the click that a purchase goes back to, if there is one; it waits no longer."""
        if sku not in customer.clicked:
            return None
        customer.clicked.remove(sku)
        return self._clicks.pop((customer_id, sku), None)

    def unbought(self, at: float) -> Iterator[Click]:
        """Yield the clicks whose attribution window has passed by ``at`` without a purchase."""
        limit = at - self.keep_s
        while self._clicks:
            key, oldest = next(iter(self._clicks.items()))
            if oldest.at > limit:
                return
            del self._clicks[key]
            yield oldest

    def _decided(self, offer_ids: list[str]) -> list[Decision]:
        found = (self._open.pop(offer_id, None) for offer_id in offer_ids)
        return [decision for decision in found if decision is not None]

    def forget(self, customer: Customer, customer_id: str) -> None:
        """Forget a customer's offers and clicks: nothing is learnt from them."""
        for offer_id in customer.waiting:
            self._open.pop(offer_id, None)
        for sku in customer.clicked:
            self._clicks.pop((customer_id, sku), None)
        customer.waiting.clear()
        customer.clicked.clear()

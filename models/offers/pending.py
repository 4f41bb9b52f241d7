"""Offers that wait for what customers do with them: shown, clicked, bought, or nothing in time.

All articles of an offer are labelled at one time, when it is decided: at the end of the click window,
which begins when it is first seen, or earlier when the customer is shown the next offer or goes. One
that is not seen while it holds is waited for no longer. To learn clicks when they come and their
absence when the window ends would have the model see clicks first, and believe in too many of them
(delayed feedback; Chapelle, 2014). A purchase is learnt when it comes, its absence at the end of the
attribution window: a day is too long to wait for what is seldom and worth most.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import field

from models.customers import Customer
from models.packed import pack, unpack

_CLICKS = 50
"""Most articles of a customer that were clicked and may be bought yet."""


class Decision(msgspec.Struct, array_like=True):
    """An offer as it was decided: all that its outcome is to be learnt with."""

    customer_id: str
    at: float
    skus: tuple[str, ...]
    features: bytes
    """Articles by features, each in its place; see `numbers`."""
    chances: tuple[float, ...]
    """The chance of a click of each article, as it was served."""
    scores: tuple[dict[Any, float], ...]
    """The same of each contender; empty if nobody contends."""
    sources: tuple[str, ...]
    """The source that speaks most for each article."""
    lasting: bool
    """Whether it reaches the customer outside of the session it was made in."""
    shown: set[int] = field(default_factory=set)
    """The places that were on the screen."""
    clicked: set[int] = field(default_factory=set)
    seen_at: float | None = None
    """When it was first on a screen; None: not yet."""

    def row(self, place: int) -> list[float]:
        """Return the features of an article."""
        width = len(self.features) // len(self.skus)  # in bytes
        return numbers(self.features[place * width : (place + 1) * width])


class Click(msgspec.Struct, frozen=True, array_like=True):
    """An article that was clicked in an offer, and may be bought."""

    at: float
    offer_id: str
    features: bytes


def packed(features: Iterable[float]) -> bytes:
    """Return features as they are kept: four bytes each."""
    return array("f", features).tobytes()


def numbers(features: bytes) -> list[float]:
    """Return features that were kept."""
    return array("f", features).tolist()


class Pending:
    """One shard's open offers, and clicked articles that were not bought yet. Both are bounded."""

    __slots__ = (
        "_clicks", "_lasting", "_lasting_s", "_open", "_seen", "_unseen", "_valid_s", "_window_s",
        "capacity", "keep_s",
    )  # fmt: skip

    def __init__(
        self, capacity: int, window_s: float, keep_s: float, *, valid_s: float, lasting_s: float
    ) -> None:
        """Wait ``window_s`` seconds from an impression for a click, and ``keep_s`` from there for a purchase.

        For the impression ``valid_s`` from the making, or ``lasting_s`` of an offer that lasts.
        """
        self.capacity = capacity
        self.keep_s = keep_s
        self._window_s, self._valid_s, self._lasting_s = window_s, valid_s, lasting_s
        self._open: OrderedDict[str, Decision] = OrderedDict()
        # Each open offer is in one of three queues with the time its wait began. Within a queue all
        # wait as long, so the first is due first; but for late events, which wait a little longer.
        self._unseen: OrderedDict[str, float] = OrderedDict()
        self._lasting: OrderedDict[str, float] = OrderedDict()
        self._seen: OrderedDict[str, float] = OrderedDict()
        self._clicks: OrderedDict[tuple[str, str], Click] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        state = {name: getattr(self, name) for name in self.__slots__}
        return state | {
            "_open": pack(dict(self._open.items())),
            "_clicks": pack(list(self._clicks.items())),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)
        self._open = OrderedDict(unpack(state["_open"], dict[str, Decision]))
        self._clicks = OrderedDict(unpack(state["_clicks"], list[tuple[tuple[str, str], Click]]))

    def __len__(self) -> int:
        return len(self._open)

    def open(self, offer_id: str, decision: Decision, customer: Customer) -> Decision | None:
        """Wait for an offer; return the oldest one if there is no room for it any more."""
        self._open[offer_id] = decision
        self._queue_of(decision)[offer_id] = decision.at
        customer.waiting[:] = [o for o in customer.waiting if o in self._open]
        customer.waiting.append(offer_id)
        if len(self._open) <= self.capacity:
            return None
        return self._close(next(iter(self._open)))

    def find(self, offer_id: str, customer_id: str) -> Decision | None:
        """Return an open offer; None if it is unknown, decided, or another customer's."""
        found = self._open.get(offer_id)
        return found if found is not None and found.customer_id == customer_id else None

    def see(self, offer_id: str, at: float) -> bool:
        """Note that an open offer is on a screen; return whether it is for the first time.

        From then on it is a click that it waits for.
        """
        decision = self._open[offer_id]
        if decision.seen_at is not None:
            return False
        del self._queue_of(decision)[offer_id]
        decision.seen_at = max(at, decision.at)
        self._seen[offer_id] = decision.seen_at
        return True

    def replace(self, customer: Customer, by: str) -> list[Decision]:
        """Decide a customer's offers made before one: that is what the screen shows now.

        Not those made after it: they are on their way to the screen. Nor what reaches the customer
        outside of the page: a message is there to be read yet, whatever the page shows.
        """
        waiting = customer.waiting
        place = waiting.index(by) if by in waiting else 0
        before = [o for o in waiting[:place] if o in self._open]
        waiting[:] = [o for o in before if self._open[o].lasting] + waiting[place:]
        return [self._close(o) for o in before if not self._open[o].lasting]

    def end_session(self, customer: Customer) -> list[Decision]:
        """Decide the offers of a session that is over."""
        waiting = [o for o in customer.waiting if o in self._open]
        customer.waiting[:] = [o for o in waiting if self._open[o].lasting]
        return [self._close(o) for o in waiting if not self._open[o].lasting]

    def expired(self, at: float) -> Iterator[Decision]:
        """Yield the offers that have waited long enough by ``at``, no longer open."""
        for queue, wait_s in (
            (self._seen, self._window_s), (self._unseen, self._valid_s),
            (self._lasting, self._lasting_s),
        ):  # fmt: skip
            while queue:
                offer_id, since = next(iter(queue.items()))
                if since > at - wait_s:
                    break
                yield self._close(offer_id)

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

    def forget(self, customer: Customer, customer_id: str) -> None:
        """Forget a customer's offers and clicks: nothing is learnt from them."""
        for offer_id in customer.waiting:
            if offer_id in self._open:
                self._close(offer_id)
        for sku in customer.clicked:
            self._clicks.pop((customer_id, sku), None)
        customer.waiting.clear()
        customer.clicked.clear()

    def _close(self, offer_id: str) -> Decision:
        decision = self._open.pop(offer_id)
        del self._queue_of(decision)[offer_id]
        return decision

    def _queue_of(self, decision: Decision) -> OrderedDict[str, float]:
        if decision.seen_at is not None:
            return self._seen
        return self._lasting if decision.lasting else self._unseen

"""The made-up shop: customers come, look, search, fill carts, order, cancel and return."""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count as counter
from math import log

from schemas.clickstream import OfferClicked, OfferShown
from schemas.orders import OrderPlaced
from schemas.outputs import Offer
from schemas.topics import ORDERS
from streams.replay.records import Record
from streams.simulate.dice import dice
from streams.simulate.numbering import Numbering
from streams.simulate.offers import (
    EXAMINED,
    SHOWN,
    OfferTally,
    any_click,
    best_chances,
    click_chances,
)
from streams.simulate.session import Session
from streams.simulate.tastes import Tastes
from streams.simulate.till import Till
from streams.simulate.truth import Truth
from streams.simulate.visitor import Visitor

_REGRETTED = 0.1
_ADDED_AFTER_CLICK = 0.6


class Shop:
    """Makes the events of the topics clickstream and orders.

    The visits take turns by a clock of their own, in which a visitor does something about once a
    second; how fast it runs against the time of the events follows from how many are asked for.
    """

    def __init__(
        self, truth: Truth, seed: int, *, crowd: int = 100, names: Numbering | None = None
    ) -> None:
        """Open the shop to ``crowd`` visitors at a time."""
        self.offers = OfferTally()
        self._truth = truth
        self._tastes = Tastes(truth)
        self._rng = dice(seed, "shop")
        self._names = names or Numbering(f"shop-{seed}")
        self._visitor = Visitor(self._tastes, self._rng, self._names)
        self._till = Till(self._tastes, self._rng, self._names)
        self._people = list(truth.segment_of)
        self._crowd = min(crowd, len(self._people) // 2)
        self._start: float | None = None
        self._clock = 0.0
        self._turns = counter()
        self._waiting: list[tuple[float, int, Session]] = []
        self._regrets: list[tuple[float, int, OrderPlaced]] = []
        self._visits: dict[str, Session] = {}
        self._memory: dict[str, set[str]] = {}

    def step(self, now: float, count: int) -> list[Record]:
        """Return the next ``count`` events, all of them at ``now``."""
        self._start = now if self._start is None else self._start
        shifted = now - self._start >= self._truth.shift.start_s
        made: list[Record] = []
        while len(made) < count:
            while len(self._waiting) < self._crowd:
                self._welcome(self._somebody())
            if self._regrets and self._regrets[0][0] <= self._clock:
                made.append(self._till.regret(heappop(self._regrets)[2], now))
                continue
            self._clock, _, session = heappop(self._waiting)
            if session.script or session.patience > 0:
                record = self._visitor.act(session, now, shifted=shifted)
                self._wait(session)
            else:
                record = self._leave(session, now)
            if record is not None:
                made.append(record)
        return made

    def react(self, offer: Offer, now: float) -> list[Record]:
        """Return what the customer does at once about an offer; what was clicked may be bought."""
        tally, rng, customer = self.offers, self._rng, offer.customer_id
        tally.arrived += 1
        if customer not in self._truth.segment_of:
            return []
        tally.without_consent += customer not in self._truth.consenting
        if now > offer.expires_at.timestamp() or rng.random() >= SHOWN:
            return []
        tally.shown += 1
        session = self._visits.get(customer) or self._welcome(customer)
        name, skus = offer.offer_id, [item.sku for item in offer.items]
        usual = [self._tastes.popular(rng) for _ in zip(skus, EXAMINED, strict=False)]
        as_usual = click_chances(self._tastes, session, usual)
        tally.clicks_if_popular += any_click(chance for _, chance in as_usual)
        tally.clicks_if_best += any_click(best_chances(self._tastes, session, len(skus)))
        # Without an article: all of the offer was on the screen.
        made = [self._visitor.click(OfferShown, session, now, offer_id=name)]
        for sku, chance in click_chances(self._tastes, session, skus):
            if rng.random() < chance:
                tally.clicked += 1
                made += [
                    self._visitor.click(OfferClicked, session, now, offer_id=name, sku=sku),
                    self._visitor.view(session, sku, now),
                ]
                if rng.random() < _ADDED_AFTER_CLICK:
                    session.script.append(("add", sku))
                break
        return made

    def _somebody(self) -> str:
        while True:
            customer = self._people[int(self._rng.random() * len(self._people))]
            if customer not in self._visits:
                return customer

    def _welcome(self, customer: str) -> Session:
        session = Session(
            before=self._memory.get(customer),
            name=self._names.next(),
            customer=customer,
            segment=self._truth.segment_of[customer],
            consent=customer in self._truth.consenting,
            patience=3 + int(14.0 * self._rng.random() * self._rng.random()),
        )
        self._visits[customer] = session
        self._wait(session)
        return session

    def _wait(self, session: Session) -> None:
        """Let the visitor dwell, longer on what pleases."""
        dwell = -log(1.0 - self._rng.random())
        if session.last is not None and self._tastes.likes(session.segment, session.last):
            dwell *= 1.5
        session.dwell += dwell
        heappush(self._waiting, (self._clock + dwell, next(self._turns), session))

    def _leave(self, session: Session, now: float) -> Record | None:
        del self._visits[session.customer]
        self._memory[session.customer] = session.seen
        order = self._till.close(session, now)
        if order is None:
            return None
        if self._rng.random() < _REGRETTED:
            later = self._clock + 5.0 + 20.0 * self._rng.random()
            heappush(self._regrets, (later, next(self._turns), order))
        return Record(ORDERS.name, session.key, order, now)

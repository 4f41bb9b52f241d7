"""What visitors do next, and the clicks that come of it."""

from __future__ import annotations

from random import Random
from typing import Any

from schemas.clickstream import AddToCart, RemoveFromCart, Search, ShopEvent, View
from schemas.topics import CLICKSTREAM
from streams.replay.records import Record
from streams.simulate.messages import moment
from streams.simulate.numbering import Numbering
from streams.simulate.session import Session
from streams.simulate.tastes import Tastes
from streams.simulate.truth import LIKED, OTHER

FULL_BASKET = 6

_REMOVE = 0.05
_SEARCH = 0.06
_LOOK_AT_PARTNER = 0.35
_SAME_CATEGORY = 0.35


class Visitor:
    """Decides for every visit; what belongs together is looked at and bought together."""

    def __init__(self, tastes: Tastes, rng: Random, names: Numbering) -> None:
        """Know what customers like."""
        self._tastes = tastes
        self._rng = rng
        self._names = names

    def act(self, session: Session, now: float, *, shifted: bool) -> Record | None:
        """Do the next thing, planned or not; ``None`` if a plan came to nothing."""
        if not session.script:
            session.patience -= 1
            return self._decide(session, now, shifted=shifted)
        what, sku = session.script.popleft()
        if what == "view":
            return self.view(session, sku, now)
        if sku in session.cart or len(session.cart) >= FULL_BASKET:
            return None
        return self._add(session, sku, now)

    def view(self, session: Session, sku: str, now: float) -> Record:
        """Open the page of an article."""
        article = self._tastes.article[sku]
        session.last = sku
        session.views += 1
        session.seen.add(sku)
        return self.click(
            View, session, now, sku=sku, category=article.category, price=article.price
        )

    def click(self, kind: type[ShopEvent], session: Session, now: float, **what: Any) -> Record:
        """Return the event of something done in a visit."""
        event = kind(
            event_id=self._names.next(),
            occurred_at=moment(now),
            customer_id=session.customer,
            session_id=session.name,
            consent=session.consent,
            **what,
        )
        return Record(CLICKSTREAM.name, session.key, event, now)

    def _decide(self, session: Session, now: float, *, shifted: bool) -> Record:
        last = session.last
        if (
            last is not None
            and last not in session.cart
            and len(session.cart) < FULL_BASKET
            and self._rng.random() < (LIKED if self._tastes.likes(session.segment, last) else OTHER)
        ):
            return self._add(session, last, now)
        roll = self._rng.random()
        if roll < _REMOVE and session.cart:
            sku, quantity = session.cart.popitem()
            return self.click(RemoveFromCart, session, now, sku=sku, quantity=quantity)
        category = self._tastes.category(self._rng, session.segment, shifted=shifted)
        if roll > 1.0 - _SEARCH:
            session.script.append(("view", self._tastes.within(self._rng, category)))
            results = 1 + int(15 * self._rng.random())
            return self.click(Search, session, now, query=category, results=results)
        if last is not None:
            partner = self._tastes.partner.get(last)
            if partner is not None and self._rng.random() < _LOOK_AT_PARTNER:
                return self.view(session, partner.b, now)
            if self._rng.random() < _SAME_CATEGORY:
                category = self._tastes.article[last].category
        return self.view(session, self._tastes.within(self._rng, category), now)

    def _add(self, session: Session, sku: str, now: float) -> Record:
        quantity = 1 if self._rng.random() < 0.9 else 2 + int(2 * self._rng.random())
        session.cart[sku] = quantity
        partner = self._tastes.partner.get(sku)
        if partner is not None and self._rng.random() < partner.probability:
            session.script.extend((("view", partner.b), ("add", partner.b)))
        article = self._tastes.article[sku]
        return self.click(
            AddToCart,
            session,
            now,
            sku=sku,
            category=article.category,
            price=article.price,
            quantity=quantity,
        )

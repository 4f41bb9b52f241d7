"""The till of the made-up shop: orders, and those that are regretted later."""

from __future__ import annotations

from random import Random

from schemas.orders import OrderCancelled, OrderLine, OrderPlaced, OrderReturned
from schemas.topics import ORDERS
from streams.replay.records import Record
from streams.simulate.messages import moment
from streams.simulate.numbering import Numbering
from streams.simulate.session import Session, purchase_probability
from streams.simulate.tastes import Tastes


class Till:
    """Turns carts into orders; remembers who has bought before."""

    def __init__(self, tastes: Tastes, rng: Random, names: Numbering) -> None:
        """Open with no orders."""
        self._tastes = tastes
        self._rng = rng
        self._names = names
        self._orders: dict[str, int] = {}

    def close(self, session: Session, now: float) -> OrderPlaced | None:
        """End a visit, with an order or without."""
        before = self._orders.get(session.customer, 0)
        if self._rng.random() >= purchase_probability(session, before):
            return None
        self._orders[session.customer] = before + 1
        return OrderPlaced(
            event_id=self._names.next(),
            occurred_at=moment(now),
            customer_id=session.customer,
            order_id=self._names.next(),
            consent=session.consent,
            lines=tuple(self._line(sku, quantity) for sku, quantity in session.cart.items()),
            session_id=session.name,
        )

    def regret(self, order: OrderPlaced, now: float) -> Record:
        """Cancel or return an order, or the first line of it."""
        kind = OrderCancelled if self._rng.random() < 0.5 else OrderReturned
        event = kind(
            event_id=self._names.next(),
            occurred_at=moment(now),
            customer_id=order.customer_id,
            order_id=order.order_id,
            consent=order.consent,
            lines=order.lines[:1] if self._rng.random() < 0.5 else (),
        )
        return Record(ORDERS.name, order.customer_id.encode(), event, now)

    def _line(self, sku: str, quantity: int) -> OrderLine:
        article = self._tastes.article[sku]
        return OrderLine(
            sku=sku,
            quantity=quantity,
            unit_price=article.price,
            category=article.category,
            options=self._tastes.options(self._rng, article),
        )

"""What customers buy: the events of the topic ``orders``, keyed by customer."""

from __future__ import annotations

from typing import Annotated

import msgspec

from schemas.fields import (
    MAX_LINES,
    Category,
    Consent,
    Currency,
    CustomerId,
    EventId,
    Moment,
    Money,
    Options,
    OrderId,
    Quantity,
    SessionId,
    Sku,
    field,
)


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """One article of an order, as configured."""

    sku: Sku
    quantity: Quantity = 1
    unit_price: Money | None = None
    category: Category | None = None
    options: Options = {}


Lines = Annotated[
    tuple[OrderLine, ...],
    field("internal", "The order's lines.", min_length=1, max_length=MAX_LINES),
]
ReturnedLines = Annotated[
    tuple[OrderLine, ...],
    field("internal", "The lines taken back; empty means all of them.", max_length=MAX_LINES),
]


class OrderEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What every order event carries."""

    event_id: EventId
    occurred_at: Moment
    customer_id: CustomerId
    order_id: OrderId
    consent: Consent | None = None


class OrderPlaced(OrderEvent, tag_field="type", tag="placed", frozen=True, kw_only=True):
    """An order was placed."""

    lines: Lines
    currency: Currency = "EUR"
    session_id: SessionId | None = None


class OrderCancelled(OrderEvent, tag_field="type", tag="cancelled", frozen=True, kw_only=True):
    """An order, or some lines of it, was cancelled before delivery."""

    lines: ReturnedLines = ()


class OrderReturned(OrderEvent, tag_field="type", tag="returned", frozen=True, kw_only=True):
    """Delivered articles came back."""

    lines: ReturnedLines = ()


Orders = OrderPlaced | OrderCancelled | OrderReturned

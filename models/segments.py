"""Which segment a customer is in: by orders and how long ago, in words that need no model."""

from __future__ import annotations

from typing import Literal, get_args

from models.customers import Customer

Segment = Literal["new", "returning", "regular", "lapsed"]
SEGMENTS: tuple[Segment, ...] = get_args(Segment)

LAPSED_S = 90 * 86_400.0
"""Who has not ordered for so long has lapsed."""


def segment_of(customer: Customer, at: float) -> Segment:
    """Return the segment as of ``at`` (unix seconds).

    ``new``: in the first session, nothing ordered; ``returning``: back, nothing ordered yet;
    ``regular``: has ordered lately; ``lapsed``: has ordered, but not for `LAPSED_S`.
    """
    if not customer.orders:
        return "returning" if customer.sessions > 1 else "new"
    return "regular" if at - customer.last_order_at < LAPSED_S else "lapsed"

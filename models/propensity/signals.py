"""What is known of a live session before anybody knows how it ends."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.customers import Customer


@dataclass(frozen=True, slots=True)
class Signals:
    """Raw observations of one session, not scaled, not encoded."""

    numbers: dict[str, float]
    """Counts, durations in minutes or days, rates."""
    kinds: dict[str, str] = field(default_factory=dict)
    """Categories. Each has a short closed list of values: every value gets weights of its own."""
    gate: bool = False
    """The one sign of worth that changes what all others mean: something is in the cart."""


def session_signals(customer: Customer, at: float) -> Signals:
    """Return the signals of a customer's current session as of ``at`` (unix seconds)."""
    minutes = max(at - customer.started, 0.0) / 60
    idle = max(at - customer.last_order_at, 0.0) if customer.orders else 0.0
    return Signals(
        {
            "views": customer.views,
            "distinct": len(customer.visit.recent),
            "searches": customer.searches,
            "carts": customer.carts,
            "removes": customer.removes,
            "in_cart": len(customer.cart),
            "clicks": customer.clicks,
            "minutes": minutes,
            "pace": minutes / (customer.views + 1),
            "orders": customer.orders,
            "days_since_order": idle / 86400,
        },
        {
            "customer": "returning" if customer.orders else "new",
            "searched": "yes" if customer.searches else "no",
        },
        gate=bool(customer.cart),
    )

"""One visit of one customer: what was looked at, what is in the cart, how likely it is bought."""

from __future__ import annotations

from collections import deque
from math import exp
from typing import Literal

Step = tuple[Literal["view", "add"], str]


class Session:
    """A visit; everything that `purchase_probability` looks at can be seen in the clickstream."""

    __slots__ = (
        "before",
        "cart",
        "consent",
        "customer",
        "dwell",
        "key",
        "last",
        "name",
        "patience",
        "script",
        "seen",
        "segment",
        "views",
    )

    def __init__(
        self,
        *,
        name: str,
        customer: str,
        segment: str,
        consent: bool,
        patience: int,
        before: set[str] | None = None,
    ) -> None:
        """Start with an empty cart."""
        self.name = name
        self.customer = customer
        self.key = customer.encode()
        self.segment = segment
        self.consent = consent
        self.patience = patience
        """How many decisions are left before the customer goes to the till or away."""
        self.cart: dict[str, int] = {}
        self.script: deque[Step] = deque()
        """What will be done next, whatever else the customer had in mind."""
        self.seen: set[str] = set()
        self.before = before or set()
        """What was looked at in the last visit; it is not forgotten at once."""
        self.last: str | None = None
        self.views = 0
        self.dwell = 0.0


def purchase_probability(session: Session, orders_before: int) -> float:
    """Return how likely the visit ends in an order: views, carts, dwell and loyalty raise it."""
    if not session.cart:
        return 0.0
    pace = session.dwell / max(session.views, 1)
    log_odds = (
        -4.0
        + 0.9 * min(len(session.cart), 4)
        + 0.15 * min(session.views, 10)
        + 0.8 * min(pace, 3.0)
        + 0.35 * min(orders_before, 3)
    )
    return 1.0 / (1.0 + exp(-log_odds))

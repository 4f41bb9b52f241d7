"""What offers are worth: some customers get none, and how many of either group buy is compared.

Customers are drawn once, by a hash of their id, so that each stays in its group. Counted is whether
a session buys in which an offer could be made, from that moment on; of a customer again only after
`AGAIN_S`, for the sessions of one customer hang together and the interval rests on their not doing so.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from models.customers import Customer
from models.offers.evaluation import uplift

AGAIN_S = 30 * 86_400.0


@dataclass(slots=True)
class Group:
    """One of the two groups."""

    sessions: int = 0
    """Sessions in which an offer could be made."""
    bought: int = 0
    """Of these, those that ended in an order."""


class HoldOut:
    """One shard's groups with and without offers."""

    __slots__ = ("_share", "held", "offered")

    def __init__(self, share: float) -> None:
        self._share = share
        self.held = Group()
        self.offered = Group()

    def holds(self, customer_id: str) -> bool:
        """Return whether a customer gets no offers."""
        if not self._share:
            return False
        drawn = hashlib.blake2b(f"hold-out\0{customer_id}".encode(), digest_size=8).digest()
        return int.from_bytes(drawn) < self._share * 2.0**64

    def could_offer(self, customer_id: str, customer: Customer, at: float) -> None:
        """Note that an offer could be made to a customer now, whether it is or not."""
        if at - customer.compared_at >= AGAIN_S:
            customer.compared_at = at
            customer.compared = True
            self._group(customer_id).sessions += 1

    def bought(self, customer_id: str, customer: Customer) -> None:
        """Note that the customer's current session ended in an order."""
        if customer.compared:
            customer.compared = False
            self._group(customer_id).bought += 1

    def report(self) -> dict[str, float]:
        """Return both groups, and what offers add to the share of sessions that buy, with 95 %."""
        held, offered = self.held, self.offered
        found = {
            "offered_sessions": float(offered.sessions),
            "offered_bought": float(offered.bought),
            "held_out_sessions": float(held.sessions),
            "held_out_bought": float(held.bought),
        }
        if held.sessions and offered.sessions:
            added = uplift((offered.bought, offered.sessions), (held.bought, held.sessions))
            found |= {"uplift": added.value, "uplift_low": added.low, "uplift_high": added.high}
        return found

    def _group(self, customer_id: str) -> Group:
        return self.held if self.holds(customer_id) else self.offered

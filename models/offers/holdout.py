"""What offers are worth: some customers get none, and how many of either group buy is compared.

Customers are drawn once, by a hash of their id, so that each stays in its group. Counted are sessions in
which an offer could be made before anything was ordered (`models.offers.maker` says when), and whether
an order came after that, in the same session. What is counted must not hang on what the groups are treated
with, or the groups would differ by that alone: so the limits of a customer, which fill up with the offers that are made, do
not count, nor does an offer that an order makes. Of a customer a session is counted again only
after `AGAIN_S`, for the sessions of one customer hang together and the interval rests on their not
doing so.
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
    """Sessions in which an offer could be made, nothing having been ordered yet."""
    bought: int = 0
    """Of these, those with an order after that."""


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

    def is_due(self, customer: Customer, at: float) -> bool:
        """Return whether a session of the customer would be counted now."""
        return at - customer.compared_at >= AGAIN_S

    def could_offer(self, customer_id: str, customer: Customer, at: float) -> None:
        """Note that an offer could be made in a session now, whether it is or not."""
        if self.is_due(customer, at):
            customer.compared_at = at
            customer.compared = True
            self._group(customer_id).sessions += 1

    def bought(self, customer_id: str, customer: Customer) -> None:
        """Note that there is an order in the customer's current session; the first one counts."""
        if customer.compared:
            customer.compared = False
            self._group(customer_id).bought += 1

    def report(self) -> dict[str, float]:
        """Return both groups, and what offers add to the share of sessions that buy.

        The interval is Newcombe's for a difference of two shares (`uplift`), two-sided 95 %.
        """
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

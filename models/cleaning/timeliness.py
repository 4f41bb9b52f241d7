"""Refuses times that cannot be: an event from the future would freeze every timer."""

from __future__ import annotations

from schemas.decoding import Reject

MAX_AHEAD_S = 300.0


def too_early(occurred_at: float, arrived_at: float) -> Reject | None:
    """Return a `Reject` if an event claims to be more than five minutes ahead of its arrival."""
    ahead = occurred_at - arrived_at
    if ahead <= MAX_AHEAD_S:
        return None
    return Reject(
        "future_time",
        f"occurred_at is {ahead:,.0f} s after its arrival; at most {MAX_AHEAD_S:.0f} s is accepted. "
        "Check the producer's clock and time zone.",
        "$.occurred_at",
    )

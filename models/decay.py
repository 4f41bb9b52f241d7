"""Forward decay: a weight per event that never has to be touched again.

An event at time ``t`` weighs ``exp((t - landmark) / tau)``. All weights share the factor of *now*, so
ratios (support, confidence, lift) are exact at any moment, and a late event is no special case.
Source: Cormode, Shkapenyuk, Srivastava, Xu (2009), "Forward decay".
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

_SPAN = 30.0
"""How many tau a landmark serves before the weights are rescaled. Weights of the present stay between
1 and exp(30), about 1e13, for the store keeps such numbers as decimal text."""
_OLDEST = -300.0
"""Events from longer before the landmark, in tau, all weigh the same next to nothing: never zero."""
NEGLIGIBLE = 1e-15
"""A rescaled weight below this is forgotten: beside any event of now (1 or more) it is nothing."""


class ForwardDecay:
    """Weights with a half-life, on landmarks that every shard computes alike."""

    __slots__ = ("landmark", "tau")

    def __init__(self, half_life_s: float) -> None:
        """Start with ``half_life_s`` seconds; 0 means no decay: every weight is 1."""
        self.tau = half_life_s / math.log(2)
        self.landmark = 0

    def weight(self, at: float) -> float:
        """Return the weight of an event at ``at`` (unix seconds); call `advance` before."""
        if not self.tau:
            return 1.0
        return math.exp(max(at / self.tau - self.landmark * _SPAN, _OLDEST))

    def advance(self, at: float) -> float | None:
        """Move to the landmark of ``at``; return the factor for all earlier weights if it moved."""
        if not self.tau:
            return None
        landmark = int(at / self.tau // _SPAN)
        if landmark <= self.landmark:
            return None
        steps = landmark - self.landmark
        self.landmark = landmark
        return math.exp(-_SPAN * steps)


class Levels(msgspec.Struct, frozen=True, array_like=True):
    """Weights with the landmark they are relative to: what shards publish for the merge."""

    landmark: int
    weights: dict[str, float]


def align(rows: Sequence[Levels]) -> list[dict[str, float]]:
    """Return the weights of several shards relative to the latest landmark among them."""
    latest = max((row.landmark for row in rows), default=0)
    return [
        {
            name: weight * math.exp(-_SPAN * (latest - row.landmark))
            for name, weight in row.weights.items()
        }
        for row in rows
    ]

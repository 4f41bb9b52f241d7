"""What every contender can do."""

from __future__ import annotations

import math
from typing import Protocol

from models.propensity.features import Features


class Contender(Protocol):
    """A binary classifier that learns online.

    Deterministic, in other processes too: the same examples in the same order give the same scores,
    also if it was pickled and restored in between. A replay after a crash rests on that.
    """

    def score(self, features: Features) -> float:
        """Return the probability of the outcome, 0 to 1; changes nothing."""

    def learn(self, features: Features, *, hit: bool) -> None:
        """Learn what became of an example."""


def sigmoid(z: float) -> float:
    """Return the logistic function of ``z``, for any ``z``."""
    if z >= 0:
        return 1 / (1 + math.exp(-z))
    small = math.exp(z)
    return small / (1 + small)

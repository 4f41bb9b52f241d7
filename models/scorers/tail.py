"""How far a sensor's own scores reach when nothing is wrong: a running high quantile.

A score in sigma units promises a rate of false alarms only for a signal whose noise is normal. Many
are not: a compressor cycles, a counter jumps. So each sensor's limit is at least what its scores have
reached before, once in so many samples.
Source: stochastic approximation of a quantile, Robbins and Monro (1951), on a log scale.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field

_LATE = 10
"""Scores are learnt so many samples later, lest a fault that begins raises its own limit."""
_LEAST = 0.05
_FIRST_STEP, _LEAST_STEP, _SLOWER = 2.0, 0.02, 0.6
_SETTLED = math.ceil((_FIRST_STEP / _LEAST_STEP) ** (1 / _SLOWER))
"""After so many scores steps become no smaller."""


@dataclass(slots=True)
class Tail:
    """What a score exceeds in a certain share of the samples, as far as was seen so far."""

    quantile: float = 1.0
    n: int = 0
    _recent: array[float] = field(default_factory=lambda: array("d"))

    def learn(self, score: float, share: float) -> None:
        """Take a score in; ``share`` of all are to exceed the quantile."""
        recent = self._recent
        recent.append(score)
        if len(recent) <= _LATE:
            return
        score = recent.pop(0)
        self.n += 1
        step = _LEAST_STEP
        if self.n < _SETTLED:
            step = max(_FIRST_STEP / (self.n + 10) ** _SLOWER, _LEAST_STEP)
        up = 1 - share if score > self.quantile else -share
        quantile = self.quantile * math.exp(step * up)
        self.quantile = max(_LEAST, quantile)

"""How much each value resembles the one before it: the lag-1 autocorrelation phi.

A chart's ARL0 is true at phi = 0 only. At 0.3 a CUSUM has five times as many false alarms, so phi is
published beside each chart, and subgroups further apart are the cure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from models.spc.spread import varies

_MEMORY = 200
"""Of so many values phi is, the older ones fading; its standard error is then about 0.07."""
_LEAST = 20
"""Of fewer values nothing can be said."""


@dataclass(slots=True)
class LagOne:
    """Exponentially weighted covariance of a value and the one before, plain averages at first."""

    last: float | None = None
    n: int = 0
    mean: float = 0.0
    before: float = 0.0
    """Mean of the values before."""
    var: float = 0.0
    var_before: float = 0.0
    cov: float = 0.0

    def take(self, x: float) -> None:
        """Take the next value in."""
        last, self.last = self.last, x
        if last is None:
            return
        self.n = min(self.n + 1, _MEMORY)
        step = 1 / self.n
        dx, dy = x - self.mean, last - self.before
        self.mean += step * dx
        self.before += step * dy
        self.var = (1 - step) * (self.var + step * dx * dx)
        self.var_before = (1 - step) * (self.var_before + step * dy * dy)
        self.cov = (1 - step) * (self.cov + step * dx * dy)

    @property
    def phi(self) -> float | None:
        """Between -1 and 1; None of too few values, or of a signal that stands still."""
        scale = math.sqrt(self.var) * math.sqrt(self.var_before)
        if self.n < _LEAST or not varies(math.sqrt(scale), self.mean):
            return None
        return max(-1.0, min(1.0, self.cov / scale))

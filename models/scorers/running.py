"""Mean and variance that forget."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(slots=True)
class Running:
    """Exponentially weighted mean and variance, plain averages until the memory is full."""

    n: int = 0
    mean: float = 0.0
    var: float = 0.0

    def learn(self, x: float, memory: int, share: float = 1.0) -> None:
        """Take ``x`` in; with a ``share`` below 1, by so much less."""
        n = self.n + 1
        if n > memory:  # noqa: PLR1730 - a dozen of these a sample, and min() takes three times as long
            n = memory
        self.n = n
        step = share / n
        delta = x - self.mean
        self.mean += step * delta
        self.var = (1 - step) * (self.var + step * delta * delta)

    def __reduce__(self) -> tuple[type[Running], tuple[int, float, float]]:
        """Return what a copy is made of: a sensor has a dozen, and attributes by name take three times as long."""
        return Running, (self.n, self.mean, self.var)

    @property
    def std(self) -> float:
        """The standard deviation."""
        return math.sqrt(self.var)

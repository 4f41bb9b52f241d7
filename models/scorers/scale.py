"""What a sensor's values are made comparable by: their mean and sigma, with a least sigma."""

from __future__ import annotations

import math

from models.scorers.baseline import last_digit
from models.scorers.running import Running

_LEAST_SHARE, _LEAST_SIGMA = 1e-4, 1e-9
"""Least sigma as a share of the mean, and by itself."""


class Scale:
    """Mean and sigma of a sensor. A sensor that stands still has no sigma, but a last digit."""

    __slots__ = ("_digit", "usual")

    def __init__(self) -> None:
        self.usual = Running()
        self._digit = math.inf

    @property
    def least(self) -> float:
        """The least sigma: no less than the last digit that the sensor shows."""
        digit = self._digit if math.isfinite(self._digit) else 0.0
        return max(abs(self.usual.mean) * _LEAST_SHARE, digit, _LEAST_SIGMA)

    @property
    def sigma(self) -> float:
        """The sensor's sigma, or the least one."""
        return max(self.usual.std, self.least)

    def of(self, x: float) -> float:
        """Return how many sigma ``x`` is off the mean."""
        return (x - self.usual.mean) / self.sigma

    def learn(self, x: float, memory: int) -> None:
        """Take a value in; it fades with so many after it."""
        self.usual.learn(x, memory)
        self._digit = min(self._digit, last_digit(x))

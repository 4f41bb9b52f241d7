"""How fast a value changes: the least-squares slope of the last samples over event time.

A difference of two samples is mostly noise; the slope over a stretch of time is not.
"""

from __future__ import annotations

from dataclasses import dataclass, field

_POINTS = 32
_LEAST = 3
_FULL = 0.5
"""A slope is told once so much of the stretch of time is there."""


@dataclass(slots=True)
class Slope:
    """A few points of the last stretch of time, each the mean of the samples near it."""

    _points: list[tuple[float, float]] = field(default_factory=list)
    _sums: tuple[int, float, float] = (0, 0.0, 0.0)
    """Number, times and values of the samples of the point that is being made."""
    _begun: float = 0.0

    def learn(self, at: float, x: float, over_s: float) -> None:
        """Take a sample in; ``over_s`` seconds are looked at."""
        if self._sums[0] and at - self._begun >= over_s / _POINTS:
            self._points.append(self._point())
            self._sums = (0, 0.0, 0.0)
            oldest = at - over_s
            while self._points and self._points[0][0] < oldest:
                del self._points[0]
        n, times, values = self._sums
        if not n:
            self._begun = at
        self._sums = (n + 1, times + (at - self._begun), values + x)

    def per_s(self, over_s: float) -> float | None:
        """Return the change for each second; None while there are too few samples to say."""
        if not self._sums[0]:
            return None
        points = [*self._points, self._point()]
        if len(points) < _LEAST or points[-1][0] - points[0][0] < _FULL * over_s:
            return None
        n = len(points)
        mean_t = sum(t for t, _ in points) / n
        mean_x = sum(x for _, x in points) / n
        spread = sum((t - mean_t) ** 2 for t, _ in points)
        return sum((t - mean_t) * (x - mean_x) for t, x in points) / spread

    def _point(self) -> tuple[float, float]:
        n, times, values = self._sums
        return self._begun + times / n, values / n

"""How unusual is a sample? One small record per sensor, in sigma units, learning while quiet.

A detector that learns during a fault forgets the fault; one that never learns drifts into false
alarms. So the baseline moves only while nothing is wrong (a *guarded* EWMA), and the limits of the
smoothed scores come from their own quiet history, which makes up for autocorrelation.
Source of the chart: Roberts (1959), EWMA.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Condition = Literal["deviation", "spread", "flat_line", "bad_quality"]


@dataclass(frozen=True, slots=True)
class ScorerSettings:
    """Scores are in sigma; lengths are in samples."""

    warm_up: int = 60
    memory: int = 300
    smoothing: float = 0.2
    quiet_z: float = 3.0
    flat_line: int = 25
    bad_run: int = 5
    min_sigma_share: float = 1e-4
    """Least sigma as a share of the value: a sensor of no noise must not alarm on its last digit."""


@dataclass(slots=True)
class Running:
    """Exponentially weighted mean and variance, plain averages until the memory is full."""

    n: int = 0
    mean: float = 0.0
    var: float = 0.0

    def learn(self, x: float, memory: int) -> None:
        """Take ``x`` in."""
        self.n = min(self.n + 1, memory)
        step = 1 / self.n
        delta = x - self.mean
        self.mean += step * delta
        self.var = (1 - step) * (self.var + step * delta * delta)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The score of one sample: which condition is strongest, and how many sigma it is off."""

    condition: Condition
    z: float
    expected: float | None
    sudden: bool = False
    """So far off that one sample is enough."""


@dataclass(slots=True)
class SensorScore:
    """The state of one sensor's scorer."""

    unit: str
    base: Running
    level: float = 0.0
    spread: float = 1.0
    level_base: Running | None = None
    spread_base: Running | None = None
    seen: int = 0
    last: float | None = None
    same: int = 0
    changes: int = 0
    bad: int = 0

    def score(self, x: float, settings: ScorerSettings) -> Verdict | None:
        """Return how unusual ``x`` is; None while warming up. Changes nothing."""
        if self.seen < settings.warm_up:
            return None
        level, spread, z = self._smoothed(x, settings)
        if self._run(x) >= settings.flat_line and self.changes * 2 > self.seen:
            return Verdict("flat_line", float(settings.quiet_z * 4), self.base.mean)
        if abs(z) >= 8:
            return Verdict("deviation", abs(z), self.base.mean, sudden=True)
        by_level = _standard(level, self.level_base, 0.1)
        by_spread = _standard(spread, self.spread_base, 0.1)
        if abs(by_level) >= by_spread:
            return Verdict("deviation", abs(by_level), self.base.mean)
        return Verdict("spread", max(by_spread, 0.0), self.base.mean)

    def learn(self, x: float, settings: ScorerSettings, *, quiet: bool) -> None:
        """Move on to the next sample; the baseline learns from it only if all is ``quiet``."""
        self.same = self._run(x)
        self.changes = min(self.changes + (self.same == 0), 10_000)
        self.last = x
        self.bad = 0
        level, spread, z = self._smoothed(x, settings)
        warm = self.seen < settings.warm_up
        self.level, self.spread = level, spread
        if warm or (quiet and abs(z) < settings.quiet_z):
            self.base.learn(x, settings.memory)
            if self.seen >= settings.warm_up // 3:
                self._learn_limits(settings)
            self.seen = min(self.seen + 1, 10_000)

    def bad_sample(self) -> int:
        """Count a sample of bad quality; return how many came in a row."""
        self.bad += 1
        return self.bad

    def _run(self, x: float) -> int:
        return self.same + 1 if x == self.last else 0

    def _smoothed(self, x: float, settings: ScorerSettings) -> tuple[float, float, float]:
        floor = abs(self.base.mean) * settings.min_sigma_share + 1e-9
        z = (x - self.base.mean) / max(math.sqrt(self.base.var), floor) if self.base.n > 1 else 0.0
        a = settings.smoothing
        clipped = max(-10.0, min(10.0, z))
        level = (1 - a) * self.level + a * clipped
        spread = (1 - a / 2) * self.spread + a / 2 * min(clipped * clipped, 25.0)
        return level, spread, z

    def _learn_limits(self, settings: ScorerSettings) -> None:
        if self.level_base is None or self.spread_base is None:
            self.level_base, self.spread_base = Running(), Running()
        self.level_base.learn(self.level, settings.memory)
        self.spread_base.learn(self.spread, settings.memory)


def _standard(value: float, base: Running | None, floor: float) -> float:
    if base is None or base.n < 2:
        return 0.0
    return (value - base.mean) / max(math.sqrt(base.var), floor)

"""How unusual is a sample? One small record per sensor, in sigma units, learning while quiet.

A detector that learns during a fault forgets the fault; one that never learns drifts into false
alarms. So the baseline moves only while nothing is wrong (a *guarded* EWMA), and the limits of the
smoothed scores come from their own quiet history, which makes up for autocorrelation.
Source of the chart: Roberts (1959), EWMA.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

Condition = Literal["deviation", "spread", "flat_line", "bad_quality"]

_CLIP = 8.0
"""One wild sample must not shake the smoothed scores for long."""
_CHANCE = 1e-9
"""How unlikely a run of equal samples must be to be called a flat line."""
_MOST_RESTS = 0.9
"""A sensor that repeats itself more often than this may stand still for any time."""
_LEAST_SIGMA = 1e-9
_MOST_Z = 1e6
_UNEASY_SHARE = 0.1
"""How much of its usual step the baseline learns while something may be going on."""
_LEAST_STD = 0.2
"""Least scatter of the smoothed scores: those of a still sensor have none."""
_DOUBT = 20.0
"""Of how many samples the scatter of the smoothed scores is taken for twice as large."""


@dataclass(frozen=True, slots=True)
class ScorerSettings:
    """Scores are in sigma; lengths are in samples."""

    warm_up: int = 32
    memory: int = 300
    """How long the baseline remembers: what moves slower than this is followed."""
    limit_memory: int = 2000
    """How long is remembered how much the smoothed scores vary: they vary slowly, so it takes long."""
    smoothing: float = 0.2
    quiet_z: float = 3.0
    uneasy_z: float = 3.0
    """From here on the baseline learns slowly, lest it follows a drift that begins."""
    sudden_z: float = 8.0
    """So far off, one sample is enough."""
    flat_line: int = 20
    """Least number of equal samples in a row that is a flat line; more for sensors that often rest."""
    bad_run: int = 5
    min_sigma_share: float = 1e-4
    """Least sigma as a share of the value: a sensor of no noise must not alarm on its last digit."""


@dataclass(slots=True)
class Running:
    """Exponentially weighted mean and variance, plain averages until the memory is full."""

    n: int = 0
    mean: float = 0.0
    var: float = 0.0

    def learn(self, x: float, memory: int, share: float = 1.0) -> None:
        """Take ``x`` in; with a ``share`` below 1, by so much less."""
        self.n = min(self.n + 1, memory)
        step = share / self.n
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
    """So clear that one sample is enough."""


@dataclass(slots=True)
class SensorScore:
    """The state of one sensor's scorer."""

    unit: str
    base: Running = field(default_factory=Running)
    level: float = 0.0
    """Smoothed z: how far the level is off."""
    spread: float = 1.0
    """Smoothed square of z around that level: how much it scatters."""
    level_base: Running = field(default_factory=Running)
    spread_base: Running = field(default_factory=Running)
    moves: Running = field(default_factory=Running)
    """How often the value is another one than before."""
    seen: int = 0
    last: float | None = None
    same: int = 0
    bad: int = 0
    digit: float = math.inf
    """The last digit that the sensor has shown."""

    def score(self, x: float, settings: ScorerSettings) -> Verdict | None:
        """Return how unusual ``x`` is; None while warming up. Changes nothing."""
        if self.seen < settings.warm_up:
            return None
        expected = self.base.mean
        if self._run(x) >= self._flat_line(settings):
            return Verdict("flat_line", 2 * settings.quiet_z, expected, sudden=True)
        level, spread, z = self._smoothed(x, settings)
        if abs(z) >= settings.sudden_z:
            return Verdict("deviation", min(abs(z), _MOST_Z), expected, sudden=True)
        by_level, by_spread = self._unusual(level, spread)
        # A jump of the level also scatters for a moment, so where both are off it is the level.
        if by_level >= min(by_spread, settings.quiet_z):
            return Verdict("deviation", max(by_level, by_spread), expected)
        return Verdict("spread", by_spread, expected)

    def learn(self, x: float, settings: ScorerSettings, *, quiet: bool) -> None:
        """Move on to the next sample; the baseline learns from it only if all is ``quiet``."""
        moved = x != self.last
        self.same = self._run(x)
        self.last = x
        self.bad = 0
        self.level, self.spread, z = self._smoothed(x, settings)
        share = 1.0
        if self.seen >= settings.warm_up:
            if not quiet or abs(z) >= settings.quiet_z:
                return
            if max(self._unusual(self.level, self.spread)) >= settings.uneasy_z:
                share = _UNEASY_SHARE
        self.base.learn(x, settings.memory, share)
        self.digit = min(self.digit, last_digit(x))
        self.moves.learn(float(moved), settings.limit_memory)
        if self.seen >= settings.warm_up // 3:
            self.level_base.learn(self.level, settings.limit_memory, share)
            self.spread_base.learn(_even(self.spread), settings.limit_memory, share)
        self.seen = min(self.seen + 1, settings.warm_up)

    def bad_sample(self) -> int:
        """Count a sample of bad quality; return how many came in a row."""
        self.bad += 1
        return self.bad

    def _run(self, x: float) -> int:
        return self.same + 1 if x == self.last else 0

    def _flat_line(self, settings: ScorerSettings) -> float:
        """Return how many repeats in a row are next to impossible for a sensor that moves so often.

        One that rests most of the time is never called flat.
        """
        rests = 1 - self.moves.mean
        if rests > _MOST_RESTS:
            return math.inf
        by_chance = math.log(_CHANCE) / math.log(rests) if rests > 0 else 0.0
        return max(settings.flat_line, by_chance)

    def _smoothed(self, x: float, settings: ScorerSettings) -> tuple[float, float, float]:
        z = (x - self.base.mean) / self._sigma(x, settings) if self.base.n > 1 else 0.0
        a = settings.smoothing
        clipped = max(-_CLIP, min(_CLIP, z))
        level = (1 - a) * self.level + a * clipped
        around = clipped - self.level
        spread = (1 - a / 2) * self.spread + a / 2 * around * around
        return level, spread, z

    def _unusual(self, level: float, spread: float) -> tuple[float, float]:
        return (
            abs(_standard(level, self.level_base)),
            _standard(_even(spread), self.spread_base),
        )

    def _sigma(self, x: float, settings: ScorerSettings) -> float:
        """Return the unit of z: no less than the last digit that the sensor shows.

        So a sensor that stands still may flicker by one digit, and a real jump still counts.
        """
        sigma = max(
            math.sqrt(self.base.var), abs(self.base.mean) * settings.min_sigma_share, _LEAST_SIGMA
        )
        return sigma if sigma >= self.digit else max(sigma, min(self.digit, last_digit(x)))


def last_digit(x: float) -> float:
    """Return what one more in the last digit of ``x`` is, of nine at most: 0.1 for 20.1."""
    text = f"{x:.9g}"
    if "e" in text:
        return abs(x) * 1e-9
    return 10.0 ** -len(text.partition(".")[2])


def _even(spread: float) -> float:
    """Return the spread on a scale on which it varies evenly, for as it is it has a long tail."""
    return math.log(0.3 + spread)


def _standard(value: float, base: Running) -> float:
    # A scatter known from few samples is likely larger than it looks.
    sigma = math.sqrt(base.var) * (1 + _DOUBT / max(base.n, 1))
    return (value - base.mean) / max(sigma, _LEAST_STD)

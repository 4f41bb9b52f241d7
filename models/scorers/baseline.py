"""How far off its normal level a sensor is, and how much more it scatters: a guarded EWMA.

A detector that learns during a fault forgets the fault; one that never learns drifts into false
alarms. So the baseline moves only while nothing is wrong, and the limits of the smoothed scores come
from their own quiet history, which makes up for autocorrelation.
Source of the chart: Roberts (1959), EWMA.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from models.scorers.running import Running

_CLIP = 8.0
"""One wild sample must not shake the smoothed scores for long."""
_LEAST_SIGMA = 1e-9
_MOST_Z = 1e6
_UNEASY_SHARE = 0.1
"""How much of its usual step the baseline learns while something may be going on."""
_LEAST_STD = 0.2
"""Least scatter of the smoothed scores: those of a still sensor have none."""
_DOUBT = 20.0
"""Of how many samples the scatter of the smoothed scores is taken for twice as large."""


@dataclass(frozen=True, slots=True)
class BaselineSettings:
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
    """So far off, a sample counts by itself, and not what is smoothed."""
    min_sigma_share: float = 1e-4
    """Least sigma as a share of the value: a sensor of no noise must not alarm on its last digit."""


class Off(NamedTuple):
    """What one sample says."""

    z: float
    """Of the sample by itself, signed."""
    level: float
    """Smoothed z."""
    spread: float
    """Smoothed square of z around the level."""
    by_level: float
    by_spread: float
    """How unusual these are, in sigma."""

    def strongest(self, settings: BaselineSettings) -> tuple[float, bool]:
        """Return how unusual the sample is, and whether that is for its spread and not its level."""
        if abs(self.z) >= settings.sudden_z:
            return min(abs(self.z), _MOST_Z), False
        # A jump of the level also scatters for a moment, so where both are off it is the level.
        if self.by_level >= min(self.by_spread, settings.quiet_z):
            return max(self.by_level, self.by_spread), False
        return self.by_spread, True


@dataclass(slots=True)
class Baseline:
    """What is normal for one sensor."""

    base: Running = field(default_factory=Running)
    level: float = 0.0
    """Smoothed z: how far the level is off."""
    spread: float = 1.0
    """Smoothed square of z around that level: how much it scatters."""
    level_base: Running = field(default_factory=Running)
    spread_base: Running = field(default_factory=Running)
    seen: int = 0
    digit: float = math.inf
    """The last digit that the sensor has shown."""

    @classmethod
    def of(cls, samples: Iterable[float], settings: BaselineSettings) -> Baseline:
        """Return what is known after some samples of which all are normal."""
        found = cls(seen=settings.warm_up // 3)
        for x in samples:
            found.base.learn(x, settings.memory)
            found.digit = min(found.digit, last_digit(x))
        return found

    def ready(self, settings: BaselineSettings) -> bool:
        """Return whether enough is known to say that something is unusual."""
        return self.seen >= settings.warm_up

    def score(self, x: float, settings: BaselineSettings) -> Off:
        """Return how far off ``x`` is. Changes nothing."""
        base = self.base
        z = (x - base.mean) / self._sigma(x, settings) if base.n > 1 else 0.0
        a = settings.smoothing
        clipped = max(-_CLIP, min(_CLIP, z))
        level = (1 - a) * self.level + a * clipped
        around = clipped - self.level
        spread = (1 - a / 2) * self.spread + a / 2 * around * around
        by_level = abs(_standard(level, self.level_base))
        return Off(z, level, spread, by_level, _standard(_even(spread), self.spread_base))

    def learn(self, x: float, off: Off, settings: BaselineSettings, *, quiet: bool) -> None:
        """Move on to the next sample; the baseline learns from it only if all is ``quiet``."""
        self.level, self.spread = off.level, off.spread
        share = 1.0
        if self.ready(settings):
            if not quiet or abs(off.z) >= settings.quiet_z:
                return
            if max(off.by_level, off.by_spread) >= settings.uneasy_z:
                share = _UNEASY_SHARE
        self.base.learn(x, settings.memory, share)
        self.digit = min(self.digit, last_digit(x))
        if self.seen >= settings.warm_up // 3:
            self.level_base.learn(off.level, settings.limit_memory, share)
            self.spread_base.learn(_even(off.spread), settings.limit_memory, share)
        self.seen = min(self.seen + 1, settings.warm_up)

    def widen(self) -> None:
        """Learn whatever comes for a while, on top of what is known: of two states both are normal then."""
        self.seen = 0
        self.level, self.spread = 0.0, 1.0
        self.level_base, self.spread_base = Running(), Running()

    def _sigma(self, x: float, settings: BaselineSettings) -> float:
        """Return the unit of z: no less than the last digit that the sensor shows.

        So a sensor that stands still may flicker by one digit, and a real jump still counts.
        """
        base = self.base
        sigma = max(base.std, abs(base.mean) * settings.min_sigma_share, _LEAST_SIGMA)
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
    n = base.n
    sigma = math.sqrt(base.var) * (1 + _DOUBT / n) if n else 0.0
    return (value - base.mean) / max(sigma, _LEAST_STD)

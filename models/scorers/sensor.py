"""How unusual is a sample? One small record per sensor, in sigma units, learning while quiet.

Four scores look at a sample: the guarded baseline, whose level and spread find what is off at once; the
smoothed level over long, which finds what drifts so slowly that the baseline follows; the shape of the
last samples, which finds what never was before; and the likelihood of the deviations, which finds that
there are more of them than usual. Each has its limit, and an alarm is raised for what is farthest above
its own.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from models.scorers.baseline import Baseline, BaselineSettings, Off
from models.scorers.hampel import measurements
from models.scorers.likelihood import Likelihood, LikelihoodSettings
from models.scorers.shape import Shape, Shaped, ShapeSettings
from models.scorers.slow import Slow, SlowSettings
from models.scorers.tail import Tail

Condition = Literal["deviation", "spread", "shape"]

_MOST_DEVIATION = 20.0
_TAIL_SHARE = 1e-3
_LEAST_SHARE, _MOST_SHARE = 1e-5, 0.1
_UNLIKELY_AT_FIRST = 3.6
"""What a likelihood exceeds in noise once in some hours, until more is known of the sensor."""
_TAUGHT = 10
"""So many samples of an alarm count for the limits: that it came, but not how long it stood."""


@dataclass(frozen=True, slots=True)
class DeviationLikelihood(LikelihoodSettings):
    """Of deviations, which hang together for long."""

    sluggish: float = 2.0


@dataclass(frozen=True, slots=True)
class ScorerSettings:
    """How a sensor's samples are scored."""

    baseline: BaselineSettings = field(default_factory=BaselineSettings)
    shape: ShapeSettings = field(default_factory=ShapeSettings)
    slow: SlowSettings = field(default_factory=SlowSettings)
    deviations: DeviationLikelihood = field(default_factory=DeviationLikelihood)
    limit: float = 5.0
    """Of level and spread, in sigma; more for a sensor whose scores go further by themselves."""
    tail: float = 1.5
    """Their limit is at least so many times what is exceeded once in a thousand samples."""
    unlikely: float = 3.5
    """The limit of shape and deviations, which are likelihoods, in sigma."""
    unlikely_tail: float = 1.25
    """Their limit is at least so many times what is exceeded once in `unlikely_every_s`."""
    unlikely_every_s: float = 7200.0
    """In time and not in samples: people can live with so many alarms a day, however fast a sensor
    speaks."""

    def unlikely_limit(self, tail: Tail) -> float:
        """Return the limit of a likelihood, in sigma, that reaches so far by itself."""
        return max(self.unlikely, self.unlikely_tail * tail.quantile)

    def unlikely_share(self, interval_s: float) -> float:
        """Return which share of samples, one every ``interval_s`` seconds, may exceed the tail."""
        return min(max(interval_s / self.unlikely_every_s, _LEAST_SHARE), _MOST_SHARE)


class Verdict(NamedTuple):
    """The score of one sample: which condition is strongest, and how many sigma it is off."""

    condition: Condition
    z: float
    limit: float
    expected: float | None

    @property
    def strength(self) -> float:
        """How far it goes: from 1 on it is beyond the limit."""
        return self.z / self.limit


class Scored(NamedTuple):
    """A sample that was scored: what `learn` needs to know of it."""

    x: float
    off: Off
    shaped: Shaped
    deviation: float
    mean_deviation: float
    """Of the last samples."""
    strongest: float
    unlikely: float
    level: float
    """Smoothed over long."""
    slow: float
    """How far that is off."""
    verdict: Verdict | None
    """None while a baseline is learnt."""


class SensorScore:
    """The state of one sensor's scorers."""

    __slots__ = (
        "_first",
        "_unquiet",
        "baseline",
        "deviations",
        "shape",
        "slow",
        "tail",
        "unit",
        "unlikely_tail",
    )

    def __init__(self, unit: str, settings: ScorerSettings) -> None:
        """Begin without knowing anything of a sensor whose values are in ``unit``."""
        self.unit = unit
        self._first: array[float] | None = array("d")
        """The samples of the warm-up; None: that is over."""
        self.baseline = Baseline()
        self.shape = Shape(settings.shape)
        self.deviations = Likelihood()
        self.slow = Slow()
        self.tail = Tail()
        self.unlikely_tail = Tail(_UNLIKELY_AT_FIRST)
        self._unquiet = 0

    def score(self, x: float, settings: ScorerSettings) -> Scored:
        """Return how unusual ``x`` is. Changes nothing."""
        baseline = self.baseline
        off = baseline.score(x, settings.baseline)
        shaped = self.shape.score(x, baseline.digit, settings.shape)
        deviation = min(abs(off.z), _MOST_DEVIATION)
        mean = self.deviations.mean(deviation, settings.deviations)
        likely = self.deviations.z(mean, settings.deviations)
        shape = shaped.z
        strongest, by_spread = off.strongest(settings.baseline)
        unlikely, verdict = max(shape, likely), None
        level = self.slow.next_level(x, baseline.base.std, settings.slow)
        slow = self.slow.z(level, baseline.base.std, baseline.digit, settings.slow)
        if baseline.ready(settings.baseline):
            limit = max(settings.limit, settings.tail * self.tail.quantile)
            other = settings.unlikely_limit(self.unlikely_tail)
            condition: Condition
            if strongest / limit >= unlikely / other:
                condition, z = "spread" if by_spread else "deviation", strongest
            else:
                condition, z, limit = "shape" if shape >= likely else "deviation", unlikely, other
            far = self.slow.limit(settings.slow)
            if slow / far > z / limit:
                condition, z, limit = "deviation", slow, far
            verdict = Verdict(condition, z, limit, baseline.base.mean)
        return Scored(x, off, shaped, deviation, mean, strongest, unlikely, level, slow, verdict)

    def widen(self) -> None:
        """Take what is now for normal, and what was before, too: levels, shapes and how far scores go stay known."""
        self.baseline.widen()
        self._unquiet = 0

    def learn(
        self, scored: Scored, settings: ScorerSettings, *, quiet: bool, interval_s: float
    ) -> None:
        """Move on to the next sample, which usually comes after ``interval_s`` seconds.

        The baseline learns from it only if all is ``quiet``.
        """
        self._unquiet = 0 if quiet else self._unquiet + 1
        if self._first is not None:
            self._first.append(scored.x)
        self.baseline.learn(scored.x, scored.off, settings.baseline, quiet=quiet)
        self.slow.learn(scored.level, scored.slow, settings.slow, quiet=quiet)
        self.shape.learn(scored.x, scored.shaped, settings.shape)
        self.deviations.learn(scored.deviation, scored.mean_deviation, settings.deviations)
        if scored.verdict is not None and self._unquiet <= _TAUGHT:
            self.tail.learn(scored.strongest, _TAIL_SHARE)
            self.unlikely_tail.learn(scored.unlikely, settings.unlikely_share(interval_s))
        if self._first is not None and self.baseline.ready(settings.baseline):
            first, self._first = self._first, None
            kept = measurements(first)
            if len(kept) < len(first):
                self._begin_with(kept, settings)

    def _begin_with(self, samples: Sequence[float], settings: ScorerSettings) -> None:
        """Begin anew with samples that are measurements; how far scores go by themselves takes a few more."""
        self.baseline = Baseline.of(samples, settings.baseline)
        self.shape = Shape(settings.shape)
        self.shape.remember(np.array(samples))
        self.deviations, self.slow = Likelihood(), Slow()

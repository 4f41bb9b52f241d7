"""A control chart from its first subgroup on: phase I learns what is normal, phase II charts.

Phase I takes its subgroups as they come: whoever feeds it leaves out what is known to be wrong (an
alarm that stands, a machine that does not run). Source: Montgomery (2013), sections 5.4 and 6.2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from models.spc.arl import ChartSettings
from models.spc.autocorrelation import LagOne
from models.spc.charts import (
    Chart,
    Cusum,
    CusumSettings,
    Ewma,
    EwmaSettings,
    Shewhart,
    ShewhartSettings,
    Signal,
)
from models.spc.rules import RuleSettings, RunRules
from models.spc.spread import Spread, varies
from models.spc.subgroups import Subgroup

Standing = Literal["learning", "unproven", "in_control", "out_of_control"]
"""Phase I; or phase II: not for long enough to say; a while without a signal; and not so since the last one."""
_MOST_Z = 1e6
"""What is further off is so for certain, and sums must stay finite."""
_KINDS: dict[type[ChartSettings], type[Chart]] = {
    ShewhartSettings: Shewhart,
    CusumSettings: Cusum,
    EwmaSettings: Ewma,
    RuleSettings: RunRules,
}


@dataclass(frozen=True, slots=True)
class ControlSettings:
    """Which chart, and how it learns what is normal. Lengths in subgroups."""

    chart: ChartSettings = field(default_factory=CusumSettings)
    phase_one: int = 25
    """Subgroups that the centre line and sigma are estimated from; at least 2."""
    min_sigma: float = 0.0
    """Least sigma of a value, in its unit: the resolution / sqrt(12), or a thousandth of the span. With
    0 a signal that stands still remains in phase I."""
    quiet: int = 25
    """Subgroups without a signal that show that the process is in control."""

    def __post_init__(self) -> None:
        if self.phase_one < 2 or self.min_sigma < 0:
            raise ValueError("Phase I takes 2 subgroups or more, and sigma is not negative")


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is normal, in the unit of what is measured."""

    centre: float
    sigma: float
    """Of single values, not of means; above 0, or it is a ValueError."""

    def __post_init__(self) -> None:
        if not self.sigma > 0:
            raise ValueError("A baseline without variation is none")

    def standard(self, subgroup: Subgroup) -> float:
        """Return how many standard errors the subgroup's mean is off the centre line."""
        off = subgroup.mean - self.centre
        if not varies(abs(off), self.centre):
            return 0.0  # or a rounding error would be on one side for ever
        z = off / (self.sigma / math.sqrt(subgroup.size))
        return max(-_MOST_Z, min(_MOST_Z, z))


@dataclass(slots=True)
class ControlChart:
    """The state of one chart. A baseline that is known beforehand spares phase I."""

    baseline: Baseline | None = None
    """None: phase I."""
    chart: Chart | None = None
    spread: Spread = field(default_factory=Spread)
    """Of all values since phase I began, or since the last signal: what capability is worked out of."""
    lag_one: LagOne = field(default_factory=LagOne)
    """Of the subgroups' means, whatever chart they are on."""
    quiet: int = 0
    """Subgroups of phase II since the last signal."""
    signals: int = 0
    """In all of phase II."""

    @property
    def phi(self) -> float | None:
        """The lag-1 autocorrelation of the subgroups' means; a shift makes it larger, too."""
        return self.lag_one.phi

    def in_control(self, settings: ControlSettings) -> bool:
        """Return whether the process has been shown to be in control."""
        return self.baseline is not None and self.quiet >= settings.quiet

    def standing(self, settings: ControlSettings) -> Standing:
        """Return what the chart can say of the process."""
        if self.baseline is None:
            return "learning"
        if self.in_control(settings):
            return "in_control"
        return "out_of_control" if self.signals else "unproven"

    def take(self, subgroup: Subgroup, settings: ControlSettings) -> Signal | None:
        """Take the next subgroup; return the signal it gives, if any: none in phase I.

        One of unknown variance is a ValueError in phase I, and changes nothing.
        """
        if self.baseline is None:
            self._learn(subgroup, settings)
            return None
        self.lag_one.take(subgroup.mean)
        kind = _KINDS[type(settings.chart)]
        if not isinstance(self.chart, kind):
            self.chart = kind()  # the first subgroup, or another chart was chosen since
        signal = self.chart.step(self.baseline.standard(subgroup), settings.chart)
        if signal is not None:
            self.signals += 1
            self.quiet, self.spread = 0, Spread()
            return signal
        self.quiet += 1
        if subgroup.squares is not None:
            self.spread.take(subgroup)
        return None

    def rebaseline(self) -> None:
        """Begin with phase I again: somebody says that what is now is normal."""
        self.baseline, self.chart, self.quiet, self.signals = None, None, 0, 0
        self.spread, self.lag_one = Spread(), LagOne()

    def _learn(self, subgroup: Subgroup, settings: ControlSettings) -> None:
        spread = self.spread
        spread.take(subgroup)
        self.lag_one.take(subgroup.mean)
        if spread.subgroups < settings.phase_one:
            return
        learnt = 0.0 if spread.still else spread.sigma_within
        sigma = max(learnt, settings.min_sigma)
        if varies(sigma, spread.mean):
            self.baseline = Baseline(spread.mean, sigma)
        else:
            # From the next ones only: a flicker after a day of rest is not a thousandth of one.
            self.spread = Spread()

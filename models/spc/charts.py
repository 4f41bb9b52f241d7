"""Three control charts: Shewhart's for large shifts, CUSUM and EWMA for small ones that last.

All take z, a subgroup's mean in standard errors from the centre line, and remember a number or two.
Each recursion and its decision is one function that works on a float, and as well on an array of
many charts at once: the run lengths that tests and pages state are of the very code that decides.
After a signal a chart starts anew, so a shift that lasts signals again, after another run length.

Sources: Shewhart (1931); Page (1954), "Continuous inspection schemes"; Roberts (1959), "Control
chart tests based on geometric moving averages"; Lucas and Saccucci (1990) for the limits of the EWMA.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Number = TypeVar("Number", float, Floats)
"""One chart, or an array of many that go the same way."""
Side = Literal["upper", "lower"]


@dataclass(frozen=True, slots=True)
class Signal:
    """A chart says that the process is not what it was."""

    rule: str
    """`shewhart`, `cusum`, `ewma`, or a rule of `models.spc.rules`."""
    statistic: float
    """What was over its limit, in standard errors; with run rules, how many points did as the rule says."""
    limit: float
    side: Side | None
    """Where the process went; None where a rule says nothing of it."""
    z: float
    """Of the subgroup that made it signal."""


class Chart(Protocol):
    """What all charts do; each with the settings of its own kind."""

    def step(self, z: float, settings: Any) -> Signal | None:
        """Take the next z; return the signal it gives, if any."""


@dataclass(frozen=True, slots=True)
class ShewhartSettings:
    """In standard errors; a limit that is not above 0 is a ValueError."""

    limit: float = 3.0

    def __post_init__(self) -> None:
        if not self.limit > 0:
            raise ValueError("The limit of a chart is above 0")


@dataclass(frozen=True, slots=True)
class CusumSettings:
    """In standard errors; an allowance below 0 or a limit that is not above it is a ValueError."""

    k: float = 0.5
    """The allowance: half of the shift to be found."""
    h: float = 5.0
    """The limit of the sums."""

    def __post_init__(self) -> None:
        if not (self.k >= 0 and self.h > 0):
            raise ValueError("The allowance of a CUSUM is not below 0, and its limit above 0")


@dataclass(frozen=True, slots=True)
class EwmaSettings:
    """The limits are the asymptotic ones, the same from the first subgroup on.

    A smoothing that is not between 0 and 1, or a width not above 0, is a ValueError.
    """

    smoothing: float = 0.1
    """Lambda: the weight of the newest; the smaller, the smaller are the shifts it finds."""
    width: float = 2.814
    """L: the limit in standard deviations of the smoothed mean."""

    def __post_init__(self) -> None:
        if not (0 < self.smoothing <= 1 and self.width > 0):
            raise ValueError("The smoothing of an EWMA is between 0 and 1, and its width above 0")

    @property
    def limit(self) -> float:
        """The limit in standard errors of a subgroup."""
        return self.width * math.sqrt(self.smoothing / (2 - self.smoothing))


def side_of(x: Number, limit: float) -> Number:
    """Return 1 above the limit, -1 below its negative, else 0."""
    return 1.0 * (x > limit) - 1.0 * (x < -limit)


def cusum_step(
    upper: Number, lower: Number, z: Number, settings: CusumSettings
) -> tuple[Number, Number, Number]:
    """Return both sums after z, none below 0, and the side that is over its limit (1, -1 or 0)."""
    above, below = upper + z - settings.k, lower - z - settings.k
    upper, lower = above * (above > 0), below * (below > 0)
    return upper, lower, side_of(upper, settings.h) - side_of(lower, settings.h)


def ewma_step(level: Number, z: Number, settings: EwmaSettings) -> tuple[Number, Number]:
    """Return the level after z, and the side that is over its limit (1, -1 or 0)."""
    level = level + settings.smoothing * (z - level)
    return level, side_of(level, settings.limit)


def _named(side: float) -> Side:
    return "upper" if side > 0 else "lower"


@dataclass(slots=True)
class Shewhart:
    """Each subgroup by itself: there is nothing to remember."""

    def step(self, z: float, settings: ShewhartSettings) -> Signal | None:
        """Take the next z; return the signal it gives, if any."""
        side = side_of(z, settings.limit)
        return Signal("shewhart", abs(z), settings.limit, _named(side), z) if side else None


@dataclass(slots=True)
class Cusum:
    """The two-sided tabular CUSUM: how far the mean has been off, less the allowance, added up."""

    upper: float = 0.0
    lower: float = 0.0

    def step(self, z: float, settings: CusumSettings) -> Signal | None:
        """Take the next z; return the signal it gives, if any."""
        self.upper, self.lower, side = cusum_step(self.upper, self.lower, z, settings)
        if not side:
            return None
        signal = Signal("cusum", max(self.upper, self.lower), settings.h, _named(side), z)
        self.upper = self.lower = 0.0
        return signal


@dataclass(slots=True)
class Ewma:
    """The exponentially weighted mean of the subgroups so far."""

    level: float = 0.0

    def step(self, z: float, settings: EwmaSettings) -> Signal | None:
        """Take the next z; return the signal it gives, if any."""
        self.level, side = ewma_step(self.level, z, settings)
        if not side:
            return None
        signal = Signal("ewma", abs(self.level), settings.limit, _named(side), z)
        self.level = 0.0
        return signal

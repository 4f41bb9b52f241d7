"""Run rules: patterns of points that are unlikely while all is well, though each is within its limits.

Each rule finds something sooner, and each has its own false alarms: all eight together signal about
every 70 subgroups for nothing. CUSUM and EWMA find as much at a fifth of that.

Sources: Western Electric (1956), "Statistical Quality Control Handbook"; Nelson (1984), "The Shewhart
control chart: tests for special causes"; Champ and Woodall (1987) for run lengths.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Generic, Literal

from models.spc.charts import Number, Signal

RuleName = Literal[
    "western_electric_1",
    "western_electric_2",
    "western_electric_3",
    "western_electric_4",
    "nelson_1",
    "nelson_2",
    "nelson_3",
    "nelson_4",
    "nelson_5",
    "nelson_6",
    "nelson_7",
    "nelson_8",
]
WESTERN_ELECTRIC: tuple[RuleName, ...] = (
    "western_electric_1",
    "western_electric_2",
    "western_electric_3",
    "western_electric_4",
)
NELSON: tuple[RuleName, ...] = (
    "nelson_1",
    "nelson_2",
    "nelson_3",
    "nelson_4",
    "nelson_5",
    "nelson_6",
    "nelson_7",
    "nelson_8",
)
Pattern = Literal["beyond", "far", "off", "one_side", "trend", "zigzag", "hugging", "avoiding"]
_RULES: dict[RuleName, tuple[Pattern, int]] = {
    "western_electric_1": ("beyond", 1),
    "western_electric_2": ("far", 2),
    "western_electric_3": ("off", 4),
    "western_electric_4": ("one_side", 8),
    "nelson_1": ("beyond", 1),
    "nelson_2": ("one_side", 9),
    "nelson_3": ("trend", 6),
    "nelson_4": ("zigzag", 14),
    "nelson_5": ("far", 2),
    "nelson_6": ("off", 4),
    "nelson_7": ("hugging", 15),
    "nelson_8": ("avoiding", 8),
}
"""Which pattern each rule looks for, and how many points make it."""


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """Which rules to look for; the first of them that is broken is the one reported.

    No rule, or one that does not exist, is a ValueError.
    """

    rules: tuple[RuleName, ...] = WESTERN_ELECTRIC

    def __post_init__(self) -> None:
        if not self.rules or not _RULES.keys() >= set(self.rules):
            raise ValueError(f"Run rules are some of {', '.join(_RULES)}")


@dataclass(frozen=True, slots=True)
class Points(Generic[Number]):
    """What must be known of the last points: the last five, and how long patterns have gone on.

    Points that there are not yet are NaN, of which no comparison holds.
    """

    last: tuple[Number, Number, Number, Number, Number]
    """The newest first."""
    above: Number
    below: Number
    rises: Number
    falls: Number
    turns: Number
    inside: Number
    """Points in a row within one sigma of the centre line; not of a signal that stands still on it."""
    outside: Number

    @staticmethod
    def none(like: Number) -> Points[Number]:
        """Return the state before the first point, in the shape of ``like``."""
        zero = like * 0.0
        nan = zero + math.nan
        return Points((nan, nan, nan, nan, nan), zero, zero, zero, zero, zero, zero, zero)

    def after(self, z: Number) -> Points[Number]:
        """Return the state after the next point."""
        one, two, three, four, _ = self.last
        way = 1.0 * (z > one) - 1.0 * (z < one)
        before = 1.0 * (one > two) - 1.0 * (one < two)
        return Points(
            (z, one, two, three, four),
            (self.above + 1.0) * (z > 0),
            (self.below + 1.0) * (z < 0),
            (self.rises + 1.0) * (z > one),
            (self.falls + 1.0) * (z < one),
            (self.turns + 1.0) * (way * before < 0),
            (self.inside + 1.0) * (abs(z) < 1) * (z != 0),
            (self.outside + 1.0) * (abs(z) > 1),
        )

    def count(self, pattern: Pattern) -> tuple[Number, Number]:
        """Return how many points make the pattern, upwards and downwards.

        ``beyond`` 3 sigma, of the last point; ``far``: beyond 2, of the last three; ``off``: beyond
        1, of the last five. The others are of points in a row: on ``one_side``; a ``trend`` of ever
        larger or smaller ones; a ``zigzag`` up and down; ``hugging`` the centre line within 1 sigma,
        and ``avoiding`` that. The last three are of no side: both counts are the same.
        """
        match pattern:
            case "beyond":
                return _over(self.last[:1], 3.0)
            case "far":
                return _over(self.last[:3], 2.0)
            case "off":
                return _over(self.last, 1.0)
            case "one_side":
                return self.above, self.below
            case "trend":
                return self.rises + 1.0, self.falls + 1.0
            case "zigzag":
                return self.turns + 2.0, self.turns + 2.0
            case "hugging":
                return self.inside, self.inside
            case _:  # avoiding
                return self.outside, self.outside

    def broken(self, rule: RuleName) -> tuple[Number, Number]:
        """Return by how many points more than it takes a rule is broken, upwards and downwards.

        0 or more: it is broken. Less: it is not.
        """
        pattern, needed = _RULES[rule]
        upper, lower = self.count(pattern)
        return upper - needed, lower - needed


def _over(points: tuple[Number, ...], limit: float) -> tuple[Number, Number]:
    """Return how many of the points are over the limit, and how many below its negative."""
    upper = lower = abs(points[0]) * 0.0
    for z in points:
        upper, lower = upper + (z > limit), lower + (z < -limit)
    return upper, lower


@dataclass(slots=True)
class RunRules:
    """A Shewhart chart with run rules."""

    points: Points[float] | None = None

    def step(self, z: float, settings: RuleSettings) -> Signal | None:
        """Take the next z; return the signal it gives, if any."""
        self.points = points = (self.points or Points.none(z)).after(z)
        for rule in settings.rules:
            upper, lower = points.broken(rule)
            if upper >= 0 or lower >= 0:
                self.points = None
                return _signal(rule, upper, lower, z)
        return None


def _signal(rule: RuleName, upper: float, lower: float, z: float) -> Signal:
    needed = _RULES[rule][1]
    count = max(upper, lower) + needed
    if upper == lower:
        return Signal(rule, count, needed, None, z)
    return Signal(rule, count, needed, "upper" if upper > lower else "lower", z)

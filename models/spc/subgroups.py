"""Rational subgroups: a few samples taken together, then a pause, and again.

What varies within a subgroup is the process's own noise; what varies between them is what a chart
looks for. Samples of every second follow each other too closely for that: charted one by one they
signal every dozen samples or so (see docs/spc.md). Source: Shewhart (1931); Montgomery (2013),
"Introduction to Statistical Quality Control", section 5.3.4.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Subgroup:
    """What a chart needs to know of a subgroup, in the unit of what is measured.

    A mean that is not finite, a size below 1 or a negative variance is a ValueError.
    """

    mean: float
    size: int = 1
    variance: float | None = None
    """Within the subgroup, divided by ``size - 1``; None where only the mean is known. Such subgroups
    can be charted, but sigma cannot be learnt from them."""
    at: float = 0.0
    """Of the last sample, in unix seconds."""

    def __post_init__(self) -> None:
        if not math.isfinite(self.mean) or self.size < 1:
            raise ValueError("A subgroup is of at least one value, all of them finite")
        if self.variance is not None and not 0 <= self.variance < math.inf:
            raise ValueError("A variance is finite and not negative")

    @classmethod
    def of(cls, values: Sequence[float], at: float = 0.0) -> Subgroup:
        """Return the subgroup of these values, none of which is a ValueError."""
        if not values:
            raise ValueError("A subgroup is of at least one value, all of them finite")
        n = len(values)
        mean = math.fsum(values) / n
        squares = math.fsum((x - mean) ** 2 for x in values)
        return cls(mean, n, squares / (n - 1) if n > 1 else 0.0, at)

    @property
    def squares(self) -> float | None:
        """The sum of the squared deviations from the subgroup's own mean; None if not known."""
        if self.size == 1:
            return 0.0
        return None if self.variance is None else self.variance * (self.size - 1)


@dataclass(frozen=True, slots=True)
class GatherSettings:
    """Which samples make a subgroup. Times in seconds of event time."""

    size: int = 5
    every_s: float = 60.0
    """One subgroup in each such stretch of time; stretches are counted from 1970, so that a restart
    changes nothing."""
    max_gap_s: float = 10.0
    """Samples further apart were not taken together: the subgroup starts anew."""

    def __post_init__(self) -> None:
        if self.size < 1 or not self.every_s > 0 or not self.max_gap_s > 0:
            raise ValueError("A subgroup needs a size of 1 or more, and times above 0")


@dataclass(slots=True)
class Gatherer:
    """Gathers the samples of one sensor into subgroups: the first ``size`` of each stretch."""

    stretch: int | None = None
    """The stretch being gathered, or done with."""
    last_at: float = -math.inf
    values: list[float] = field(default_factory=list)
    """At most ``size`` of them."""
    done: bool = False
    """Whether this stretch has given its subgroup."""
    late: int = 0
    """Samples older than one before them: they belong to no subgroup any more."""
    incomplete: int = 0
    """Subgroups given up half gathered, as their stretch ended or samples failed to come."""

    def take(self, at: float, value: float, settings: GatherSettings) -> Subgroup | None:
        """Take a sample of event time ``at``; return the subgroup that it completes, if any.

        A value that is not finite is a ValueError, and changes nothing.
        """
        if not math.isfinite(value):
            raise ValueError("A subgroup is of at least one value, all of them finite")
        if at < self.last_at:
            self.late += 1
            return None
        stretch = math.floor(at / settings.every_s)
        if stretch != self.stretch:
            self._give_up()
            self.stretch, self.done = stretch, False
        elif at - self.last_at > settings.max_gap_s:
            self._give_up()
        self.last_at = at
        if self.done:
            return None
        self.values.append(value)
        if len(self.values) < settings.size:
            return None
        subgroup = Subgroup.of(self.values, at)
        self.values, self.done = [], True
        return subgroup

    def _give_up(self) -> None:
        self.incomplete += bool(self.values)
        self.values = []

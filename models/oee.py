"""Overall equipment effectiveness (OEE), as sums that can be added up: never as averaged ratios.

Source: ISO 22400-2:2014. Availability is the actual production time (APT) over the planned busy time
(PBT); performance (there: effectiveness) the planned run time per item (PRI) times the produced
quantity (PQ), over APT; quality the good quantity (GQ) over PQ; OEE is their product.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.sensors import State

_HISTORY = 64
"""So many changes of a machine's state are remembered, for those that come late."""
_PRODUCING: frozenset[State] = frozenset({"running"})
_NOT_PLANNED: frozenset[State] = frozenset({"maintenance"})
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Oee:
    """The sums of some time of some machines; those of both together are ``a + b``.

    A correction of what was counted before has negative sums.
    """

    planned_s: float = 0.0
    """Planned busy time, in seconds (PBT)."""
    production_s: float = 0.0
    """Actual production time, in seconds (APT)."""
    ideal_s: float = 0.0
    """Seconds that what was produced would have taken at the ideal cycle time (PRI times PQ)."""
    produced: int = 0
    """Units, good or not (PQ)."""
    good: int = 0
    """Units (GQ)."""
    unrated: int = 0
    """Units produced whose ideal cycle time is not known."""

    def __add__(self, other: Oee) -> Oee:
        return Oee(
            self.planned_s + other.planned_s,
            self.production_s + other.production_s,
            self.ideal_s + other.ideal_s,
            self.produced + other.produced,
            self.good + other.good,
            self.unrated + other.unrated,
        )

    @property
    def availability(self) -> float | None:
        """Which share of the time it should have produced in it did; None without such time."""
        return _ratio(self.production_s, self.planned_s)

    @property
    def performance(self) -> float | None:
        """How fast it was while it produced; None if it did not, or an ideal cycle time is missing."""
        return None if self.unrated else _ratio(self.ideal_s, self.production_s)

    @property
    def quality(self) -> float | None:
        """Which share of what it produced was good; None if it produced nothing."""
        return _ratio(self.good, self.produced)

    @property
    def oee(self) -> float | None:
        """The product of all three; None if one of them is."""
        availability, performance, quality = self.availability, self.performance, self.quality
        if availability is None or performance is None or quality is None:
            return None
        return availability * performance * quality

    @property
    def wrong_cycle_time(self) -> bool:
        """Whether it was faster than it can be: the ideal cycle time is wrong (or a state is)."""
        performance = self.performance
        return performance is not None and performance > 1 + _ROUNDING


def _ratio(part: float, whole: float) -> float | None:
    # What corrections leave of nothing is a rounding error, or even below 0.
    return part / whole if whole > _ROUNDING else None


@dataclass(frozen=True, slots=True)
class IdealCycles:
    """The ideal cycle times, in seconds per unit; one that is not above 0 is a ValueError."""

    per_sku: Mapping[str, float] = field(default_factory=dict)
    per_machine: Mapping[str, float] = field(default_factory=dict)
    """For articles that are not in ``per_sku``; keys are line/machine."""

    def __post_init__(self) -> None:
        for name, seconds in (*self.per_sku.items(), *self.per_machine.items()):
            if not 0 < seconds < math.inf:
                raise ValueError(f"The ideal cycle time of {name} is not above 0")

    def of(self, line: str, machine: str, sku: str) -> float | None:
        """Return the seconds that a unit takes at best; None if nobody said."""
        return self.per_sku.get(sku, self.per_machine.get(f"{line}/{machine}"))


def units_made(good: int, scrap: int, ideal_cycle_s: float | None) -> Oee:
    """Return the sums of units made, late or not: counts only add."""
    made = good + scrap
    if ideal_cycle_s is None:
        return Oee(produced=made, good=good, unrated=made)
    return Oee(ideal_s=ideal_cycle_s * made, produced=made, good=good)


def time_spent(state: State, seconds: float) -> Oee:
    """Return the sums of time in a state; of less than no time, what takes them back."""
    return Oee(
        planned_s=0.0 if state in _NOT_PLANNED else seconds,
        production_s=seconds if state in _PRODUCING else 0.0,
    )


@dataclass(slots=True)
class MachineTimes:
    """What a machine did when, as far as late news may change it. Times in unix seconds.

    All that it returns adds up to the time spent in each state, in whatever order the changes come:
    the time before a machine's first change is not counted, that after its last one up to the latest
    moment that `change` or `until` were told.
    """

    changes: list[tuple[float, State]] = field(default_factory=list)
    """In order of time, at most 64."""
    until_s: float = -math.inf
    """What is counted ends here."""
    too_late: int = 0
    """Changes older than all that are remembered: they could correct nothing."""
    cut: bool = False
    """Whether older changes have been forgotten."""

    def change(self, state: State, at: float) -> Oee:
        """Take a change of state, late or not; return what it adds to the sums, or corrects.

        Of two at the same moment the one that came last holds.
        """
        added = self.until(at)
        place = bisect_right(self.changes, at, key=_moment)
        if not place and self.cut:
            self.too_late += 1
            return added
        end = self.changes[place][0] if place < len(self.changes) else self.until_s
        added += time_spent(state, end - at)
        if place:
            added += time_spent(self.changes[place - 1][1], at - end)
        self.changes.insert(place, (at, state))
        if len(self.changes) > _HISTORY:
            del self.changes[0]
            self.cut = True
        return added

    def until(self, at: float) -> Oee:
        """Let time pass without a change; return what it adds to the sums: nothing if ``at`` is past."""
        if at <= self.until_s:
            return Oee()
        before, self.until_s = self.until_s, at
        return time_spent(self.changes[-1][1], at - before) if self.changes else Oee()


def _moment(change: tuple[float, State]) -> float:
    return change[0]

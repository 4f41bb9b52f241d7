"""NAB's scoring of alarms: early ones in a window gain most, each outside costs (Lavin & Ahmad 2015).

The rules are those of the benchmark's own sweeper, for alarms that are already decided on: there is
no threshold here, and none is fitted to labels.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bench.report import Value

PROBATION = 0.15
"""So much of a file is not scored, of files with more than 5,000 records so much of 5,000."""
_PROBATION_OF = 5_000
_FAR = 3.0
"""More widths behind a window, and before any, a false alarm costs all of its weight."""


class Window(NamedTuple):
    """Rows in which an anomaly is labelled, both ends included."""

    first: int
    last: int


class Profile(NamedTuple):
    """What a window hit at its begin gains, a false alarm costs at most, a missed window costs."""

    hit: float
    false: float
    missed: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What alarms were worth in one file or, added up, in several.

    ``gained`` are the windows hit, each worth 1 at its begin to almost 0 at its end; ``lost`` the false
    alarms, each worth nearly 0 right behind a window to 1 far from any.
    """

    gained: float = 0.0
    lost: float = 0.0
    windows: int = 0
    windows_hit: int = 0
    activations: int = 0
    false_activations: int = 0
    scored: int = 0
    """Records behind the probation."""
    delays: tuple[int, ...] = ()
    """Of each window hit: records from its first one to that of the first alarm in it."""

    def raw(self, profile: Profile) -> float:
        """Return the score before it is brought to a scale."""
        missed = self.windows - self.windows_hit
        return profile.hit * self.gained - profile.false * self.lost - profile.missed * missed

    def normalised(self, profile: Profile) -> Value:
        """Return the score where silence is 0 and every window hit at its begin 100.

        None if no window is labelled: the scale has no length.
        """
        if not self.windows:
            return None
        null = -profile.missed * self.windows
        perfect = profile.hit * self.windows
        return 100 * (self.raw(profile) - null) / (perfect - null)

    @property
    def false_per_1000(self) -> float:
        """False alarms per 1,000 scored records."""
        return 1000 * self.false_activations / max(self.scored, 1)

    @property
    def delay(self) -> Value:
        """Median delay over the windows hit, in records; None if none was.

        Windows begin before what they are about, so it says which of two detectors is sooner, not how
        late one is. Missed windows have no delay: see `windows_hit` beside it.
        """
        return float(statistics.median(self.delays)) if self.delays else None


def total(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the outcomes of several files as one."""
    each = list(outcomes)
    return Outcome(
        gained=math.fsum(one.gained for one in each),
        lost=math.fsum(one.lost for one in each),
        windows=sum(one.windows for one in each),
        windows_hit=sum(one.windows_hit for one in each),
        activations=sum(one.activations for one in each),
        false_activations=sum(one.false_activations for one in each),
        scored=sum(one.scored for one in each),
        delays=tuple(delay for one in each for delay in one.delays),
    )


def probation(records: int) -> int:
    """Return how many records at the begin of a file are not scored."""
    return int(min(math.floor(PROBATION * records), PROBATION * _PROBATION_OF))


def sigmoid(position: float) -> float:
    """Return what an alarm is worth: nearly 1 at -1, a window's begin, 0 at 0, its end, then less.

    More than 3 widths behind the window it is -1.
    """
    return -1.0 if position > _FAR else 2 / (1 + math.exp(5 * position)) - 1


def score(alarms: Iterable[int], records: int, windows: Sequence[Window]) -> Outcome:
    """Return what alarms that begin at these records are worth in a file of so many records.

    ``windows`` are in order and do not overlap. Those within the probation count neither as hit nor
    as missed, but are windows that an alarm can come after. An index given twice counts once. Raises
    `ValueError` if an index is none of the file. Source: Lavin & Ahmad 2015; numenta/NAB, the sweeper.
    """
    begin = probation(records)
    indices = sorted(set(alarms))
    if indices and not 0 <= indices[0] <= indices[-1] < records:
        raise ValueError(f"An alarm is none of the {records} records: {indices[0]}, {indices[-1]}.")
    behind = [index for index in indices if index >= begin]
    hits: dict[Window, int] = {}
    lost, false = 0.0, 0
    for index in behind:
        inside = next((one for one in windows if one.first <= index <= one.last), None)
        if inside is None:
            lost -= _outside(index, windows)
            false += 1
        else:  # the first in a window is worth most
            hits.setdefault(inside, index)
    return Outcome(
        gained=math.fsum(_inside(index, window) for window, index in hits.items()),
        lost=lost,
        windows=sum(one.last >= begin for one in windows),
        windows_hit=len(hits),
        activations=len(behind),
        false_activations=false,
        scored=records - begin,
        delays=tuple(index - window.first for window, index in hits.items()),
    )


def _inside(index: int, window: Window) -> float:
    width = window.last - window.first + 1
    return sigmoid(-(window.last - index + 1) / width) / sigmoid(-1.0)


def _outside(index: int, windows: Sequence[Window]) -> float:
    before = [one for one in windows if one.last < index]
    if not before:
        return -1.0
    width = before[-1].last - before[-1].first + 1
    # A window of one record has no width to measure by; NAB would divide by zero.
    return sigmoid((index - before[-1].last) / (width - 1)) if width > 1 else -1.0

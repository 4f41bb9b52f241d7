"""A machine's sensors speak one by one: their samples put together to rows.

Sensors that speak about equally often make rows, as often as the slowest of them: what a faster one said last
counts. A row is full as soon as each has spoken since the last one. One that should have by now, and has not,
is absent from the row, and is not waited for until it speaks again; so is one whose sample is bad. Which sensors
make rows is looked at again and again, for they come and go.
Gateways have clocks of their own, and may send what one sensor said and then what another did: what counts is
how far each has come since the last row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_LOOK = 20
"""After so many samples of each sensor, in the mean, it is looked at who makes rows."""
_FEWEST = 3
"""Usable samples of a sensor until then, to be one of them."""
_JOINS, _STAYS = 2.0, 4.0
"""So many times the middle sensor's interval is that of a sensor in a row at most; for one that is in it."""
_LATE = 2.5
"""After so many times the slowest one's interval a sensor is waited for no longer, as a rule; nor are those further
apart than that of one row."""
_LONGEST, _FORGET = 100.0, 0.999
"""And no longer than so many, where samples are sent many at once; that fades by so much with each row."""
_TOGETHER, _PATIENCE = 0.9, 5
"""The first row is of samples within less than an interval, if there are such among so many of each sensor."""
_GONE = 1000
"""After so many rows without it a sensor is gone."""
_FOLLOWED = 0.1
"""By so much of what it is off the others a sensor's clock is followed with each row."""
_IN_VAIN = 50
"""After so many samples of each sensor without a row it begins anew: some clock was set."""


class Row(NamedTuple):
    """One row of samples."""

    values: Floats
    """nan: of a sensor that is absent."""
    certain: bool
    """Whether all of them are of good quality."""


class Rows:
    """Which sensors make a machine's rows, and the row that is being filled."""

    __slots__ = (
        "_absences", "_awaited", "_begun", "_certain", "_heard", "_pace", "_patience", "_places", "_since", "_spoken",
        "_times", "_values", "_waited", "_waiting", "names",
    )  # fmt: skip
    names: tuple[str, ...]
    """The sensors of a row, in its order; none until they are known."""
    _places: dict[str, int]
    _values: Floats
    _times: Floats
    _begun: Floats
    """When each had come so far as the last row is; nan: not known."""
    _absences: npt.NDArray[np.int64]
    """For how many rows each has been absent."""
    _spoken: set[int]
    _waiting: set[int]
    """Those of the awaited ones that have not spoken yet, by place."""
    _waited: int
    """Samples since the last row."""
    _patience: float
    """So many intervals who has not spoken is waited for."""
    _certain: bool
    _pace: float
    """The slowest one's interval in seconds."""
    _awaited: int

    def __init__(self) -> None:
        self._heard: dict[str, int] = {}
        """Usable samples of each sensor since that was looked at last."""
        self._since = 0
        """All samples since then."""
        self._begin((), 0.0)

    @property
    def due(self) -> bool:
        """Whether it is time to `look`."""
        return self._since >= _LOOK * max(len(self._heard), 1)

    def look(self, intervals: Mapping[str, float], most: int) -> bool:
        """Look at which sensors, ``most`` of them, make rows from now on; return whether they are others.

        ``intervals`` are the seconds between samples of each sensor of the machine; 0: not known yet.
        """
        heard, self._heard, self._since = self._heard, {}, 0
        found = {
            name: intervals[name]
            for name in (*self.names, *heard)
            if intervals.get(name, 0.0) > 0.0
            and (heard.get(name, 0) >= _FEWEST or self._is_there(name))
        }
        middle = sorted(found.values())[len(found) // 2] if found else 0.0
        members = [
            name
            for name, interval in found.items()
            if interval <= (_STAYS if name in self._places else _JOINS) * middle
        ]
        names = tuple(sorted(members[:most]))
        pace = max((found[name] for name in names), default=0.0)
        if names == self.names:
            self._pace = pace
            return False
        self._begin(names, pace)
        return True

    def take(self, name: str, x: float | None, at: float, *, certain: bool) -> Row | None:
        """Take a sample of time ``at`` (unix seconds) in; return the row that it completes, if it does.

        ``x`` is None if it cannot be used; ``certain``: it is of good quality.
        """
        self._since += 1
        if x is not None:
            self._heard[name] = self._heard.get(name, 0) + 1
        place = self._places.get(name)
        if place is None:
            return None
        row = self._end() if place in self._spoken and self._others_are_late(at) else None
        self._waited += 1
        if self._absences[place] and x is not None and self._comes_back(place, at):
            return row
        if self._waited == _PATIENCE * len(self.names) + 1 and not self._known():
            self._spoken.clear()  # clocks differ: the row that begins now is of what comes together
            self._waiting = set(range(len(self.names)))
        self._times[place] = at
        self._values[place] = np.nan if x is None else x
        self._certain = self._certain and (certain or x is None)
        self._spoken.add(place)
        self._waiting.discard(place)
        if not self._waiting and self._is_aligned():
            row = self._end()
        elif self._waited > _IN_VAIN * len(self.names):
            self._begun[:] = np.nan
            self._waited = 0
        return row

    def _begin(self, names: tuple[str, ...], pace: float) -> None:
        self.names, self._pace = names, pace
        self._places = {name: place for place, name in enumerate(names)}
        self._values = np.full(len(names), np.nan)
        self._times = np.full(len(names), np.nan)
        self._begun = np.full(len(names), np.nan)
        self._absences = np.zeros(len(names), dtype=np.int64)
        self._awaited = len(names)
        self._waiting = set(range(len(names)))
        self._spoken = set()
        self._certain = True
        self._waited = 0
        self._patience = _LATE

    def _is_there(self, name: str) -> bool:
        place = self._places.get(name)
        return place is not None and int(self._absences[place]) <= _GONE

    def _comes_back(self, place: int, at: float) -> bool:
        """Return whether the sample of a sensor that was absent is of the last row's time, or of before.

        With the next one it is there. Who sends what is older was not away, but sends many samples at once: all
        are waited for longer.
        """
        off = at - self._begun[place]
        if place in self._waiting or off >= self._pace / 2:
            return False
        if off < -self._pace / 2:
            self._patience = min(2.0 * self._patience, _LONGEST)
            return True
        self._begun[place] = at
        self._waiting.add(place)
        self._awaited += 1
        return True

    def _others_are_late(self, at: float) -> bool:
        """Return whether most have spoken, and all that have not are late when one speaks again at ``at``."""
        if not self._waiting or 2 * len(self._waiting) >= self._awaited:
            return False
        allowed = self._patience * self._pace
        begun = self._begun
        return all(at - begun[place] > allowed for place in self._waiting) and self._is_aligned()

    def _is_aligned(self) -> bool:
        """Return whether all that have spoken have come about as far since the last row."""
        if self._known():
            come = [self._times[place] - self._begun[place] for place in self._spoken]
            apart = _LATE if self._patience < 2 * _LATE else _TOGETHER
            return bool(max(come) - min(come) <= apart * self._pace)
        times = [self._times[place] for place in self._spoken]
        together = max(times) - min(times) <= _TOGETHER * self._pace
        return bool(together) or self._waited > _PATIENCE * len(self.names)

    def _known(self) -> bool:
        """Return whether it is known how far each had come with the last row."""
        return bool(self._begun[0] == self._begun[0])  # all are nan, or none

    def _end(self) -> Row:
        spoken = sorted(self._spoken)
        values, certain = np.full(len(self.names), np.nan), self._certain
        values[spoken] = self._values[spoken]
        if self._known():
            # All are as far as the mean of them, lest they drift apart; clocks do, a little.
            come = self._times[spoken] - self._begun[spoken]
            self._begun = self._begun + come.mean()
            self._begun[spoken] += _FOLLOWED * (come - come.mean())
        else:
            self._begun = self._times.copy()  # the first row is of all
        absent = np.isnan(values)
        self._absences = np.where(absent, self._absences + 1, 0)
        self._waiting = set(np.flatnonzero(~absent).tolist())
        self._awaited = len(self._waiting)
        self._spoken.clear()
        self._certain, self._waited = True, 0
        self._patience = max(_LATE, _FORGET * self._patience)
        return Row(values, certain)

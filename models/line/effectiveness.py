"""OEE of a shard's machines: sums for each machine and day, added to as things happen.

Sums and not ratios are kept, so that days, machines and shards can be added up (`models.oee`). What comes
late corrects them. Days are those of UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import NamedTuple

from models.effects import SEPARATOR, Effects
from models.oee import MachineTimes, Oee, units_made
from schemas.sensors import State

OEE = "oee"
"""The hash of the sums: line, machine, day and sum, joined by `SEPARATOR`."""
DAYS = 14
"""So many days of each machine are kept."""
MACHINES = 2_000
"""Of so many machines, those that had no new day for longest go."""
_DAY_S = 86_400.0
SUMS = tuple(field.name for field in fields(Oee))

Key = tuple[str, str]
"""Line and machine."""


class MachineDay(NamedTuple):
    """A machine on a day (UTC, as 2026-11-26)."""

    line: str
    machine: str
    day: str


class Effectiveness:
    """What the machines of a shard did when, and what they made."""

    def __init__(self) -> None:
        self._times: dict[Key, MachineTimes] = {}
        self._days: dict[Key, list[str]] = {}
        """Of which days there are sums, the oldest first."""
        self.today: tuple[str, Oee] = ("", Oee())
        """The newest day, and the sums of all machines in it."""

    def state(self, key: Key, state: State, at: float, effects: Effects) -> None:
        """Take a change of a machine's state, late or not."""
        self.pass_time(key, at, effects)
        times = self._times.setdefault(key, MachineTimes())
        corrected = times.change(state, at)
        until = next((moment for moment, _ in times.changes if moment > at), times.until_s)
        for begun, end in _days(at, until):
            share = (end - begun) / (until - at)
            part = Oee(corrected.planned_s * share, corrected.production_s * share)
            self._add(key, begun, part, effects)

    def made(
        self,
        key: Key,
        at: float,
        good: int,
        scrap: int,
        ideal_cycle_s: float | None,
        effects: Effects,
    ) -> None:
        """Take what a machine made, late or not."""
        self._add(key, at, units_made(good, scrap, ideal_cycle_s), effects)

    def pass_time(self, key: Key, at: float, effects: Effects) -> None:
        """Let time pass for a machine: each day gets its own part of it."""
        times = self._times.get(key)
        if times is None or not times.changes:
            return
        for begun, end in _days(times.until_s, at):
            times.until(begun)
            self._add(key, begun, times.until(end), effects)

    def tick(self, at: float, effects: Effects) -> None:
        """Let time pass for all machines."""
        for key in list(self._times):  # a new day of one may be the end of another
            self.pass_time(key, at, effects)

    def forget(self, key: Key, effects: Effects) -> None:
        """Forget a machine that is gone."""
        self._times.pop(key, None)
        for day in self._days.pop(key, ()):
            _drop(key, day, effects)

    def __len__(self) -> int:
        return len(self._days)

    def _add(self, key: Key, at: float, oee: Oee, effects: Effects) -> None:
        day = datetime.fromtimestamp(at, UTC).date().isoformat()
        changed = {name: getattr(oee, name) for name in SUMS if getattr(oee, name)}
        if not changed or not self._keep(key, day, effects):
            return
        for name, amount in changed.items():
            effects.add(OEE, SEPARATOR.join((*key, day, name)), amount)
        newest, sums = self.today
        if day > newest:
            newest, sums = day, Oee()
        if day == newest:
            self.today = (newest, sums + oee)

    def _keep(self, key: Key, day: str, effects: Effects) -> bool:
        """Return whether there are to be sums of a day; others that are too old go."""
        days = self._days.get(key, [])
        if day in days:
            return True
        if len(days) == DAYS and day < days[0]:
            return False  # later than anybody looks at
        # Put in anew, so that the machines that had no new day for longest come first.
        self._days.pop(key, None)
        days = self._days[key] = sorted([*days, day])
        if len(days) > DAYS:
            _drop(key, days.pop(0), effects)
        if len(self._days) > MACHINES:
            self.forget(next(iter(self._days)), effects)
        return True


def _days(begun: float, until: float) -> Iterator[tuple[float, float]]:
    """Yield a stretch of time in parts of one day each: no more days than are kept, the last ones."""
    begun = max(begun, (until // _DAY_S - DAYS) * _DAY_S)
    while begun < until:
        end = min((begun // _DAY_S + 1) * _DAY_S, until)
        yield begun, end
        begun = end


def _drop(key: Key, day: str, effects: Effects) -> None:
    for name in SUMS:
        effects.drop(OEE, SEPARATOR.join((*key, day, name)))


def summed(rows: Iterable[Mapping[str, float]]) -> dict[MachineDay, Oee]:
    """Return the sums in hashes of several shards, by machine and day."""
    found: dict[MachineDay, dict[str, float]] = {}
    for row in rows:
        for field, amount in row.items():
            *place, name = field.split(SEPARATOR)
            if name in SUMS and len(place) == len(MachineDay._fields):
                sums = found.setdefault(MachineDay(*place), {})
                sums[name] = sums.get(name, 0.0) + amount
    return {day: _oee(sums) for day, sums in sorted(found.items())}


def _oee(sums: Mapping[str, float]) -> Oee:
    produced, good, unrated = (
        round(sums.get(name, 0.0)) for name in ("produced", "good", "unrated")
    )
    planned_s, production_s, ideal_s = (
        sums.get(name, 0.0) for name in ("planned_s", "production_s", "ideal_s")
    )
    return Oee(planned_s, production_s, ideal_s, produced, good, unrated)

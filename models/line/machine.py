"""All that is watched of one machine: its sensors one by one, and all of them together."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, field

from models.alarms.alarm import Alarm, AlarmSettings, Suppression
from models.cleaning.quality import Quality
from models.line.findings import Evidence, Finding, Rule
from models.line.rows import Row, Rows
from models.line.sensor import SensorSettings, SensorWatch
from models.scorers.machine import MachineScore, MachineScored, MachineSettings

_TOLD = 5
"""So many contributors are named."""
_EXPLAINED = 0.5
"""Sensors that are in alarm themselves and make up so much of a machine's score explain it."""


@dataclass(frozen=True, slots=True)
class MachineAlarm(AlarmSettings):
    """How the alarm of a whole machine behaves."""

    on_samples: int = 2
    off_samples: int = 15


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """How machines are watched."""

    sensor: SensorSettings = field(default_factory=SensorSettings)
    machine: MachineSettings = field(default_factory=MachineSettings)
    multivariate: MachineAlarm = field(default_factory=MachineAlarm)
    deadband: float = 1.0
    """It begins to be over below this share of its limit."""
    normal_after: int = 5000
    """After so many rows in alarm, and so long, what the machine does is normal, and it says so."""
    normal_after_s: float = 3600.0


class MachineWatch:
    """The state of one machine."""

    __slots__ = ("_rows", "_stood", "alarm", "score", "sensors", "state", "z")

    def __init__(self) -> None:
        self.state = "running"
        self.sensors: OrderedDict[str, SensorWatch] = OrderedDict()
        self.alarm = Alarm()
        """Of all sensors together."""
        self.score: MachineScore | None = None
        self.z: float | None = None
        """How unusual the last row was, in sigma; None while that is not known."""
        self._rows = Rows()
        self._stood = 0

    def take(
        self, name: str, x: float | None, quality: Quality, at: float, settings: WatchSettings
    ) -> list[tuple[str | None, Finding]]:
        """Take a sample of a sensor in; return the alarms that changed, each with its sensor.

        The machine's own alarm has none. Samples of a sensor come in the order of time.
        """
        watch = self.sensors[name]
        found: list[tuple[str | None, Finding]] = [
            (name, finding) for finding in watch.take(x, quality, at, settings.sensor)
        ]
        row = self._rows.take(
            name, x, settings.machine.most_sensors, good=quality != "bad" and x is not None
        )
        if row is not None:
            found += [(None, finding) for finding in self._take_row(row, at, settings)]
        return found

    def suppress(
        self, at: float, reason: Suppression, *, on: bool
    ) -> list[tuple[str | None, Finding]]:
        """Suppress all alarms for a reason, or no longer; return those that changed, as `take` does."""
        own: list[tuple[str | None, Rule, Alarm]] = [(None, "multivariate", self.alarm)]
        own += [
            (name, rule, alarm)
            for name, watch in self.sensors.items()
            for rule, alarm in watch.alarms.items()
        ]
        changed = [
            (name, rule, alarm, alarm.suppress(at, reason, on=on)) for name, rule, alarm in own
        ]
        return [
            (
                name,
                Finding(rule, alarm, change, Evidence("deviation" if rule == "anomaly" else rule)),
            )
            for name, rule, alarm, change in changed
            if change is not None
        ]

    def _take_row(self, row: Row, at: float, settings: WatchSettings) -> list[Finding]:
        names = self._rows.names
        if len(names) < 2 or not row.sound:
            return []
        score = self.score
        if score is None:
            score = self.score = MachineScore(len(names), settings.machine)
        scored = score.score(row.values, settings.machine)
        self.z = scored.z
        found = self._judge(score, scored, at, settings)
        if self.score is score:
            digits = self._digits() if score.learning else ()
            score.learn(scored, settings.machine, digits, quiet=self.alarm.quiet)
        return found

    def _digits(self) -> list[float]:
        """Return what one more in each sensor's last digit is; inf: not known."""
        return [
            self.sensors[name].score.baseline.digit if name in self.sensors else math.inf
            for name in self._rows.names
        ]

    def _judge(
        self, score: MachineScore, scored: MachineScored, at: float, settings: WatchSettings
    ) -> list[Finding]:
        if scored.z is None:
            return []
        limit = settings.machine.limit
        evidence = Evidence("multivariate", scored.z, limit)
        over = scored.z >= limit
        if over:
            shares = zip(self._rows.names, score.contributions(scored).tolist(), strict=True)
            ranked = sorted(shares, key=lambda pair: (-pair[1], pair[0]))
            evidence = evidence._replace(contributors=tuple(ranked[:_TOLD]))
        changes = []
        if over:
            # One trouble, one alarm: a sensor that says so itself speaks for the machine.
            changes.append(self.alarm.suppress(at, "parent", on=self._is_explained(evidence)))
        under = scored.z < settings.deadband * limit
        changes.append(self.alarm.step(at, settings.multivariate, over=over, under=under))
        if not self.alarm.present:
            self.alarm.suppressed.discard("parent")
        found = [
            Finding("multivariate", self.alarm, change, evidence)
            for change in changes
            if change is not None
        ]
        self._stood = self._stood + 1 if self.alarm.present else 0
        stood_s = at - self.alarm.since
        if self._stood >= settings.normal_after and stood_s >= settings.normal_after_s:
            self.score, self._stood = None, 0
            change = self.alarm.clear(at)
            if change is not None:
                found.append(Finding("multivariate", self.alarm, change, evidence, relearnt=True))
        return found

    def _is_explained(self, evidence: Evidence) -> bool:
        own = sum(
            share
            for name, share in evidence.contributors
            if name in self.sensors
            and any(alarm.present for alarm in self.sensors[name].alarms.values())
        )
        return own >= _EXPLAINED

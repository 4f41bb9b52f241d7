"""All that is watched of one machine: its sensors one by one, and all of them together."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from models.alarms.alarm import Alarm, AlarmSettings, Change, Suppression
from models.cleaning.quality import Quality
from models.line.findings import Evidence, Finding, Rule
from models.line.plans import PLAIN, PLAIN_MACHINE, MachinePlan, SensorPlan
from models.line.rows import Row, Rows
from models.line.sensor import SensorSettings, SensorWatch
from models.scorers.machine import MachineScore, MachineScored, MachineSettings

_TOLD = 5
"""So many contributors are named."""
_GROUP = 2
"""So many of its sensors are told of at once; the machine has a trouble, and more alarms say no more."""
_ALONE = 60
"""After so many rows over its limit without an alarm of a sensor, a machine speaks for itself again."""
_TOLD_OF = ("active", "acknowledged")
_AGREED = 3
"""So many samples in a row say that a machine runs or stands, and not noise around a value."""
_EXPLAINED = 0.5
"""Sensors that are in alarm themselves and make up so much of a machine's score explain it."""


@dataclass(frozen=True, slots=True)
class MachineAlarm(AlarmSettings):
    """How the alarm of a whole machine behaves."""

    on_samples: int = 3
    off_samples: int = 15


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """How machines are watched."""

    sensor: SensorSettings = field(default_factory=SensorSettings)
    machine: MachineSettings = field(default_factory=MachineSettings)
    multivariate: MachineAlarm = field(default_factory=MachineAlarm)
    deadband: float = 0.9
    """It begins to be over below this share of its limit."""
    normal_after: int = 5000
    """After so many rows in alarm, and so long, what the machine does is normal, and it says so."""
    normal_after_s: float = 3600.0


class MachineWatch:
    """The state of one machine."""

    __slots__ = (
        "_alone", "_rows", "_stood", "_turns", "alarm", "at_rest", "score", "sensors", "state",
        "state_at", "turning", "watermark", "z",
    )  # fmt: skip

    def __init__(self) -> None:
        self.state = "running"
        self.state_at = 0.0
        """Unix seconds since when it is so."""
        self.at_rest = False
        """Whether it did not run when that was looked at last."""
        self.turning = True
        """Whether it runs as far as a sensor can say, if one is to say it."""
        self.watermark = 0.0
        """Unix seconds of the newest sample of any of its sensors."""
        self.sensors: OrderedDict[str, SensorWatch] = OrderedDict()
        self.alarm = Alarm()
        """Of all sensors together."""
        self.score: MachineScore | None = None
        self.z: float | None = None
        """How unusual the last row was, in sigma; None while that is not known."""
        self._rows = Rows()
        self._stood = 0
        self._alone = 0
        """For how many rows over its limit no sensor has been in alarm."""
        self._turns = _AGREED - 1  # the first sample decides by itself

    def turn(self, says: bool) -> None:
        """Take in whether it runs by what a sensor says: so many samples in a row must agree."""
        self._turns = 0 if says == self.turning else self._turns + 1
        if self._turns >= _AGREED:
            self.turning, self._turns = says, 0

    def runs(self, plan: MachinePlan = PLAIN_MACHINE) -> bool:
        """Return whether it runs: what stands still is not scored."""
        turning = self.turning or plan.running.sensor is None
        return turning and self.state in plan.running.states

    @property
    def behind_s(self) -> float:
        """So far the times of its sensors' samples are behind the shard's clock."""
        return max((watch.behind_s for watch in self.sensors.values()), default=0.0)

    def take(
        self, name: str, x: float | None, quality: Quality, at: float, settings: WatchSettings,
        plan: SensorPlan = PLAIN, machine: MachinePlan = PLAIN_MACHINE,
    ) -> list[tuple[str | None, Finding]]:  # fmt: skip
        """Take a sample of a sensor in; return the alarms that changed, each with its sensor.

        The machine's own alarm has none. Samples of a sensor come in the order of time. ``plan`` and
        ``machine``: what somebody said of the sensor and of the machine.
        """
        watch = self.sensors[name]
        found: list[tuple[str | None, Finding]] = []
        for finding in watch.take(x, quality, at, settings.sensor, plan):
            found += self._grouped(name, finding, at)
        rows = self._rows
        if rows.due:
            intervals = {own: other.rest.interval for own, other in self.sensors.items()}
            before = rows.names
            if rows.look(intervals, settings.machine.most_sensors):
                self.score = self._score_of(before, settings.machine)
        usable = None if quality == "bad" else x
        row = rows.take(name, usable, at, certain=quality == "good")
        if row is not None:
            found += [(None, finding) for finding in self._take_row(row, at, settings, machine)]
        return found

    def alarms(self) -> Iterator[tuple[str | None, Rule, Alarm]]:
        """Yield all alarms that were ever raised, or are about to be: its own, then its sensors'."""
        yield None, "multivariate", self.alarm
        for name, watch in self.sensors.items():
            for rule, alarm in watch.alarms.items():
                yield name, rule, alarm

    def first_out(self, name: str | None, rule: Rule) -> tuple[str | None, Rule] | None:
        """Return which of its alarms came first of those that stand, if it is not this one.

        What is out of service says nothing: its sensor is away, or under repair.
        """
        standing = (own for own in self.alarms() if own[2].present and not own[2].out_of_service)
        first = min(
            ((alarm.since, other, own) for other, own, alarm in standing),
            key=lambda each: (each[0], each[1] or "", each[2]),
            default=None,
        )
        return None if first is None or first[1:] == (name, rule) else first[1:]

    def suppress(
        self, at: float, reason: Suppression, *, on: bool
    ) -> list[tuple[str | None, Finding]]:
        """Suppress all alarms for a reason, or no longer; return those that changed, as `take` does.

        What stood when the machine stopped is told again once a sample says that it still does.
        """
        if reason == "not_running":
            if self.at_rest and not on:
                self.alarm.resume(at)
                for watch in self.sensors.values():
                    watch.resume(at)
            self.at_rest = on
        changed = [
            (name, rule, alarm, alarm.suppress(at, reason, on=on))
            for name, rule, alarm in self.alarms()
        ]
        return [
            (name, Finding(rule, alarm, change, self.evidence(name, rule, change)))
            for name, rule, alarm, change in changed
            if change is not None
        ]

    def evidence(self, name: str | None, rule: Rule, change: Change) -> Evidence | None:
        """Return what samples said of an alarm that nobody was told of yet; of the machine's own: nothing."""
        return None if name is None else self.sensors[name].evidence(rule, change)

    def call_normal(self, at: float) -> list[Finding]:
        """Learn anew how its sensors behave together; return its own alarm if that ends it."""
        self.score, self._stood = None, 0
        change = self.alarm.clear(at)
        if change is None:
            return []
        return [Finding("multivariate", self.alarm, change, None, relearnt=True)]

    def _grouped(self, name: str, finding: Finding, at: float) -> list[tuple[str | None, Finding]]:
        """Return a finding of a sensor, kept back if enough others of the machine say it already.

        When those are over, what is still kept back is told.
        """
        if finding.rule != "anomaly":
            return [(name, finding)]
        others = [
            watch.alarms["anomaly"]
            for own, watch in self.sensors.items()
            if own != name and "anomaly" in watch.alarms
        ]
        told = sum(alarm.told in _TOLD_OF for alarm in others)
        if finding.change.after == "active" and finding.change.before == "normal":
            if told < _GROUP:
                return [(name, finding)]
            kept_back = finding.alarm.suppress(at, "group", on=True)
            after = finding.change.after if kept_back is None else kept_back.after
            return [(name, finding._replace(change=Change(finding.change.before, after)))]
        return [(name, finding), *([] if finding.alarm.present else self.ungroup(at))]

    def ungroup(self, at: float) -> list[tuple[str | None, Finding]]:
        """Return what was kept back for others of the group, once none of those is told any more."""
        alarms = [
            (name, watch.alarms["anomaly"])
            for name, watch in self.sensors.items()
            if "anomaly" in watch.alarms
        ]
        if any(alarm.told in _TOLD_OF for _, alarm in alarms):
            return []
        changed = [(name, alarm, alarm.suppress(at, "group", on=False)) for name, alarm in alarms]
        return [
            (name, Finding("anomaly", alarm, change, self.evidence(name, "anomaly", change)))
            for name, alarm, change in changed
            if change is not None
        ]

    def _take_row(
        self, row: Row, at: float, settings: WatchSettings, plan: MachinePlan
    ) -> list[Finding]:
        names = self._rows.names
        if len(names) < 2:
            return []
        score = self.score
        if score is None:
            score = self.score = MachineScore(len(names), settings.machine)
        scored = score.score(row.values, settings.machine)
        self.z = scored.z
        found = self._judge(score, scored, at, settings, plan)
        if self.score is score:
            quiet = self.alarm.quiet
            score.learn(scored, settings.machine, self._digits, quiet=quiet, certain=row.certain)
        return found

    def _score_of(self, before: tuple[str, ...], settings: MachineSettings) -> MachineScore | None:
        """Return the score of those that make rows now; None: one has joined, and all is learnt anew."""
        names = self._rows.names
        if self.score is None or len(names) < 2 or not set(names) <= set(before):
            return None
        return self.score.of([before.index(name) for name in names], settings, self._digits())

    def _digits(self) -> list[float]:
        """Return what one more in each sensor's last digit is; inf: not known."""
        return [
            self.sensors[name].score.baseline.digit if name in self.sensors else math.inf
            for name in self._rows.names
        ]

    def _judge(
        self, score: MachineScore, scored: MachineScored, at: float, settings: WatchSettings,
        plan: MachinePlan,
    ) -> list[Finding]:  # fmt: skip
        if not plan.alarms.enabled("multivariate"):
            change = self.alarm.clear(at)  # nobody wants it any longer
            return [] if change is None else [Finding("multivariate", self.alarm, change, None)]
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
            changes.append(self._speak_for_itself(evidence, at))
        under = scored.z < settings.deadband * limit
        behaviour = plan.alarms.of("multivariate", settings.multivariate)
        changes.append(self.alarm.step(at, behaviour, over=over, under=under))
        if not self.alarm.present and scored.z < limit:
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

    def _speak_for_itself(self, evidence: Evidence, at: float) -> Change | None:
        """Have the machine's alarm told, or not: a sensor that says so itself speaks for the machine.

        One trouble, one alarm, and what is explained once stays so: shares go up and down with every row,
        and what a trouble leaves behind takes the smoothed score a while.
        """
        in_alarm = any(watch.in_alarm for watch in self.sensors.values())
        self._alone = 0 if in_alarm else self._alone + 1
        if self._is_explained(evidence):
            return self.alarm.suppress(at, "parent", on=True)
        if self._alone > _ALONE:
            return self.alarm.suppress(at, "parent", on=False)
        return None

    def _is_explained(self, evidence: Evidence) -> bool:
        own = sum(
            share
            for name, share in evidence.contributors
            if name in self.sensors and self.sensors[name].in_alarm
        )
        return own >= _EXPLAINED

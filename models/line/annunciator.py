"""Tells operators of alarms, and keeps them readable: first-out, floods, and a row for each that stands.

One trouble makes many alarms. The one that came first of a machine is named with those that follow
(first-out); and when more come of a line than anybody can read, only urgent ones are told until that is
over, and one alarm of the line sums the others up. Nothing is lost: what is kept back is told as
`suppressed`, which is for the record and not for people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from models.alarms.alarm import KEPT_QUIET, Alarm, Change, State
from models.alarms.flood import USUAL, Flood, FloodSettings
from models.alarms.occurrences import Occurrences
from models.effects import Effects, Output
from models.line.document import ChartChoice
from models.line.findings import (
    LATE,
    MOVED,
    NEVER_GOOD,
    NOT_CHARTED,
    PRIORITIES,
    Condition,
    Evidence,
    Finding,
    Priority,
    Rule,
)
from models.line.plans import NO_CHOICES, AlarmPlan
from models.line.telling import (
    Order,
    Place,
    Told,
    alarm_id,
    alert_of,
    always_late,
    moved,
    never_good,
    not_charted,
    priority_of,
    unraised,
)
from models.scorers.moved import Move
from schemas.outputs import Alert
from schemas.topics import ALERTS

STANDING = "alarms"
"""The hash of alarms that are not normal: by alarm id, what was told of each last."""
_CONTRIBUTORS = 5
_HEARD: frozenset[State] = frozenset({"active", "acknowledged", "returned"})

_encode = msgspec.json.Encoder().encode


class Annunciator:
    """What operators of a shard's lines have been told."""

    def __init__(self, settings: FloodSettings = USUAL) -> None:
        self.settings = settings
        self.told: dict[tuple[Place, Rule], Told] = {}
        """What the alarms that are not over were raised for."""
        self.floods: dict[str, Flood] = {}
        """By line, while alarms come of it."""
        self.activations: dict[Priority, int] = dict.fromkeys(PRIORITIES, 0)
        self._came: Occurrences[tuple[Place, str]] = Occurrences()

    def tell(
        self, place: Place, finding: Finding, at: datetime, effects: Effects, *,
        plan: AlarmPlan = NO_CHOICES, unit: str | None = None,
        first_out: tuple[Place, Rule] | None = None, order: Order | None = None,
    ) -> Change | None:  # fmt: skip
        """Tell of a finding; return what became of its line's flood, if that changed."""
        key, flooded = (place, finding.rule), None
        told = self.told.get(key)
        before, after = finding.change
        if told is None and after == "normal":
            return None  # it was kept quiet together with others, and nobody was told of it
        at = _dated(finding.alarm, at)
        # The same for as long as it is not over.
        earlier = self._came.before(key) if told is None else told.earlier
        raised = _is_new(finding) or after == "active" or before in KEPT_QUIET
        if finding.evidence is not None and (told is None or raised):
            told = Told(finding.evidence, priority_of(finding.rule, finding.evidence, plan))
        if told is None:
            told = unraised(finding.rule, plan)
        told = told._replace(earlier=earlier)
        if _is_new(finding) and place.machine is not None:
            finding, flooded = self._count(place, finding, told, at.timestamp())
        state = finding.change.after
        if state == "normal":
            self.told.pop(key, None)
        else:
            self.told[key] = told._replace(state=state)
        self._send(
            alert_of(
                place, finding, told, at=at, unit=unit, alert_id=effects.new_id(),
                name=_name(finding.rule, effects), order=order,
                first_out=None if first_out is None or not _is_new(finding) else alarm_id(*first_out),
            ),
            effects,
        )  # fmt: skip
        if flooded is not None:
            self._tell_flood(place.line, flooded, at, effects)
        return flooded

    def note(
        self, place: Place, move: Move, number: int, at: datetime, unit: str, effects: Effects
    ) -> None:
        """Tell that a sensor's level has moved, for the ``number``-th time: information, no alarm."""
        number += self._came.before((place, MOVED))
        self._send(moved(place, move, number, at, unit, effects.new_id()), effects)

    def note_not_charted(
        self, place: Place, choice: ChartChoice, interval_s: float, at: datetime, effects: Effects
    ) -> None:
        """Tell that a sensor speaks too seldom for the chart that somebody wants: information, no alarm."""
        number = self._number_of(place, NOT_CHARTED)
        self._send(not_charted(place, choice, interval_s, number, at, effects.new_id()), effects)

    def note_late(self, place: Place, behind_s: float, at: datetime, effects: Effects) -> None:
        """Tell that a sensor's samples all come too late to be watched: information, no alarm."""
        number = self._number_of(place, LATE)
        self._send(always_late(place, behind_s, number, at, effects.new_id()), effects)

    def note_never_good(self, place: Place, quality: str, at: datetime, effects: Effects) -> None:
        """Tell that a sensor's quality, which last was ``quality``, is never good: information, no alarm."""
        number = self._number_of(place, NEVER_GOOD)
        self._send(never_good(place, quality, number, at, effects.new_id()), effects)

    def _number_of(self, place: Place, condition: Condition) -> int:
        """Count information that a sensor is told of once for as long as it is known; return its number."""
        self._came.keep((place, condition), 1)
        return self._came.before((place, condition))

    def pass_time(self, at: float, effects: Effects) -> list[str]:
        """Let time pass; return the lines whose flood is over."""
        over = []
        for line in sorted(self.floods):
            flood = self.floods[line]
            change = flood.pass_time(at, self.settings)
            if change is not None:
                self._tell_flood(line, change, datetime.fromtimestamp(at, UTC), effects)
                over.append(line)
            if not len(flood) and not flood.on:
                self._came.keep((Place(line, None, None), "flood"), flood.alarm.occurrence)
                del self.floods[line]
        return over

    def forget(self, gone: Place, came: Mapping[str, int], effects: Effects) -> None:
        """Forget the alarms of a place that is gone, but not how often each of them ``came``."""
        for name, number in came.items():
            self._came.keep((gone, name), number)
        for place, rule in [key for key in self.told if key[0] == gone]:
            del self.told[place, rule]
            effects.drop(STANDING, alarm_id(place, rule))

    def heard(self) -> Counter[Priority]:
        """Return how many alarms of each priority operators have before them: those kept quiet are not."""
        return Counter(own.priority for own in self.told.values() if own.state in _HEARD)

    def in_state(self, state: State) -> int:
        """Return how many alarms are in a state."""
        return sum(own.state == state for own in self.told.values())

    def _count(
        self, place: Place, finding: Finding, told: Told, at: float
    ) -> tuple[Finding, Change | None]:
        """Count an alarm that came; keep it back if there is a flood, unless it is urgent."""
        if finding.change.after != "active":
            return finding, None  # nobody is to read it anyway
        flood = self.floods.get(place.line)
        if flood is None:
            flood = self.floods[place.line] = Flood()
        was_on = flood.on
        change = flood.activated(at, str(place.machine), self.settings)
        if not (was_on and flood.on) or told.priority == "high":
            self.activations[told.priority] += 1
            return finding, change
        kept_back = finding.alarm.suppress(at, "flood", on=True)
        if kept_back is not None:
            finding = finding._replace(change=Change(finding.change.before, kept_back.after))
        return finding, change

    def _tell_flood(self, line: str, change: Change, at: datetime, effects: Effects) -> None:
        flood, place = self.floods[line], Place(line, None, None)
        evidence = Evidence(
            "flood", value=float(len(flood)), contributors=flood.shares()[:_CONTRIBUTORS]
        )
        self.tell(place, Finding("flood", flood.alarm, change, evidence), at, effects)

    def _send(self, alert: Alert, effects: Effects) -> None:
        if alert.state == "cleared":
            effects.drop(STANDING, alert.alarm_id)
        elif alert.state != "noted":
            effects.put(STANDING, alert.alarm_id, _encode(alert))
        key = alert.line if alert.machine is None else f"{alert.line}/{alert.machine}"
        effects.send(Output(ALERTS.name, key.encode(), alert.alert_id, alert))


def _is_new(finding: Finding) -> bool:
    """Return whether the alarm has just come, and not changed since."""
    before, after = finding.change
    return before in ("normal", "returned") and after in ("active", "suppressed")


def _dated(alarm: Alarm, at: datetime) -> datetime:
    """Return when a change was that is said to be of ``at``: no alarm goes backwards in time.

    Sensors, machines, operators and this shard have clocks of their own, and all of them change alarms.
    """
    if at.timestamp() < alarm.told_at:
        return datetime.fromtimestamp(alarm.told_at, UTC)
    alarm.told_at = at.timestamp()
    return at


def _name(rule: Rule, effects: Effects) -> str:
    # A line's machines may be in several shards, and each sees only its own.
    return f"flood:{effects.shard}" if rule == "flood" else rule

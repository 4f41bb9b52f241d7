"""What operators are told: a change of an alarm as an event, in words and numbers."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from models.alarms.alarm import State
from models.line.findings import MAY_BE_NORMAL, Condition, Evidence, Finding, Priority
from schemas.outputs import Alert, Contributor

_ALARMS = uuid.uuid5(uuid.NAMESPACE_URL, "tailorline/alarms")
_SAYS: dict[Condition, str] = {
    "deviation": "is off its normal level",
    "spread": "varies more than normal",
    "shape": "moves as it never did before",
    "flat_line": "has not moved, though it normally does",
    "bad_quality": "reports bad quality",
    "stale": "has not been heard of for too long",
    "multivariate": "behaves otherwise than its sensors did together",
}
_ADVICE: dict[Condition, str] = {
    "deviation": "Compare with the set point and with sensors beside it, then look for the cause.",
    "spread": "Look for something loose, worn or unstable: bearings, valves, controllers.",
    "shape": "Look at the last minutes of the signal, and at what was changed before them.",
    "flat_line": "Check whether the sensor is stuck, or its gateway repeats an old value.",
    "bad_quality": "Check the sensor, its wiring and its gateway.",
    "stale": "Check the gateway and the network, then the sensor.",
    "multivariate": "Look at the sensors named, the first one first: together they are unusual.",
}
_STATES: dict[State, Literal["cleared"]] = {"normal": "cleared"}


class Place(NamedTuple):
    """Where an alarm is."""

    line: str
    machine: str
    sensor: str | None

    def __str__(self) -> str:
        own = (self.line, self.machine) if self.sensor is None else self
        return "/".join(str(part) for part in own)


class Told(NamedTuple):
    """What an alarm was raised for: told again with every further change."""

    condition: Condition
    priority: Priority


def alarm_id(place: Place, rule: str) -> str:
    """Return an alarm's id: the same for ever."""
    return str(uuid.uuid5(_ALARMS, f"{place}:{rule}"))


def priority_of(evidence: Evidence) -> Priority:
    """Return how soon to look at it."""
    if evidence.condition in ("bad_quality", "stale"):
        return "low"
    strong = evidence.condition in MAY_BE_NORMAL and evidence.z >= 2 * evidence.limit
    return "high" if strong else "medium"


def alert_of(
    place: Place, finding: Finding, told: Told, *, at: datetime, unit: str | None, alert_id: str,

) -> Alert:  # fmt: skip
    """Return the event that tells of a finding at a time."""
    evidence, alarm, state = finding.evidence, finding.alarm, finding.change.after
    return Alert(
        alert_id=alert_id,
        alarm_id=alarm_id(place, finding.rule),
        occurrence=alarm.occurrence,
        state=_STATES.get(state, state),  # type: ignore[arg-type]
        occurred_at=at,
        since=datetime.fromtimestamp(alarm.since, UTC),
        line=place.line,
        machine=place.machine,
        sensor=place.sensor,
        condition=told.condition,
        priority=told.priority,
        value=evidence.value,
        unit=unit,
        expected=evidence.expected,
        z=evidence.z,
        limit=evidence.limit,
        text=f"{place} {_words(finding, told, at)}.",
        contributors=tuple(
            Contributor(sensor=name, share=share) for name, share in evidence.contributors
        ),
        advice=_ADVICE[told.condition] if state == "active" else "",
    )


def _words(finding: Finding, told: Told, at: datetime) -> str:
    evidence, state = finding.evidence, finding.change.after
    if finding.relearnt:
        hours = (at.timestamp() - finding.alarm.since) / 3600
        return f"has been so for {hours:.1f} hours: from now on that is normal"
    if state in ("normal", "returned"):
        return "is back to normal"
    text = _SAYS[told.condition]
    if told.condition in MAY_BE_NORMAL:
        text += f" ({evidence.z:.1f} sigma, limit {evidence.limit:.1f})"
    if evidence.contributors:
        shares = ", ".join(f"{name} {share:.0%}" for name, share in evidence.contributors[:3])
        text += f"; most of it: {shares}"
    if state == "suppressed":
        why = sorted(finding.alarm.suppressed)
        text += f"; suppressed: {', '.join(reason.replace('_', ' ') for reason in why)}"
    return text

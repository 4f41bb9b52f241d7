"""What operators are told: a change of an alarm as an event, in words and numbers."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, NamedTuple

import msgspec

from models.alarms.alarm import State
from models.line.document import ChartChoice
from models.line.findings import (
    LATE,
    LIMITS,
    MAY_BE_NORMAL,
    MOVED,
    NEVER_GOOD,
    NOT_CHARTED,
    PRIORITIES,
    RUNS,
    Condition,
    Evidence,
    Finding,
    Priority,
    Rule,
    condition_of,
)
from models.line.plans import AlarmPlan, limit_priority
from models.scorers.moved import Move
from schemas.outputs import Alert, Contributor

_ALARMS = uuid.uuid5(uuid.NAMESPACE_URL, "tailorline/alarms")
_SAYS: dict[Condition, str] = {
    "deviation": "is off its normal level",
    "spread": "varies more than normal",
    "shape": "moves as it never did before",
    "flat_line": "has not moved, though it normally does",
    "bad_quality": "reports bad quality",
    "stale": "has not been heard of for too long",
    "high_high": "is above its highest limit",
    "high": "is above its high limit",
    "low": "is below its low limit",
    "low_low": "is below its lowest limit",
    "rate": "changes too fast",
    "out_of_control": "is out of control by its chart",
    "multivariate": "behaves otherwise than its sensors did together",
    "flood": "has more alarms than anybody can read: those of low and medium priority are kept back",
    "baseline_moved": "has moved",
    "not_charted": "speaks too seldom for its control chart",
    "always_late": "sends only samples that are too old",
    "never_good": "sends no sample of good quality",
}
_ADVICE: dict[Condition, str] = {
    "deviation": "Compare with the set point and with sensors beside it, then look for the cause.",
    "spread": "Look for something loose, worn or unstable: bearings, valves, controllers.",
    "shape": "Look at the last minutes of the signal, and at what was changed before them.",
    "flat_line": "Check whether the sensor is stuck, or its gateway repeats an old value.",
    "bad_quality": "Check the sensor, its wiring and its gateway.",
    "stale": "Check the gateway and the network, then the sensor.",
    "high_high": "Act as the procedure for this limit says: it was set for a reason.",
    "high": "Bring it back below the limit, and look for the cause.",
    "low": "Bring it back above the limit, and look for the cause.",
    "low_low": "Act as the procedure for this limit says: it was set for a reason.",
    "rate": "Look at what drives it: valves, heaters, loads, set points.",
    "out_of_control": "Look for a special cause: tool, material, setting, shift.",
    "multivariate": "Look at the sensors named, the first one first: together they are unusual.",
    "flood": "Look for what they have in common: power, air, network, a machine that stopped.",
    "baseline_moved": "",
    "not_charted": "Give its control_chart in the line rules a smaller size or a longer every_s.",
    "always_late": "Set the clock of its gateway, and look at the clocks of the machine's other sensors.",
    "never_good": "Have its gateway send a quality that is understood, or none if it is good.",
}
_STATES: dict[State, Literal["cleared"]] = {"normal": "cleared"}
_BY_SIGMA = frozenset({*MAY_BE_NORMAL, "out_of_control"})


class Place(NamedTuple):
    """Where an alarm is: at a sensor, a machine or a line."""

    line: str
    machine: str | None
    sensor: str | None

    def __str__(self) -> str:
        return "/".join(part for part in self if part is not None)


class Told(NamedTuple):
    """What an alarm was raised for: told again with every further change."""

    evidence: Evidence
    priority: Priority
    state: State = "active"
    """What it was told to be last."""
    earlier: int = 0
    """How often the alarm came before the record that counts it was made."""

    @property
    def condition(self) -> Condition:
        """What is wrong."""
        return self.evidence.condition


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody ordered about an alarm."""

    by: str
    reason: str | None = None


def alarm_id(place: Place, rule: str) -> str:
    """Return an alarm's id: the same for ever."""
    return str(uuid.uuid5(_ALARMS, f"{place}:{rule}"))


def priority_of(rule: Rule, evidence: Evidence, plan: AlarmPlan) -> Priority:
    """Return how soon to look at an alarm.

    Priority is what may come of it, and how long there is to act (ISA-18.2): nobody but the operator
    knows that. So what is found by itself is low, and one step more urgent if it goes twice as far as its
    limit; somebody set the limits, and those say more.
    """
    said = plan.priority(rule)
    if rule in LIMITS:
        return limit_priority(rule) if said is None else said
    if rule == "flood":
        return "high"
    usual = said or "low"
    strong = evidence.condition in MAY_BE_NORMAL and evidence.z >= 2 * evidence.limit > 0
    if not strong or rule in RUNS:
        return usual
    return PRIORITIES[min(PRIORITIES.index(usual) + 1, len(PRIORITIES) - 1)]


def alert_of(
    place: Place, finding: Finding, told: Told, *, at: datetime, unit: str | None, alert_id: str,
    name: str = "", first_out: str | None = None, order: Order | None = None,
) -> Alert:  # fmt: skip
    """Return the event that tells of a finding at a time; ``name``: the rule, if that is not enough."""
    alarm, state = finding.alarm, finding.change.after
    evidence = finding.evidence or told.evidence
    since = datetime.fromtimestamp(alarm.since, UTC) if alarm.occurrence else at
    until = datetime.fromtimestamp(alarm.shelved_until, UTC) if state == "shelved" else None
    return Alert(
        alert_id=alert_id,
        alarm_id=alarm_id(place, name or finding.rule),
        occurrence=told.earlier + alarm.occurrence,
        state=_STATES.get(state, state),  # type: ignore[arg-type]
        occurred_at=at,
        since=since,
        line=place.line,
        machine=place.machine,
        sensor=place.sensor,
        condition=told.condition,
        priority=told.priority,
        value=evidence.value,
        unit=unit,
        expected=evidence.expected,
        z=evidence.z if told.condition in _BY_SIGMA else 0.0,
        limit=evidence.limit,
        text=f"{place} {_words(finding, told, at, unit)}."[:_MOST],
        contributors=tuple(
            Contributor(sensor=own, share=share) for own, share in evidence.contributors
        ),
        advice=_ADVICE[told.condition] if state == "active" else "",
        first_out=first_out,
        by=None if order is None else order.by,
        reason=None if order is None else order.reason,
        until=until,
    )


_MOST = 500
_QUOTED = 64


def _words(finding: Finding, told: Told, at: datetime, unit: str | None) -> str:
    state = finding.change.after
    if finding.relearnt:
        hours = (at.timestamp() - finding.alarm.since) / 3600
        return f"has been so for {hours:.1f} hours: from now on that is normal"
    if state == "shelved":
        until = datetime.fromtimestamp(finding.alarm.shelved_until, UTC)
        wrong = f"{_wrong(told, unit)}," if finding.alarm.present else "is"
        return f"{wrong} shelved until {until:%Y-%m-%d %H:%M} UTC"
    if state == "out_of_service":
        return "is out of service"
    if state in ("normal", "returned"):
        return "is back to normal"
    text = _wrong(told if finding.evidence is None else _again(told, finding.evidence), unit)
    if state == "suppressed":
        why = sorted(finding.alarm.suppressed)
        text += f"; suppressed: {', '.join(reason.replace('_', ' ') for reason in why)}"
    if state == "acknowledged":
        text += "; acknowledged"
    return text


def _again(told: Told, evidence: Evidence) -> Told:
    return told._replace(evidence=evidence._replace(condition=told.condition))


def _wrong(told: Told, unit: str | None) -> str:
    evidence = told.evidence
    text = _SAYS[evidence.condition]
    if evidence.condition in _BY_SIGMA and evidence.limit:
        text += f" ({evidence.z:.1f} sigma, limit {evidence.limit:.1f})"
    elif evidence.condition == "rate" and evidence.expected is not None:
        text += f" ({evidence.expected:.4g} {unit} a minute, limit {evidence.limit:.4g})"
    elif evidence.condition in LIMITS and evidence.value is not None:
        text += f" ({evidence.value:.6g} {unit}, limit {evidence.limit:.6g})"
    if evidence.contributors:
        shares = ", ".join(f"{name} {share:.0%}" for name, share in evidence.contributors[:3])
        text += f"; most of it: {shares}"
    return text


def unraised(rule: Rule, plan: AlarmPlan) -> Told:
    """Return what is told of an alarm that was never raised."""
    evidence = Evidence(condition_of(rule))
    return Told(evidence, priority_of(rule, evidence, plan))


def moved(place: Place, move: Move, number: int, at: datetime, unit: str, alert_id: str) -> Alert:
    """Return the event that tells that a sensor's level has moved."""
    text = f"{place} has moved from {move.before:.6g} to {move.after:.6g} {unit}: no alarm."
    return msgspec.structs.replace(
        _noted(place, MOVED, number, at, alert_id, text),
        value=move.after,
        unit=unit,
        expected=move.before,
        z=(move.after - move.before) / move.sigma,
    )


def not_charted(
    place: Place, choice: ChartChoice, interval_s: float, number: int, at: datetime, alert_id: str
) -> Alert:
    """Return the event that tells that a sensor's samples make no subgroups for its chart."""
    text = (
        f"{place} {_SAYS[NOT_CHARTED]}, and is not charted: {choice.size} samples in "
        f"{choice.every_s:g} s are asked for, and it sends one every {interval_s:.3g} s."
    )
    return _noted(place, NOT_CHARTED, number, at, alert_id, text)


def always_late(place: Place, behind_s: float, number: int, at: datetime, alert_id: str) -> Alert:
    """Return the event that tells that a sensor's samples all come too late to be watched."""
    text = (
        f"{place} {_SAYS[LATE]}, and is not watched: the last one is {behind_s:,.0f} s older than the newest "
        "of its own or of its machine."
    )
    return _noted(place, LATE, number, at, alert_id, text)


def never_good(place: Place, quality: str, number: int, at: datetime, alert_id: str) -> Alert:
    """Return the event that tells that nothing can be learnt of a sensor, for its quality is never good."""
    text = (
        f"{place} {_SAYS[NEVER_GOOD]}, and is not watched: nothing is learnt of what is uncertain, "
        f"the last time {quality[:_QUOTED]!r}."
    )
    return _noted(place, NEVER_GOOD, number, at, alert_id, text)


def _noted(
    place: Place, condition: Condition, number: int, at: datetime, alert_id: str, text: str
) -> Alert:
    """Return information that is no alarm, without numbers."""
    return Alert(
        alert_id=alert_id, alarm_id=alarm_id(place, condition), occurrence=number, state="noted",
        occurred_at=at, since=at, line=place.line, machine=place.machine, sensor=place.sensor,
        condition=condition, priority="low", value=None, unit=None, expected=None, z=0.0,
        limit=0.0, text=text, advice=_ADVICE[condition],
    )  # fmt: skip

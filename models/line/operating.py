"""What becomes of alarms when an operator says so: the commands of the topic `commands`, carried out."""

from __future__ import annotations

from collections.abc import Callable, Container
from datetime import UTC, datetime

from models.alarms.alarm import Alarm, AlarmSettings, Change
from models.line.findings import SENSOR_RULES, Finding, Rule
from models.line.machine import MachineWatch, WatchSettings
from models.line.plans import MachinePlan, SensorPlan
from models.line.telling import Place, alarm_id
from schemas.commands import (
    Acknowledge,
    CallNormal,
    Command,
    PutIntoService,
    Shelve,
    TakeOutOfService,
    Unshelve,
)
from schemas.decoding import Reject

Target = tuple[str | None, Rule]
"""A sensor, None for the machine itself, and what its alarm is about."""
Plan = Callable[[str], SensorPlan]
_MACHINE: Target = (None, "multivariate")
_NORMAL: frozenset[Rule] = frozenset({"anomaly", "out_of_control", "multivariate"})
"""What ends when what is now is called normal."""
_CHIEF: frozenset[Rule] = frozenset({"anomaly", "multivariate"})
SKEW_S = 60.0
"""So far an operator's clock may be behind the plant's: an acknowledgement that is dated even earlier than
that before an alarm came is of something else. Clocks that are set by the network are far closer, and one
that nobody sets has to be."""


def targets(command: Command, machine: MachineWatch | None) -> list[Target] | Reject:
    """Return which alarms a command is for, or why it can be for none."""
    place = Place(command.line, command.machine, command.sensor)
    if machine is None or (command.sensor is not None and command.sensor not in machine.sensors):
        what = "machine" if command.sensor is None else "sensor"
        return Reject(
            "unknown_alarm",
            f"No {what} {place} is known. The key must be line/machine as its samples have it.",
            f"$.{what}",
        )
    names: list[str | None] = (
        [None, *machine.sensors] if command.sensor is None else [command.sensor]
    )
    known: list[Target] = []
    for name in names:
        known += [_MACHINE] if name is None else [(name, rule) for rule in SENSOR_RULES]
    if command.alarm_id is None:
        return _there_then(command, known, machine)
    meant = [
        (name, rule)
        for name, rule in known
        if alarm_id(place._replace(sensor=name), rule) == command.alarm_id
    ]
    if isinstance(command, CallNormal) and not all(rule in _NORMAL for _, rule in meant):
        return Reject(
            "unknown_alarm",
            f"Alarm {command.alarm_id} is not about what is normal: there is nothing to learn anew. "
            "Say the sensor, or acknowledge or shelve the alarm.",
            "$.alarm_id",
        )
    if meant:
        return _there_then(command, meant, machine)
    return Reject(
        "unknown_alarm",
        f"Alarm {command.alarm_id} is not one of {place}. Alerts tell an alarm's id, line and machine.",
        "$.alarm_id",
    )


def _there_then(
    command: Command, meant: list[Target], machine: MachineWatch
) -> list[Target] | Reject:
    """Return what a command is for without what it acknowledges before it came: nobody can have seen that.

    Such a command waited somewhere, or is a dead letter sent again, and was about an earlier occurrence. If
    nothing but such alarms waits for it, whoever sent it has to know.
    """
    if not isinstance(command, Acknowledge):
        return meant
    said_at = command.occurred_at.timestamp()
    there: list[Target] = []
    waiting, missed = False, list[float]()
    for name, rule in meant:
        alarm = _alarm(machine, name, rule, make=False)
        came_at = 0.0 if alarm is None else alarm.since - _ahead_s(machine, name)
        later = came_at > said_at + SKEW_S
        if not later:
            there.append((name, rule))
        if alarm is not None and not alarm.acked:
            waiting |= not later
            missed += [came_at] * later
    if waiting or not missed:
        return there
    return Reject(
        "unknown_alarm",
        f"What this is to acknowledge came at {_told(min(missed))} or later, but it is of "
        f"{_told(said_at)}: it was about something else. Look at the alarm and acknowledge it again; "
        "if this was done just now, set the clock of the machine that it came from.",
        "$.occurred_at",
    )


def _ahead_s(machine: MachineWatch, name: str | None) -> float:
    """Return how far the clock of a sensor, or of any of a machine's, is ahead of the shard's."""
    watches = machine.sensors.values() if name is None else (machine.sensors[name],)
    return max((-watch.behind_s for watch in watches if watch.behind_s < 0.0), default=0.0)


def _told(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def obey(
    command: Command, meant: list[Target], machine: MachineWatch, at: float,
    settings: WatchSettings, plan: MachinePlan, plan_of: Plan,
    told: Container[tuple[Place, Rule]] = (),
) -> list[tuple[str | None, Finding]]:  # fmt: skip
    """Carry a command out; return the alarms that changed, each with its sensor.

    ``told``: the alarms that somebody was told of, and not yet that they are over.
    """
    if isinstance(command, CallNormal):
        return _call_normal(meant, machine, at, settings)
    found: list[tuple[str | None, Finding]] = []
    for name, rule in meant:
        alarm = _alarm(machine, name, rule, make=isinstance(command, Shelve | TakeOutOfService))
        if alarm is None:
            continue
        if name is None:
            behaviour: AlarmSettings = plan.alarms.of(rule, settings.multivariate)
        else:
            behaviour = machine.sensors[name].settings_of(rule, settings.sensor, plan_of(name))
        change = _change(command, alarm, at, behaviour)
        # Of all that a sensor could be in alarm for, what never was is passed over in silence.
        heard_of = command.alarm_id is not None or alarm.occurrence or rule in _CHIEF
        heard_of = heard_of or (Place(command.line, command.machine, name), rule) in told
        if change is not None and heard_of:
            evidence = machine.evidence(name, rule, change)
            found.append((name, Finding(rule, alarm, change, evidence)))
    return found


def _change(command: Command, alarm: Alarm, at: float, settings: AlarmSettings) -> Change | None:
    match command:
        case Acknowledge():
            return alarm.acknowledge(at, settings)
        case Shelve(for_s=seconds):
            return alarm.shelve(at, at + seconds)
        case Unshelve():
            return alarm.unshelve(at)
        case TakeOutOfService():
            return alarm.set_service(at, out=True)
        case PutIntoService():
            return alarm.set_service(at, out=False)
        case _:
            raise TypeError(f"{type(command).__name__} is no command for an alarm.")


def _alarm(machine: MachineWatch, name: str | None, rule: Rule, *, make: bool) -> Alarm | None:
    """Return an alarm; what is to be kept quiet may never have been raised: then it is made."""
    if name is None:
        return machine.alarm
    alarms = machine.sensors[name].alarms
    if rule not in alarms and make:
        alarms[rule] = Alarm()
    return alarms.get(rule)


def _call_normal(
    meant: list[Target], machine: MachineWatch, at: float, settings: WatchSettings
) -> list[tuple[str | None, Finding]]:
    found: list[tuple[str | None, Finding]] = []
    for name in dict.fromkeys(name for name, _ in meant):
        ended = (
            machine.call_normal(at)
            if name is None
            else machine.sensors[name].call_normal(at, settings.sensor)
        )
        found += [(name, finding) for finding in ended]
    return found

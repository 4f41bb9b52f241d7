"""Which alarms a command is for, and what becomes of them."""

from __future__ import annotations

from typing import Any

import pytest

from models.alarms.alarm import Alarm
from models.line.findings import SENSOR_RULES
from models.line.machine import MachineWatch, WatchSettings
from models.line.operating import obey, targets
from models.line.plans import PLAIN, PLAIN_MACHINE
from models.line.sensor import SensorWatch
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
from tests.models.events import command

SETTINGS = WatchSettings()


def machine(*raised: str) -> MachineWatch:
    """A machine of two sensors; of `a` these alarms stand."""
    watch = MachineWatch()
    for name in ("a", "b"):
        watch.sensors[name] = SensorWatch("Cel", SETTINGS.sensor)
    for rule in raised:
        alarm = watch.sensors["a"].alarms[rule] = Alarm()  # type: ignore[index]
        alarm.step(1.0, SETTINGS.sensor.condition, over=True, under=False)
    return watch


def carried_out(
    event: Command, watch: MachineWatch, at: float = 10.0
) -> list[tuple[Any, str, str]]:
    """Which alarms changed: sensor, rule, and what they are."""
    meant = targets(event, watch)
    assert isinstance(meant, list)
    found = obey(event, meant, watch, at, SETTINGS, PLAIN_MACHINE, lambda _: PLAIN)
    return [(name, finding.rule, finding.change.after) for name, finding in found]


def test_all_of_a_machine_all_of_a_sensor_or_one() -> None:
    watch = machine()
    everything = [(None, "multivariate"), *((name, rule) for name in "ab" for rule in SENSOR_RULES)]
    assert targets(command(Acknowledge), watch) == everything
    assert targets(command(Acknowledge, sensor="b"), watch) == everything[11:]
    for name, rule in everything:
        own = alarm_id(Place("l1", "m1", name), rule)
        assert targets(command(Acknowledge, alarm_id=own), watch) == [(name, rule)]
        found = targets(command(Acknowledge, alarm_id=own, sensor="a"), watch)
        assert isinstance(found, Reject) == (name != "a")


def test_what_is_not_known_is_refused_in_words_that_help() -> None:
    found = targets(command(Acknowledge), None)
    assert isinstance(found, Reject)
    assert (found.reason, found.where) == ("unknown_alarm", "$.machine")
    assert found.message.startswith("No machine l1/m1 is known. The key must be line/machine")
    found = targets(command(Acknowledge, sensor="c"), machine())
    assert isinstance(found, Reject)
    assert found.message.startswith("No sensor l1/m1/c is known.")
    found = targets(command(Acknowledge, sensor="a", alarm_id="x"), machine())
    assert isinstance(found, Reject)
    assert found.message.startswith("Alarm x is not one of l1/m1/a.")


def test_acknowledging_makes_no_alarm() -> None:
    watch = machine("high", "stale")
    assert carried_out(command(Acknowledge), watch) == [
        ("a", "stale", "acknowledged"), ("a", "high", "acknowledged"),
    ]  # fmt: skip
    assert carried_out(command(Acknowledge), watch) == []
    assert set(watch.sensors["a"].alarms) == {"high", "stale"}
    assert not watch.sensors["b"].alarms


@pytest.mark.parametrize(
    ("on", "more", "off", "how"),
    [
        (Shelve, {"for_s": 60.0}, Unshelve, "shelved"),
        (TakeOutOfService, {}, PutIntoService, "out_of_service"),
    ],
)
def test_of_a_sensor_what_ever_was_is_told_and_one_for_all_others(
    on: Any, more: dict[str, Any], off: Any, how: str
) -> None:
    watch = machine("high")
    found = carried_out(command(on, sensor="a", reason="x", **more), watch)
    assert found == [("a", "anomaly", how), ("a", "high", how)]
    assert {rule: own.told for rule, own in watch.sensors["a"].alarms.items()} == dict.fromkeys(
        SENSOR_RULES, how
    )
    assert not watch.sensors["b"].alarms
    assert carried_out(command(off, sensor="a"), watch) == [
        ("a", "anomaly", "normal"), ("a", "high", "active"),
    ]  # fmt: skip


def test_by_its_id_also_what_never_was_is_told() -> None:
    watch = machine()
    own = alarm_id(Place("l1", "m1", "b"), "rate")
    event = command(Shelve, reason="x", for_s=5.0, alarm_id=own)
    assert carried_out(event, watch) == [("b", "rate", "shelved")]
    assert set(watch.sensors["b"].alarms) == {"rate"}
    assert carried_out(command(Unshelve, alarm_id=own), watch) == [("b", "rate", "normal")]


def test_calling_normal_is_of_sensors_and_their_machine() -> None:
    watch = machine("anomaly", "out_of_control", "high")
    kept, learnt = watch.sensors["b"].score, watch.sensors["a"].score
    found = carried_out(command(CallNormal, sensor="a", reason="x"), watch)
    assert found == [("a", "anomaly", "normal"), ("a", "out_of_control", "normal")]
    assert watch.sensors["a"].score is not learnt
    assert watch.sensors["b"].score is kept
    carried_out(command(CallNormal, reason="x"), watch)
    assert watch.sensors["b"].score is not kept


def test_calling_normal_ends_the_machines_own_alarm() -> None:
    watch = machine()
    watch.alarm.step(1.0, SETTINGS.sensor.condition, over=True, under=False)
    found = carried_out(command(CallNormal, reason="x"), watch)
    assert found == [(None, "multivariate", "normal")]
    assert watch.score is None


def test_no_other_command_is_for_an_alarm() -> None:
    watch = machine("high")
    other = command(Command)
    with pytest.raises(TypeError, match="Command is no command for an alarm"):
        carried_out(other, watch)

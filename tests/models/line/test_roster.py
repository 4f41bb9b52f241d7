"""Which machines and sensors are known, and which are forgotten."""

from __future__ import annotations

from models.alarms.alarm import Alarm
from models.floor import FloorSettings, FloorShard
from models.line.roster import Gone, Roster
from models.line.sensor import SensorSettings
from models.line.telling import Place
from tests.models.events import Feed, state
from tests.models.line.floors import reading

SETTINGS = SensorSettings()


def heard(roster: Roster, *places: str) -> list[str]:
    """Hear of machines (`l1/m1`) and sensors (`l1/m1/t`); return which are forgotten for it."""
    gone: list[Gone] = []
    for text in places:
        line, machine, *sensor = text.split("/")
        if sensor:
            roster.sensor(Place(line, machine, sensor[0]), "Cel", SETTINGS)
        else:
            roster.machine((line, machine))
        gone += roster.cut()
    return [str(each.place) for each in gone]


def test_what_is_heard_of_again_is_the_same() -> None:
    roster = Roster(10)
    machine, sensor = roster.sensor(Place("l1", "m1", "t"), "Cel", SETTINGS)
    assert roster.sensor(Place("l1", "m1", "t"), "K", SETTINGS) == (machine, sensor)
    assert roster.machine(("l1", "m1")) is machine
    assert (len(roster), list(roster.machines), list(machine.sensors)) == (1, [("l1", "m1")], ["t"])


def test_sensors_longest_not_heard_of_go_and_machines_with_the_last_of_them() -> None:
    roster = Roster(3)
    assert heard(roster, "l1/m1/a", "l1/m1/b", "l1/m2/a", "l1/m1/a") == []
    assert heard(roster, "l1/m3/a") == ["l1/m1/b"]
    assert heard(roster, "l1/m3/b") == ["l1/m2/a", "l1/m2"]
    assert {key: list(own.sensors) for key, own in roster.machines.items()} == {
        ("l1", "m1"): ["a"], ("l1", "m3"): ["a", "b"],
    }  # fmt: skip
    assert len(roster) == 3


def test_of_machines_those_without_a_sensor_go_whoever_comes() -> None:
    roster = Roster(2)
    assert heard(roster, "l1/m1", "l1/m2/a") == []
    assert heard(roster, "l1/m3") == ["l1/m1"], "a machine that has none comes"
    assert heard(roster, "l1/m4/a") == ["l1/m3"], "or one that has"
    assert heard(roster, "l1/m5") == ["l1/m5"], "all others have one"
    assert list(roster.machines) == [("l1", "m2"), ("l1", "m4")]


def test_how_often_their_alarms_came_goes_with_them() -> None:
    roster = Roster(1)
    machine, sensor = roster.sensor(Place("l1", "m1", "a"), "Cel", SETTINGS)
    sensor.alarms["high"] = Alarm(occurrence=3)
    sensor.moves, machine.alarm.occurrence = 2, 5
    roster.sensor(Place("l1", "m2", "a"), "Cel", SETTINGS)
    assert list(roster.cut()) == [
        Gone(Place("l1", "m1", "a"), {"high": 3, "baseline_moved": 2}),
        Gone(Place("l1", "m1", None), {"multivariate": 5}),
    ]


def test_a_floor_forgets_machines_that_tell_their_state_only_for_one_with_sensors() -> None:
    feed = Feed(FloorShard(FloorSettings(max_sensors=2)))
    feed(*(state("stopped", float(n), machine=f"m{n}") for n in range(2)))
    feed(reading(1.0, 2.0, machine="m2"))
    assert isinstance(feed.shard, FloorShard)
    assert list(feed.shard.machines) == [("l1", "m1"), ("l1", "m2")]
    assert len(feed.shard.effectiveness._times) == 1

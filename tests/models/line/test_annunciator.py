"""First-out, groups and floods: many alarms of one trouble, and none of them lost."""

from __future__ import annotations

from typing import Any

import pytest

from models.alarms.alarm import Alarm, Change
from models.effects import Effects, Origin
from models.line.annunciator import STANDING, Annunciator
from models.line.document import AlarmChoice, LineChoice, LineRules, MachineChoice, SensorChoice
from models.line.findings import Evidence, Finding
from models.line.telling import Place, alarm_id
from models.scorers.moved import Move
from schemas.commands import Acknowledge, CallNormal, Shelve, TakeOutOfService
from schemas.outputs import Alert
from schemas.topics import ALERTS
from tests.models.events import T0, Feed, command, moment, state
from tests.models.line.floors import (
    AT_ONCE,
    adopt,
    around,
    floor,
    reading,
    restart,
    rows,
    shard_of,
    states,
    tick,
    told,
)

OFF = AlarmChoice(enabled=False)
MACHINES = [f"{kind}{n}" for kind in "ms" for n in range(12)]
PRIORITY = {"m9": "high", "m10": "low"}
FLOOD = alarm_id(Place("l1", None, None), "flood:0")


def limited() -> LineRules:
    """Each machine of two lines has a sensor with a high limit; m9's is urgent, m10's is not."""
    choices = {
        name: MachineChoice(
            sensors={
                "t": SensorChoice(
                    limits={"high": 80.0},
                    alarms={
                        "all": OFF,
                        "high": AlarmChoice(
                            enabled=True, on_delay_s=0.0, off_delay_s=0.0,
                            priority=PRIORITY.get(name),  # type: ignore[arg-type]
                        ),
                    },
                )
            }
        )
        for name in MACHINES
    }  # fmt: skip
    return LineRules(lines={"l1": LineChoice(machines=choices), "l2": LineChoice(machines=choices)})


def t(value: float, at: float, machine: str, line: str = "l1") -> Any:
    return reading(value, at, "t", machine, line)


def storm(feed: Feed, number: int = 10, start: float = 0.0, line: str = "l1") -> None:
    """So many alarms come, one a second, each of another machine, and each is over at once."""
    for n in range(number):
        feed(t(90.0, start + n, f"s{n}", line), t(70.0, start + n + 0.5, f"s{n}", line))


def of(feed: Feed, machine: str | None, line: str = "l1") -> list[str]:
    return [own.state for own in feed.sent if (own.line, own.machine) == (line, machine)]


@pytest.fixture
def flooded() -> Feed:
    """Since 9 there is a flood on l1; nothing stands."""
    feed = floor(limited())
    storm(feed)
    return feed


def test_ten_alarms_in_ten_minutes_begin_a_flood(flooded: Feed) -> None:
    alert = next(own for own in flooded.sent if own.condition == "flood")
    assert isinstance(alert, Alert)
    assert (alert.state, alert.priority, alert.line, alert.machine, alert.sensor) == (
        "active", "high", "l1", None, None,
    )  # fmt: skip
    assert (alert.value, alert.alarm_id, alert.first_out) == (10.0, FLOOD, None)
    assert [(own.sensor, own.share) for own in alert.contributors] == [
        (f"s{n}", 0.1) for n in range(5)
    ]
    assert alert.since.timestamp() == T0 + 9.0
    (output,) = (own for own in flooded.effects.outputs if own.value is alert)
    assert (output.topic, output.key) == (ALERTS.name, b"l1")
    assert rows(flooded) == {FLOOD}
    assert of(flooded, "s9") == ["active", "cleared"], "those that came before were told"
    assert shard_of(flooded).report()["alarms", "flooded_lines"] == 1


def test_in_a_flood_only_urgent_alarms_are_told_and_what_stands_at_its_end(flooded: Feed) -> None:
    before = shard_of(flooded).report()
    flooded(t(90.0, 20.0, "m3"), t(90.0, 21.0, "m10"), t(90.0, 22.0, "m9"), t(90.0, 23.0, "m4"))
    assert [of(flooded, name) for name in ("m3", "m10", "m9", "m4")] == [
        ["suppressed"], ["suppressed"], ["active"], ["suppressed"],
    ]  # fmt: skip
    (kept_back,) = (own for own in flooded.sent if own.machine == "m3")
    assert kept_back.text.endswith("; suppressed: flood.")
    assert (kept_back.priority, kept_back.value, kept_back.occurrence) == ("medium", 90.0, 1)
    report = shard_of(flooded).report()
    assert report["alarms", "activated_medium"] == before["alarms", "activated_medium"]
    assert report["alarms", "activated_high"] == before["alarms", "activated_high"] + 1
    assert report["alarms", "suppressed"] == 3
    flooded(t(70.0, 30.0, "m4"))
    assert of(flooded, "m4") == ["suppressed", "cleared"]
    tick(flooded, 605.0)
    assert of(flooded, None) == ["active"], "eight of them are left"
    tick(flooded, 615.0)
    assert of(flooded, None) == ["active", "cleared"]
    assert of(flooded, "m3") == ["suppressed", "active"]
    assert of(flooded, "m10") == ["suppressed", "active"]
    assert of(flooded, "m9") == ["active"]
    told_now = next(own for own in reversed(flooded.sent) if own.machine == "m3")
    assert (told_now.value, told_now.limit, told_now.occurrence) == (90.0, 80.0, 1)
    assert told_now.since.timestamp() == T0 + 20.0
    assert rows(flooded) == set(states(flooded.sent))
    assert len(rows(flooded)) == 3


def test_another_line_is_not_concerned(flooded: Feed) -> None:
    flooded(t(90.0, 20.0, "m3", "l2"))
    assert of(flooded, "m3", "l2") == ["active"]
    assert of(flooded, None, "l2") == []
    storm(flooded, 9, 21.0, "l2")
    assert of(flooded, None, "l2") == ["active"], "with ten of its own it has one too"
    tick(flooded, 800.0)
    assert of(flooded, None, "l2") == of(flooded, None) == ["active", "cleared"]


def test_nine_are_no_flood() -> None:
    feed = floor(limited())
    storm(feed, 9)
    feed(t(90.0, 608.0, "m3"))
    assert of(feed, None) == []
    assert of(feed, "m3") == ["active"]


def test_a_flood_that_ends_as_the_next_alarm_comes_loses_none(flooded: Feed) -> None:
    """It ends between two looks, which are five seconds apart: by an alarm, and not by time."""
    flooded(t(90.0, 20.0, "m3"), t(70.0, 604.5, "m5"))
    flooded(t(70.0, 605.0, "m5"))
    assert of(flooded, None) == ["active"]
    flooded(t(90.0, 609.0, "m4"))
    assert of(flooded, None) == ["active", "cleared"]
    assert of(flooded, "m4") == ["active"]
    assert of(flooded, "m3") == ["suppressed", "active"]
    tick(flooded, 5000.0)
    assert states(flooded.sent) == {
        alarm_id(Place("l1", name, "t"), "high"): "active" for name in ("m3", "m4")
    }


def test_what_was_kept_back_and_comes_again_urgently_is_told(flooded: Feed) -> None:
    flooded(t(90.0, 20.0, "m3"), t(70.0, 21.0, "m3"))
    assert of(flooded, "m3") == ["suppressed", "cleared"]
    rules = limited()
    urgent = SensorChoice(
        limits={"high": 80.0}, alarms={"all": AT_ONCE, "high": AlarmChoice(priority="high")}
    )
    rules.lines["l1"].machines["m3"] = MachineChoice(sensors={"t": urgent})
    adopt(flooded, rules)
    flooded(t(90.0, 22.0, "m3"))
    assert of(flooded, "m3") == ["suppressed", "cleared", "active"]


def test_what_comes_again_in_a_flood_counts_as_before(flooded: Feed) -> None:
    for n in range(10):
        flooded(t(90.0, 300.0 + n, "m3"), t(70.0, 300.5 + n, "m3"))
    once = ["suppressed", "cleared"]
    assert of(flooded, "m3") == [*once, *once, "suppressed"], "then it chatters, and stands longer"
    tick(flooded, 620.0)
    assert of(flooded, None) == ["active", "cleared"], "four came within ten minutes"


def test_a_flood_outlives_a_restart(flooded: Feed) -> None:
    flooded(t(90.0, 20.0, "m3"))
    restart(flooded)
    flooded(t(90.0, 21.0, "m4"))
    assert of(flooded, "m4") == ["suppressed"]
    tick(flooded, 620.0)
    assert of(flooded, None) == ["active", "cleared"]
    assert of(flooded, "m3") == of(flooded, "m4") == ["suppressed", "active"]


def test_what_is_acknowledged_in_a_flood_is_not_told_anew(flooded: Feed) -> None:
    flooded(t(90.0, 20.0, "m3"), command(Acknowledge, 21.0, machine="m3"))
    tick(flooded, 620.0)
    assert of(flooded, "m3") == ["suppressed", "acknowledged"]


# -- first-out ------------------------------------------------------------------------------------


def sensors(**more: Any) -> LineRules:
    """Limits of three sensors of l1/m1, that hold at once."""
    own = {
        name: SensorChoice(
            limits={"high": 80.0},
            alarms={
                "all": OFF,
                "high": AlarmChoice(enabled=True, on_delay_s=0.0, off_delay_s=0.0, **more),
            },
        )
        for name in ("a", "b", "c")
    }
    return LineRules(lines={"l1": LineChoice(machines={"m1": MachineChoice(sensors=own)})})


def named(feed: Feed) -> list[str | None]:
    """The sensor that each alert names as the first, in turn."""
    names = {alarm_id(Place("l1", "m1", name), "high"): name for name in "abc"}
    return [None if own.first_out is None else names[own.first_out] for own in feed.sent]


def test_the_earliest_standing_alarm_of_the_machine_is_named() -> None:
    feed = floor(sensors())
    feed(reading(90.0, 0.0, "b"), reading(90.0, 1.0, "a"), reading(90.0, 2.0, "c"))
    assert named(feed) == [None, "b", "b"]
    feed(reading(70.0, 3.0, "b"), reading(70.0, 4.0, "c"), reading(90.0, 5.0, "c"))
    assert named(feed)[3:] == [None, None, "a"], "and only as an alarm comes"
    feed(reading(70.0, 6.0, "a"), reading(90.0, 7.0, "b"))
    assert named(feed)[6:] == [None, "c"]


def test_what_is_out_of_service_is_not_named() -> None:
    feed = floor(sensors())
    away = {"alarm_id": alarm_id(Place("l1", "m1", "b"), "high"), "reason": "x"}
    feed(reading(90.0, 0.0, "b"), command(TakeOutOfService, 1.0, **away))
    feed(reading(90.0, 2.0, "a"), reading(90.0, 3.0, "c"))
    assert named(feed) == [None, None, None, "a"]


def test_another_machine_is_not_named() -> None:
    feed = floor(limited())
    feed(t(90.0, 0.0, "m1"), t(90.0, 1.0, "m2"))
    assert [own.first_out for own in feed.sent] == [None, None]


def test_of_two_at_once_one_is_named_always_the_same() -> None:
    feed = floor(sensors())
    feed(reading(90.0, 0.0, "b"), reading(90.0, 0.0, "a"), reading(90.0, 0.0, "c"))
    assert named(feed) == [None, None, "a"]


def test_what_is_acknowledged_is_still_the_first() -> None:
    feed = floor(sensors(acknowledge=True))
    feed(reading(90.0, 0.0, "b"), command(Acknowledge, 1.0), reading(90.0, 2.0, "a"))
    assert named(feed) == [None, None, "b"]


# -- groups ---------------------------------------------------------------------------------------


def mixed(start: float, number: int, means: dict[str, float]) -> list[Any]:
    """Samples of some sensors, each around its own level, in turn each second."""
    columns = {name: around(mean, number, seed=ord(name)) for name, mean in means.items()}
    return [
        reading(columns[name][n], start + n + ord(name) / 1000.0, name)
        for n in range(number) for name in means
    ]  # fmt: skip


def together(
    start: float = 0.0, number: int = 120, mean: float = 70.0, names: str = "abcd"
) -> list[Any]:
    return mixed(start, number, dict.fromkeys(names, mean))


def latest(feed: Feed) -> dict[str, str]:
    return {own.sensor: own.state for own in feed.sent if own.condition != "multivariate"}


@pytest.fixture
def grouped() -> Feed:
    """All of four sensors are off from 120 to 130."""
    feed = floor(LineRules(alarms={"multivariate": OFF, "stale": OFF}))
    feed(*together(), *together(120.0, 10, 90.0))
    return feed


def test_from_the_third_sensor_on_a_group_says_it_already(grouped: Feed) -> None:
    assert latest(grouped) == {"a": "active", "b": "active", "c": "suppressed", "d": "suppressed"}
    alert = next(own for own in grouped.sent if own.sensor == "c")
    assert alert.text.endswith("; suppressed: group.")
    assert alert.first_out == alarm_id(Place("l1", "m1", "a"), "anomaly")
    assert alert.value == pytest.approx(90.0, abs=3.0)


def test_what_is_kept_back_is_told_once_the_first_ones_are_over(grouped: Feed) -> None:
    grouped(*mixed(130.0, 100, {"a": 70.0, "b": 90.0, "c": 90.0, "d": 90.0}))
    assert latest(grouped) == {"a": "cleared", "b": "active", "c": "suppressed", "d": "suppressed"}
    grouped(*mixed(230.0, 100, {"a": 70.0, "b": 70.0, "c": 90.0, "d": 90.0}))
    assert latest(grouped) == {"a": "cleared", "b": "cleared", "c": "active", "d": "active"}
    assert rows(grouped) == set(states(grouped.sent))


def test_all_over_together_none_is_told(grouped: Feed) -> None:
    grouped(*together(130.0, 100))
    assert set(latest(grouped).values()) == {"cleared"}
    assert [own.sensor for own in grouped.sent if own.state == "active"] == ["a", "b"]


@pytest.mark.parametrize("how", [CallNormal, Shelve, TakeOutOfService, "disabled", "forgotten"])
def test_it_is_told_too_if_the_first_ones_end_otherwise(how: Any) -> None:
    feed = floor(LineRules(alarms={"multivariate": OFF, "stale": OFF}), max_sensors=4)
    feed(*together(), *together(120.0, 10, 90.0))
    assert latest(feed)["c"] == "suppressed"
    if how == "disabled":
        own = {name: SensorChoice(alarms={"all": OFF}) for name in ("a", "b")}
        machine = MachineChoice(sensors=own)
        adopt(
            feed,
            LineRules(alarms={"stale": OFF}, lines={"l1": LineChoice(machines={"m1": machine})}),
        )
    elif how == "forgotten":
        feed(*together(130.0, 1, 90.0, "cd"), *(reading(1.0, 131.0, "x", f"m{n}") for n in (8, 9)))
    else:
        more: dict[str, Any] = {"reason": "x", **({"for_s": 3600.0} if how is Shelve else {})}
        feed(*(command(how, 131.0, sensor=name, **more) for name in ("a", "b")))
    tick(feed, 136.0)
    assert (latest(feed)["c"], latest(feed)["d"]) == ("active", "active")


def test_other_alarms_are_not_grouped() -> None:
    feed = floor(sensors())
    feed(*(reading(90.0, n / 10, name) for n, name in enumerate("abc")))
    assert told(feed) == [("high", "active")] * 3


def test_a_group_kept_back_makes_no_flood() -> None:
    """Twelve sensors of one trouble: two alarms are told, and others of the line still are."""
    feed = floor(LineRules(alarms={"multivariate": OFF, "stale": OFF}))
    names = "abcdefghijkl"
    feed(*together(names=names), *together(120.0, 10, 90.0, names))
    assert list(latest(feed).values()).count("suppressed") == 10
    assert ("flood", "active") not in told(feed)


def test_a_machine_that_stops_while_a_group_is_kept_back(grouped: Feed) -> None:
    grouped(state("stopped", 131.0), state("running", 200.0))
    assert set(latest(grouped).values()) == {"suppressed"}
    grouped(*together(201.0, 2, 90.0))
    assert latest(grouped) == {"a": "active", "b": "active", "c": "suppressed", "d": "suppressed"}


# -- by itself ------------------------------------------------------------------------------------


def test_what_came_and_went_unheard_is_not_told_as_over() -> None:
    feed = floor(sensors())
    feed(reading(70.0, 0.0, "a"), command(Shelve, 1.0, sensor="a", for_s=10.0, reason="x"))
    feed(reading(90.0, 2.0, "a"), reading(70.0, 3.0, "a"))
    tick(feed, 15.0)
    assert not told(feed, "high")


def test_a_place_that_is_gone_has_no_row() -> None:
    own, effects = Annunciator(), Effects()
    effects.begin(Origin("sensors", 0, 0, T0))
    finding = Finding("high", Alarm(occurrence=1), Change("normal", "active"), Evidence("high"))
    for name in ("a", "b"):
        own.tell(Place("l1", "m1", name), finding, moment(T0), effects)
    gone = Place("l1", "m1", "a")
    own.forget(gone, {"high": 1, "baseline_moved": 3}, effects)
    assert effects.drops[STANDING] == {alarm_id(gone, "high")}
    assert set(effects.puts[STANDING]) == {alarm_id(Place("l1", "m1", "b"), "high")}
    assert [key[0].sensor for key in own.told] == ["b"]
    own.tell(gone, finding, moment(T0), effects)
    assert effects.outputs[-1].value.occurrence == 2, "its number goes on"
    own.note(gone, Move(20.0, 21.0, 0.5, at=9), 1, moment(T0), "Cel", effects)
    assert effects.outputs[-1].value.occurrence == 4


def test_lines_without_alarms_are_forgotten() -> None:
    feed = floor(limited())
    feed(t(90.0, 0.0, "m1"), t(90.0, 0.0, "m1", "l2"))
    assert set(shard_of(feed).annunciator.floods) == {"l1", "l2"}
    tick(feed, 700.0)
    assert not shard_of(feed).annunciator.floods


def test_the_numbers_of_floods_go_on_after_a_quiet_time() -> None:
    feed = floor(limited())
    for start in (0.0, 5000.0, 9000.0):
        storm(feed, start=start)
        tick(feed, start + 1500.0)
        assert not shard_of(feed).annunciator.floods, "nothing is kept of a line that is quiet"
        restart(feed)
    found = [own for own in feed.sent if own.condition == "flood"]
    assert {own.alarm_id for own in found} == {FLOOD}
    assert [(own.state, own.occurrence) for own in found] == [
        (state, number) for number in (1, 2, 3) for state in ("active", "cleared")
    ]


def test_the_numbers_of_a_sensor_that_was_forgotten_go_on() -> None:
    feed = floor(limited(), max_sensors=2)
    for n in range(3):
        at = 100.0 * n
        feed(t(90.0, at, "m1"), t(70.0, at + 1.0, "m1"), t(90.0, at + 2.0, "m1"))
        feed(*(t(70.0, at + 3.0, name) for name in ("m2", "m3")))
        assert not rows(feed)
    found = [own for own in feed.sent if own.machine == "m1"]
    numbers = [1, 1, 2, 3, 3, 4, 5, 5, 6]
    assert [own.occurrence for own in found] == numbers
    assert {own.alarm_id for own in found} == {alarm_id(Place("l1", "m1", "t"), "high")}


def test_the_number_stays_the_same_until_an_alarm_is_over() -> None:
    feed = floor(limited(), max_sensors=2)
    feed(t(90.0, 0.0, "m1"), *(t(70.0, 3.0, name) for name in ("m2", "m3")))
    feed(t(90.0, 10.0, "m1"), command(Acknowledge, 11.0))
    feed(command(Shelve, 12.0, for_s=5.0, reason="x", sensor="t"))
    tick(feed, 20.0)
    feed(t(70.0, 21.0, "m1"))
    found = [own for own in feed.sent if (own.machine, own.condition) == ("m1", "high")]
    assert [(own.state, own.occurrence) for own in found] == [
        ("active", 1), ("active", 2), ("acknowledged", 2), ("shelved", 2), ("acknowledged", 2), ("cleared", 2),
    ]  # fmt: skip

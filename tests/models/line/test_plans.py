"""What holds where: the rules worked out, from the site down to the sensor."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from models.alarms.alarm import AlarmSettings
from models.line import plans as plans_module
from models.line.document import (
    NO_LINE_RULES,
    AlarmChoice,
    ChartChoice,
    KindChoice,
    LineChoice,
    LineRules,
    MachineChoice,
    RateChoice,
    RunningChoice,
    SensorChoice,
    SpecChoice,
)
from models.line.findings import LIMITS, SENSOR_RULES
from models.line.kinds import KINDS, OTHER, kind_of
from models.line.plans import PLAIN, PLAIN_MACHINE, Limit, Plans, SensorPlan
from models.spc.capability import Specification
from tests.models.line.floors import (
    adopt,
    around,
    floor,
    reading,
    readings,
    ruled,
    shard_of,
    tick,
    told,
)
from tests.models.line.test_machine import DEAF
from tests.models.scorers.plants import plant

LEVELS = ("site", "kind", "line", "machine", "sensor")
USUAL = AlarmSettings(on_delay_s=7.0)


def document(said: dict[str, AlarmChoice], group: str = "all", **sensor: Any) -> LineRules:
    """Rules that say each of these at its level, of a temperature of l1/m1."""
    at = {level: {group: said[level]} if level in said else {} for level in LEVELS}
    return LineRules(
        alarms=at["site"],
        kinds={"temperature": KindChoice(alarms=at["kind"])},
        lines={
            "l1": LineChoice(
                alarms=at["line"],
                machines={
                    "m1": MachineChoice(
                        alarms=at["machine"],
                        sensors={"t": SensorChoice(alarms=at["sensor"], **sensor)},
                    )
                },
            )
        },
    )


def plan(rules: LineRules, unit: str = "Cel") -> SensorPlan:
    return Plans(rules).sensor("l1", "m1", "t", unit)


@pytest.mark.parametrize(("less", "more"), list(combinations(LEVELS, 2)))
@pytest.mark.parametrize("group", ["all", "anomaly"])
def test_what_is_said_of_less_goes_before_what_is_said_of_more(
    less: str, more: str, group: str
) -> None:
    said = {
        less: AlarmChoice(on_delay_s=1.0, priority="high"),
        more: AlarmChoice(on_delay_s=2.0, off_delay_s=3.0),
    }
    found = plan(document(said, group)).alarms
    assert found.of("anomaly", USUAL) == AlarmSettings(on_delay_s=2.0, off_delay_s=3.0)
    assert found.priority("anomaly") == "high", "what the nearer one does not say stays as it was"
    assert found.of("multivariate", USUAL) == USUAL


@pytest.mark.parametrize("level", LEVELS)
def test_each_level_is_heard(level: str) -> None:
    found = plan(document({level: AlarmChoice(realarm_s=9.0, latched=True)})).alarms
    for rule in SENSOR_RULES:
        assert found.of(rule, USUAL) == AlarmSettings(on_delay_s=7.0, realarm_s=9.0, latched=True)


def test_at_one_level_a_rule_goes_before_limits_and_these_before_all() -> None:
    choices = {
        "high": AlarmChoice(on_delay_s=1.0),
        "limits": AlarmChoice(on_delay_s=2.0, off_delay_s=2.0),
        "all": AlarmChoice(on_delay_s=3.0, off_delay_s=3.0, realarm_s=3.0),
    }
    rules = ruled(SensorChoice(alarms=choices))
    found = Plans(rules).sensor("l1", "m1", "temperature", "Cel").alarms
    behaviour = {rule: found.of(rule, USUAL) for rule in SENSOR_RULES}
    delays = {
        rule: (own.on_delay_s, own.off_delay_s, own.realarm_s) for rule, own in behaviour.items()
    }
    assert delays.pop("high") == (1.0, 2.0, 3.0)
    assert {delays.pop(rule) for rule in LIMITS if rule != "high"} == {(2.0, 2.0, 3.0)}
    assert set(delays.values()) == {(3.0, 3.0, 3.0)}


def test_all_of_a_sensor_goes_before_one_rule_of_the_site() -> None:
    rules = ruled(
        SensorChoice(alarms={"all": AlarmChoice(on_delay_s=1.0)}),
        alarms={"high": AlarmChoice(on_delay_s=9.0, priority="low")},
    )
    found = Plans(rules).sensor("l1", "m1", "temperature", "Cel").alarms
    assert found.of("high", USUAL).on_delay_s == 1.0
    assert found.priority("high") == "low"


def test_a_machines_own_alarm_hears_the_site_its_line_and_itself() -> None:
    for levels, seconds in (("site", 1.0), ("line", 2.0), ("machine", 3.0)):
        rules = document({levels: AlarmChoice(on_delay_s=seconds)})
        found = Plans(rules).machine("l1", "m1").alarms
        assert found.of("multivariate", USUAL).on_delay_s == seconds
    for level in ("kind", "sensor"):
        found = Plans(document({level: AlarmChoice(on_delay_s=1.0)})).machine("l1", "m1").alarms
        assert found.of("multivariate", USUAL) == USUAL


def test_others_are_not_concerned() -> None:
    said = {level: AlarmChoice(enabled=False) for level in ("line", "machine", "sensor")}
    plans = Plans(document(said, limits={"high": 80.0}))
    assert not plans.sensor("l1", "m1", "t", "Cel").alarms.enabled("high")
    for place in (("l2", "m1", "t"), ("l2", "m2", "t")):
        assert plans.sensor(*place, "Cel") == PLAIN
        assert plans.machine(*place[:2]) == PLAIN_MACHINE
    other = plans.sensor("l1", "m2", "t", "Cel")
    assert not other.limits
    assert not other.alarms.enabled("high"), "of its line it is said"


@pytest.mark.parametrize(
    ("said", "sent", "high", "deadband"),
    [
        ("K", "Cel", 80.0, 2.0), ("Cel", "K", 353.15, 2.0), ("[degF]", "Cel", 26.667, 1.1111),
        (None, "K", 80.0, 2.0), (None, "Cel", 353.15, 2.0), ("K", "[degF]", 80.0, 2.0),
    ],
)  # fmt: skip
def test_limits_are_in_the_unit_that_is_said_or_else_sent(
    said: str | None, sent: str, high: float, deadband: float
) -> None:
    """353.15 of it are 80 degrees if it is in kelvin, whatever the sensor sends."""
    choice = SensorChoice(
        unit=said, limits={"high": 353.15 if high != 26.667 else 80.0}, deadband=2.0,
        rate=RateChoice(per_min=6.0),
    )  # fmt: skip
    found = Plans(ruled(choice)).sensor("l1", "m1", "temperature", sent)
    (limit,) = found.limits
    assert (limit.rule, limit.above) == ("high", True)
    assert limit.at == pytest.approx(high, abs=1e-3)
    assert limit.deadband == pytest.approx(deadband, rel=1e-3)
    assert found.rate is not None
    assert found.rate.per_s == pytest.approx(0.1 * deadband / 2.0, rel=1e-3)


@pytest.mark.parametrize(("said", "sent"), [("K", "Cel"), ("Cel", "K"), (None, "K"), (None, "Cel")])
def test_a_limit_is_broken_at_80_degrees_in_any_unit(said: str | None, sent: str) -> None:
    def to(unit: str | None, celsius: float) -> float:
        return celsius + (273.15 if unit == "K" else 0.0)

    choice = SensorChoice(
        unit=said, limits={"high": to(said or sent, 80.0)},
        alarms={"all": AlarmChoice(on_delay_s=0.0, off_delay_s=0.0)},
    )  # fmt: skip
    feed = floor(ruled(choice))
    feed(*readings((to(sent, x) for x in (79.0, 79.9, 80.1, 70.0)), 0.0, unit=sent))
    assert told(feed) == [("high", "active"), ("high", "cleared")]
    assert feed.sent[0].value == pytest.approx(80.1)
    assert (feed.sent[0].limit, feed.sent[0].unit) == (pytest.approx(80.0), "Cel")


def test_a_kind_follows_from_the_unit_unless_it_is_said() -> None:
    limits = {"high": 100.0}
    for unit, kind in (
        ("Cel", "temperature"),
        ("K", "temperature"),
        ("Hz", OTHER),
        ("kPa", "pressure"),
    ):
        found = plan(document({}, limits=limits), unit)
        assert found.limit_alarm.on_delay_s == found.limit_alarm.off_delay_s == KINDS[kind].delay_s
    assert plan(document({}, limits=limits, kind="flow")).limit_alarm.on_delay_s == 15.0
    assert {kind_of(unit) for unit in ("mm/s", "m/s2")} == {"vibration"}


@pytest.mark.parametrize(
    ("sensor", "deadband"),
    [
        ({"span": (0.0, 200.0), "limits": {"high": 150.0}}, 2.0),
        ({"limits": {"high": 150.0, "low": 50.0}}, 1.0),
        ({"limits": {"high": -150.0}}, 1.5),
        ({"limits": {"high": 150.0}, "deadband": 7.0}, 7.0),
        ({"limits": {"high": 150.0}, "deadband": 0.0}, 0.0),
    ],
)
def test_the_deadband_is_a_share_of_the_span(sensor: dict[str, Any], deadband: float) -> None:
    found = plan(document({}, **sensor))
    assert [own.deadband for own in found.limits] == [pytest.approx(deadband)] * len(found.limits)


def test_a_deadband_that_is_said_of_a_sensor_is_meant_exactly() -> None:
    for said in (None, 0.0, 3.0):
        (limit,) = plan(document({}, limits={"high": 150.0}, deadband=said)).limits
        assert limit.exact is (said is not None)


def test_delays_that_are_said_hold_as_they_are() -> None:
    usual = plan(document({}, limits={"high": 1.0})).limit_alarm
    assert usual.off_samples > 1
    assert usual.recur_off_s > usual.off_delay_s
    for choices, samples in (
        (AlarmChoice(off_delay_s=5.0), 1),
        (AlarmChoice(on_delay_s=5.0), usual.off_samples),
        (AlarmChoice(latched=True), usual.off_samples),
    ):
        found = plan(document({"sensor": choices}, "limits", limits={"high": 1.0}))
        own = found.alarms.of("high", found.limit_alarm)
        assert own.off_samples == samples
        assert own.recur_off_s == (0.0 if samples == 1 else usual.recur_off_s)
    other = AlarmSettings(off_samples=60)
    found = plan(document({"sensor": AlarmChoice(off_delay_s=5.0)}, "anomaly"))
    assert found.alarms.of("anomaly", other).off_samples == 60, "that is of limits only"


def test_a_kind_of_our_own() -> None:
    rules = LineRules(
        kinds={"oven": KindChoice(deadband=0.1, delay_s=5.0), "flow": KindChoice(delay_s=1.0)},
        lines=document({}, kind="oven", span=(0.0, 10.0), limits={"low": 1.0}).lines,
    )
    found = plan(rules)
    assert found.limits == (Limit("low", 1.0, 1.0, False),)
    assert found.limit_alarm == AlarmSettings(on_delay_s=5.0, off_delay_s=5.0)


def test_what_somebody_wants_it_to_be_watched_for() -> None:
    rules = document(
        {}, limits={"high": 1.0, "low_low": 0.0}, rate=RateChoice(per_min=1.0),
        control_chart=ChartChoice(),
    )  # fmt: skip
    assert plan(rules).rules == {"high", "low_low", "rate", "out_of_control"}
    assert PLAIN.rules == frozenset()
    assert plan(document({"kind": AlarmChoice()})) is PLAIN
    assert plan(NO_LINE_RULES) is PLAIN


def test_a_specification_has_a_chart_the_one_that_is_asked_for_or_the_usual_one() -> None:
    spec = SpecChoice(lower=9.8, upper=10.2)
    found = plan(document({}, spec=spec))
    assert (found.spec, found.chart) == (Specification(9.8, 10.2), ChartChoice())
    assert found.rules == {"out_of_control"}
    asked = ChartChoice("ewma", size=3)
    assert plan(document({}, spec=spec, control_chart=asked)).chart == asked
    assert plan(document({}, control_chart=asked)).spec is None
    one = plan(document({}, spec=SpecChoice(upper=300.0), unit="K")).spec
    assert one is not None
    assert (one.lower, one.upper) == (None, pytest.approx(26.85))
    assert plan(document({}, spec=spec, unit="bar")) == PLAIN


def test_limits_that_are_one_number_in_the_canonical_unit_are_none() -> None:
    """In degrees Celsius both are -273.15: they must not stop a worker."""
    assert plan(document({}, spec=SpecChoice(lower=1e-20, upper=2e-20), unit="K")) == PLAIN


def test_what_a_unit_takes_at_best() -> None:
    rules = LineRules(
        ideal_cycle_s={"s1": 4.0},
        lines={"l1": LineChoice(machines={"m1": MachineChoice(ideal_cycle_s=2.0)})},
    )
    plans = Plans(rules)
    assert plans.ideal_cycle_s("l1", "m1", "s1") == 4.0
    assert plans.ideal_cycle_s("l1", "m1", "s2") == 2.0
    assert plans.ideal_cycle_s("l1", "m2", "s1") == 4.0
    assert plans.ideal_cycle_s("l1", "m2", "s2") is None
    assert Plans().ideal_cycle_s("l1", "m1", "s1") is None


def test_a_running_choice_is_a_machines() -> None:
    choice = RunningChoice(states=("idle",), sensor="speed", above=3.0)
    plans = Plans(ruled(machine=MachineChoice(running=choice)))
    assert plans.machine("l1", "m1").running == choice
    assert plans.machine("l1", "m2").running == RunningChoice()


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans_module, "_MOST_PLANS", 100)
    plans = Plans(document({}, limits={"high": 1.0}))
    first = plans.sensor("l1", "m1", "t", "Cel")
    assert plans.sensor("l1", "m1", "t", "Cel") is first
    for n in range(150):
        plans.sensor("l1", "m1", f"s{n}", "Cel")
    assert len(plans._sensors) <= 100
    assert plans.sensor("l1", "m1", "t", "Cel") == first


def test_alarms_that_are_disabled_end() -> None:
    feed = floor()
    feed(*readings(around(70.0, 100), 0.0), *readings(around(90.0, 5), 100.0))
    feed(*(reading(None, 105.0 + n) for n in range(6)))
    assert told(feed) == [("deviation", "active"), ("bad_quality", "active")]
    off = AlarmChoice(enabled=False)
    adopt(feed, LineRules(alarms={"anomaly": off}))
    tick(feed, 115.0)
    assert told(feed)[2:] == [("deviation", "cleared")], "it need not wait for a good sample"
    adopt(feed, LineRules(alarms={"all": off}))
    feed(reading(None, 116.0))
    assert told(feed)[3:] == [("bad_quality", "cleared")]
    feed(*readings(around(150.0, 50), 117.0))
    tick(feed, 1000.0)
    assert len(feed.sent) == 4
    adopt(feed, NO_LINE_RULES)
    feed(*readings(around(400.0, 50), 1001.0))
    assert ("deviation", "active") in told(feed)[4:], "taken away, it is watched as ever"


def test_what_is_disabled_while_it_is_about_to_come_does_not_stop_learning() -> None:
    feed = floor(ruled(SensorChoice(alarms={"anomaly": AlarmChoice(on_delay_s=60.0)})))
    feed(*readings(around(70.0, 100), 0.0), reading(75.0, 100.0))
    watch = shard_of(feed).machines["l1", "m1"].sensors["temperature"]
    assert not watch.quiet
    adopt(feed, LineRules(alarms={"anomaly": AlarmChoice(enabled=False)}))
    feed(*readings(around(70.0, 5, seed=2), 101.0))
    assert watch.quiet


@pytest.mark.parametrize("silent", [False, True])
def test_a_machines_own_alarm_that_is_disabled_ends(*, silent: bool) -> None:
    rows = plant(2, 700)
    rows[600:, 1] -= 6.0
    feed = floor(watch=DEAF)

    def play(start: int, end: int) -> None:
        for n in range(start, end):
            for sensor, x in enumerate(rows[n].tolist()):
                feed(reading(round(x, 2), float(n), f"s{sensor}"))

    play(0, 620)
    assert ("multivariate", "active") in told(feed)
    assert ("multivariate", "cleared") not in told(feed)
    adopt(feed, LineRules(alarms={"multivariate": AlarmChoice(enabled=False)}))
    if silent:
        tick(feed, 625.0)
    else:
        play(620, 622)
    assert told(feed, "multivariate")[-1] == ("multivariate", "cleared")
    number = len(feed.sent)
    play(622 + 5 * silent, 700)
    assert len(feed.sent) == number

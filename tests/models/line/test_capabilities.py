"""What is known of processes with a specification: which rows there are, and what is in them."""

from __future__ import annotations

from typing import Any

import pytest

from models.effects import SEPARATOR
from models.line import capabilities
from models.line.capabilities import CAPABILITY, CapabilityRow, decode
from models.line.document import (
    NO_LINE_RULES,
    AlarmChoice,
    ChartChoice,
    LineRules,
    MachineChoice,
    SensorChoice,
    SpecChoice,
)
from models.spc.capability import Capability
from schemas.commands import CallNormal
from tests.models.events import T0, Feed, command, state
from tests.models.line.floors import (
    AT_ONCE,
    adopt,
    around,
    floor,
    reading,
    readings,
    restart,
    ruled,
    shard_of,
    tick,
    told,
)

SPEC = SpecChoice(lower=67.0, upper=73.0)
PAIRS = ChartChoice(size=2, every_s=4.0)
"""Two values every four seconds: phase I takes 100 of them, and as many more show that all is well."""
RULES = ruled(SensorChoice(spec=SPEC, control_chart=PAIRS))
STEADY = around(70.0, 240)


def rows(feed: Feed) -> dict[str, CapabilityRow]:
    """The rows in the store, if all of these effects are applied in turn."""
    found = {name: decode(row) for name, row in feed.effects.puts.get(CAPABILITY, {}).items()}
    assert all(
        SEPARATOR.join((own.line, own.machine, own.sensor)) == name for name, own in found.items()
    )
    return found


def the_row(feed: Feed) -> CapabilityRow:
    (row,) = rows(feed).values()
    return row


def steady(rules: LineRules = RULES, values: list[float] = STEADY, **where: Any) -> Feed:
    """A floor whose process has been in control for a while, looked at."""
    feed = floor(rules)
    feed(*readings(values, 0.0, **where))
    tick(feed, len(values) + 10.0)
    return feed


def test_a_process_in_control_has_indices_of_all_its_values() -> None:
    row = the_row(steady())
    charted = [x for n in range(0, 240, 4) for x in STEADY[n : n + 2]]
    assert row.spread.n == len(charted) == 120
    assert row.spread.mean == pytest.approx(sum(charted) / 120)
    assert (row.spread.since, row.spread.until) == (T0 + 1.0, T0 + 237.0)
    assert (row.unit, row.spec.lower, row.spec.upper) == ("Cel", 67.0, 73.0)
    assert row.standing == "in_control"
    found = row.indices()
    assert isinstance(found, Capability)
    assert found.cp is not None
    assert found.cp.value == pytest.approx(6.0 / (6 * row.spread.sigma_within))
    assert found.cp.value == pytest.approx(2.0, rel=0.2), "sigma is 0.5"


def test_a_specification_alone_switches_the_usual_chart_on_and_its_alarm() -> None:
    rules = ruled(SensorChoice(spec=SPEC))
    feed = floor(rules)
    every_ten = [reading(x, 10.0 * n) for n, x in enumerate(around(70.0, 360, seed=3))]
    feed(*every_ten)
    tick(feed, 3610.0)
    row = the_row(feed)
    assert (row.spread.subgroups, row.spread.n) == (60, 300)
    assert row.standing == "in_control"
    assert told(feed) == []
    feed(*(reading(x, 3600.0 + 10.0 * n) for n, x in enumerate(around(70.6, 180, seed=2))))
    assert told(feed) == [("out_of_control", "active")]
    tick(feed, 5410.0)
    assert the_row(feed).indices() == "out_of_control"


def test_without_the_chart_s_alarm_there_is_capability_all_the_same() -> None:
    silent = {"out_of_control": AlarmChoice(enabled=False)}
    feed = steady(ruled(SensorChoice(spec=SPEC, control_chart=PAIRS, alarms=silent)))
    feed(*readings(around(71.0, 120, seed=2), 240.0))
    assert told(feed, "out_of_control") == []
    tick(feed, 370.0)
    assert the_row(feed).indices() == "out_of_control"


@pytest.mark.parametrize(
    ("number", "why"),
    [(1, "too_few_values"), (57, "too_few_values"), (58, "learning"), (97, "learning"),
     (98, "unproven"), (197, "unproven")],
)  # fmt: skip
def test_why_there_are_no_indices_yet(number: int, why: str) -> None:
    """Samples of so many seconds: 30 values take 58, phase I 98, and 25 quiet subgroups 198."""
    values = around(70.0, number)
    feed = floor(RULES)
    feed(*readings(values, 0.0))
    tick(feed, number + 5.0)
    assert the_row(feed).indices() == why
    if number == 197:
        feed(reading(70.0, 197.0))
        tick(feed, 210.0)
        assert isinstance(the_row(feed).indices(), Capability)


def test_what_does_not_vary_has_no_indices() -> None:
    assert the_row(steady(values=[70.0] * 90)).indices() == "no_variation"


def test_after_a_signal_it_begins_anew_until_the_process_is_in_control_again() -> None:
    feed = steady()
    feed(*readings(around(70.7, 40, seed=2), 240.0), *readings(around(70.0, 60, seed=3), 280.0))
    tick(feed, 345.0)
    row = the_row(feed)
    assert row.indices() == "out_of_control"
    assert row.spread.n == 2 * row.quiet < 50
    assert row.spread.since > T0 + 240.0
    feed(*readings(around(70.0, 60, seed=4), 348.0))
    tick(feed, 415.0)
    assert isinstance(the_row(feed).indices(), Capability)
    assert the_row(feed).spread.since == row.spread.since


def disturbed(kind: str) -> list[Any]:
    values = around(75.0, 60, seed=5)  # another level: any that counted would be seen
    if kind == "late":
        return readings(values, 100.5)
    if kind == "standing still":
        return [state("stopped", 239.5), *readings(values, 240.0), state("running", 300.0)]
    return readings(values, 240.0, quality=kind)


@pytest.mark.parametrize("kind", ["late", "bad", "uncertain", "standing still"])
def test_what_says_nothing_of_the_process_changes_nothing(kind: str) -> None:
    feed = steady()
    before = the_row(feed)
    feed.effects.puts.clear()
    feed(*disturbed(kind))
    tick(feed, 320.0)
    assert feed.effects.puts.get(CAPABILITY, {}) == {}, "nor is it written again"
    watch = shard_of(feed).machines["l1", "m1"].sensors["temperature"]
    assert watch.charting is not None
    assert watch.charting.chart.spread == before.spread


@pytest.mark.parametrize("spec", [SPEC, None])
def test_values_beyond_limits_count_where_there_is_a_specification(spec: SpecChoice | None) -> None:
    """Without those a process would be the more capable the narrower its limits are."""
    choice = SensorChoice(
        spec=spec, control_chart=PAIRS, limits={"low": 69.5, "high": 70.5}, deadband=0.01,
        alarms={"limits": AT_ONCE},
    )  # fmt: skip
    feed = steady(ruled(choice), values=around(70.0, 400))
    assert ("high", "active") in told(feed)
    charting = shard_of(feed).machines["l1", "m1"].sensors["temperature"].charting
    assert charting is not None
    spread = charting.chart.spread
    if spec is None:
        assert spread.n < 20
        assert spread.sigma_overall < 0.3
    else:
        assert spread.n == 200
        assert spread.sigma_overall == pytest.approx(0.5, rel=0.1)


def test_what_is_called_normal_begins_anew() -> None:
    feed = steady()
    feed(command(CallNormal, 250.0, reason="another material"))
    tick(feed, 260.0)
    row = the_row(feed)
    assert (row.spread.n, row.indices()) == (0, "too_few_values")
    feed(*readings(around(70.0, 98, seed=6), 260.0))
    tick(feed, 365.0)
    assert the_row(feed).indices() == "unproven", "what it signalled before is forgotten, too"


def test_other_limits_hold_for_the_values_there_are() -> None:
    feed = steady()
    before = the_row(feed)
    adopt(feed, ruled(SensorChoice(spec=SpecChoice(upper=71.0), control_chart=PAIRS)))
    tick(feed, 255.0)
    row = the_row(feed)
    assert (row.spec.lower, row.spec.upper) == (None, 71.0)
    assert row.spread == before.spread


@pytest.mark.parametrize(
    "rules",
    [NO_LINE_RULES, ruled(SensorChoice(control_chart=PAIRS)),
     ruled(SensorChoice(spec=SPEC, unit="bar", control_chart=PAIRS))],
    ids=["none", "chart", "another quantity"],
)  # fmt: skip
def test_without_a_specification_there_is_no_row(rules: LineRules) -> None:
    assert rows(steady(rules)) == {}
    feed = steady()
    adopt(feed, rules)
    tick(feed, 255.0)
    assert rows(feed) == {}
    field = SEPARATOR.join(("l1", "m1", "temperature"))
    assert feed.effects.drops[CAPABILITY] == {field}
    feed(*readings(STEADY[:2], 256.0))
    adopt(feed, RULES)
    feed(*readings(STEADY[:2], 260.0))
    tick(feed, 270.0)
    charted = rules != NO_LINE_RULES
    assert (the_row(feed).spread.n > 2) == charted, "a chart that nobody wanted is not gone on with"


def test_a_sensor_that_is_forgotten_takes_its_row_along() -> None:
    rules = ruled(
        machine=MachineChoice(
            sensors=dict.fromkeys("ab", SensorChoice(spec=SPEC, control_chart=PAIRS))
        )
    )
    feed = floor(rules, max_sensors=1)
    feed(*readings(STEADY[:8], 0.0, sensor="a"), *readings(STEADY[:8], 8.0, sensor="b"))
    tick(feed, 20.0)
    assert the_row(feed).sensor == "b"
    assert feed.effects.drops[CAPABILITY] == {SEPARATOR.join(("l1", "m1", "a"))}
    adopt(
        feed, ruled(machine=MachineChoice(sensors={"b": SensorChoice(spec=SpecChoice(upper=71))}))
    )
    tick(feed, 30.0)
    assert the_row(feed).sensor == "b", "and nobody looks for it when other rules hold"


def test_one_that_goes_before_its_row_is_written_is_not_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(capabilities, "AT_ONCE", 1)
    names = "abc"
    rules = ruled(machine=MachineChoice(sensors=dict.fromkeys(names, SensorChoice(spec=SPEC))))
    feed = floor(rules, max_sensors=3)
    feed(*(reading(70.0, 0.1 * n, name) for n, name in enumerate(names)))
    tick(feed, 5.0)
    assert [own.sensor for own in rows(feed).values()] == ["a"]
    feed(reading(70.0, 6.0, "a"), reading(70.0, 6.1, "plain"))  # b was not heard of for longest
    tick(feed, 10.0)
    tick(feed, 15.0)
    assert [own.sensor for own in rows(feed).values()] == ["a", "c"]


def test_rows_are_written_some_at_a_time_and_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capabilities, "AT_ONCE", 2)
    names = "abcde"
    every_look = ChartChoice(size=2, every_s=5.0)
    sensors = dict.fromkeys(names, SensorChoice(spec=SPEC, control_chart=every_look))
    feed = floor(ruled(machine=MachineChoice(sensors=sensors)))
    written = []
    for look in range(5):
        feed.effects.puts.clear()
        start = look * 5.0
        feed(*(reading(70.0 + n, start + n, name) for n in range(2) for name in names))
        tick(feed, start + 5.0)
        assert len(rows(feed)) == 2
        written += [own.sensor for own in rows(feed).values()]
    assert set(written[:6]) == set(written[4:]) == set(names), (
        "each has its turn within three looks"
    )


def test_a_chart_that_does_not_change_is_not_written_again() -> None:
    feed = steady()
    feed.effects.puts.clear()
    feed(*readings(STEADY[:2], 242.0))  # the rest of a stretch that has had its subgroup
    tick(feed, 247.0)
    assert feed.effects.puts.get(CAPABILITY, {}) == {}


@pytest.mark.parametrize(("unit", "lower"), [(None, 340.15), ("K", 340.15), ("Cel", 67.0)])
def test_limits_are_in_the_unit_that_is_said_or_that_the_sensor_sends(
    unit: str | None, lower: float
) -> None:
    rules = ruled(SensorChoice(spec=SpecChoice(lower=lower), unit=unit, control_chart=PAIRS))
    feed = steady(rules, [x + 273.15 for x in STEADY], unit="K")
    row = the_row(feed)
    assert (row.unit, row.spec.upper) == ("Cel", None)
    assert row.spec.lower == pytest.approx(67.0)
    assert row.spread.mean == pytest.approx(70.0, abs=0.2)


def test_another_quantity_ends_the_row() -> None:
    feed = steady()
    feed(*readings([5.0, 5.1, 5.2], 250.0, unit="bar"))
    tick(feed, 260.0)
    assert the_row(feed).unit == "bar", "in whatever it sends, for nobody said a unit"
    assert the_row(feed).spread.n <= 2
    feed = steady(ruled(SensorChoice(spec=SPEC, unit="Cel", control_chart=PAIRS)))
    feed(*readings([5.0, 5.1, 5.2], 250.0, unit="bar"))
    tick(feed, 260.0)
    assert rows(feed) == {}


def test_rows_outlive_a_restart() -> None:
    feed = floor(RULES)
    feed(*readings(STEADY[:120], 0.0))
    restart(feed)
    feed.effects.puts.clear()
    feed(*readings(STEADY[120:], 120.0))
    tick(feed, 250.0)
    assert the_row(feed) == the_row(steady())
    restart(feed)
    adopt(feed, NO_LINE_RULES)
    tick(feed, 260.0)
    assert rows(feed) == {}

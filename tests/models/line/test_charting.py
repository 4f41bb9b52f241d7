"""A sensor's control chart: what it signals, and when that is over."""

from __future__ import annotations

import math

import pytest

from models.line.charting import CHARTS, Charting
from models.line.document import NO_LINE_RULES, AlarmChoice, ChartChoice, LineRules, SensorChoice
from models.line.limits import Judged
from schemas.commands import CallNormal
from tests.models.events import Feed, command
from tests.models.line.floors import (
    AT_ONCE,
    adopt,
    around,
    floor,
    reading,
    readings,
    restart,
    rows,
    ruled,
    shard_of,
    told,
)

CHOICE = ChartChoice(size=2, every_s=4.0)
PHASE_ONE = 25 * 4
"""Seconds that the chart learns for."""


def charted(
    values: list[float], choice: ChartChoice = CHOICE, digit: float = 0.001
) -> list[Judged]:
    """What each subgroup says of samples once a second."""
    charting = Charting(choice)
    taken = (charting.take(float(n), x, digit) for n, x in enumerate(values))
    return [judged for judged in taken if judged is not None]


def test_the_first_samples_of_each_stretch_make_a_subgroup() -> None:
    found = charted([1.0, 3.0, 50.0, 50.0, 2.0, 4.0, 50.0, 50.0, 7.0])
    assert [own.evidence.value for own in found] == [2.0, 3.0]
    assert {own.rule for own in found} == {"out_of_control"}


@pytest.mark.parametrize(("last", "together"), [(54.0, True), (54.1, False)])
def test_samples_far_apart_were_not_taken_together(last: float, *, together: bool) -> None:
    """Twice as far as they would be if they were spread evenly."""
    charting = Charting(ChartChoice(size=5, every_s=60.0))
    taken = [charting.take(at, 1.0, 0.1) for at in (0.0, 10.0, 20.0, 30.0, last)]
    assert taken[:4] == [None] * 4
    assert (taken[4] is not None) == together


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("shift", [4.0, -4.0])
@pytest.mark.parametrize("size", [1, 5])
def test_a_shift_is_found_and_over_once_it_is_in_control_again(
    chart: str, shift: float, size: int
) -> None:
    choice = ChartChoice(chart, size=size, every_s=5.0)
    values = [*around(70.0, 400, 1.0, seed=2), *around(70.0 + shift, 50, 1.0)]
    values += around(70.0, 400, 1.0, seed=3)
    found = charted(values, choice)
    assert not any(own.over or own.under for own in found[:25]), "what is normal is learnt"
    assert not any(own.over for own in found[25:80])
    first = next(own for own in found[80:] if own.over)
    assert found.index(first) < 85
    assert first.evidence.expected == pytest.approx(70.0, abs=0.6)
    if chart in ("western_electric", "nelson"):
        assert (first.evidence.limit, first.evidence.z > 1.0) == (0.0, True), "points are no sigma"
    else:
        assert first.evidence.z > first.evidence.limit > 0
    last = max(n for n, own in enumerate(found) if own.over)
    assert [own.under for own in found[last : last + 26]] == [False] * 25 + [True]


def test_a_signal_that_stands_still_is_never_charted() -> None:
    assert not any(own.over or own.under for own in charted([70.0] * 2000, digit=math.inf))


def test_the_last_digit_is_not_what_varies() -> None:
    """With rounding as sigma a flicker by one digit is a few sigma, and no more."""
    values = [70.0 + 0.1 * (n % 40 == 0) for n in range(800)]
    assert not any(own.over for own in charted(values, digit=0.1))


def test_anew() -> None:
    charting = Charting(CHOICE)
    for n, x in enumerate(around(70.0, 200)):
        charting.take(float(n), x, 0.001)
    assert charting.chart.baseline is not None
    charting.rebaseline()
    assert charting.chart.baseline is None


def test_anew_means_without_the_samples_of_a_subgroup_that_had_begun() -> None:
    charting = Charting(CHOICE)
    assert charting.take(0.0, 70.0, 0.001) is None
    charting.rebaseline()
    assert charting.take(1.0, 20.0, 0.001) is None
    judged = charting.take(2.0, 22.0, 0.001)
    assert judged is not None
    assert judged.evidence.value == 21.0


RULES = ruled(SensorChoice(control_chart=CHOICE))


def test_a_small_shift_is_told_though_no_sample_is_unusual() -> None:
    feed = floor(RULES)
    feed(*readings(around(70.0, 300), 0.0), *readings(around(71.0, 200, seed=2), 300.0))
    assert told(feed)[0] == ("out_of_control", "active")
    alert = feed.sent[0]
    assert alert.priority == "low"
    assert 300.0 < alert.occurred_at.timestamp() % 1000 < 360.0
    assert alert.expected == pytest.approx(70.0, abs=0.2)
    assert alert.value == pytest.approx(71.0, abs=1.5)
    assert "is out of control by its chart (" in alert.text
    assert alert.advice.startswith("Look for a special cause")


def test_one_that_is_out_of_control_does_not_stop_the_others_learning() -> None:
    feed = floor(RULES)
    feed(*readings(around(70.0, 300), 0.0), *readings(around(71.0, 30, seed=2), 300.0))
    sensor = shard_of(feed).machines["l1", "m1"].sensors["temperature"]
    assert sensor.alarms["out_of_control"].present
    assert sensor.quiet


def test_it_is_over_when_nobody_wants_a_chart_any_more() -> None:
    feed = floor(RULES)
    feed(*readings(around(70.0, 300), 0.0), *readings(around(71.0, 60, seed=2), 300.0))
    adopt(feed, NO_LINE_RULES)
    feed(reading(71.0, 360.0))
    assert told(feed, "out_of_control") == [
        ("out_of_control", "active"),
        ("out_of_control", "cleared"),
    ]


def test_another_chart_begins_anew() -> None:
    feed = floor(RULES)
    feed(*readings(around(70.0, 300), 0.0))
    sensor = shard_of(feed).machines["l1", "m1"].sensors["temperature"]
    charting = sensor.charting
    feed(reading(70.0, 300.0))
    assert sensor.charting is charting
    adopt(feed, ruled(SensorChoice(control_chart=ChartChoice("ewma", 2, 4.0))))
    feed(reading(70.0, 301.0))
    assert sensor.charting is not charting
    assert sensor.charting is not None
    assert sensor.charting.choice.chart == "ewma"


def test_called_normal_it_learns_anew_and_its_alarm_ends() -> None:
    feed = floor(RULES)
    feed(*readings(around(70.0, 300), 0.0), *readings(around(71.0, 60, seed=2), 300.0))
    feed(command(CallNormal, 360.0, reason="another material"))
    assert told(feed, "out_of_control")[-1] == ("out_of_control", "cleared")
    feed(*readings(around(71.0, 300, seed=3), 361.0))
    assert len(told(feed, "out_of_control")) == 2


def test_a_chart_outlives_a_restart() -> None:
    def run(*, again: bool) -> list[str]:
        feed = floor(RULES)
        feed(*readings(around(70.0, 203), 0.0))
        if again:
            restart(feed)
        feed(*readings(around(71.0, 100, seed=2), 203.0))
        return [own.alert_id for own in feed.sent]

    assert run(again=True) == run(again=False) != []


@pytest.mark.parametrize("stays", [True, False])
def test_what_is_called_by_other_alarms_is_not_charted(*, stays: bool) -> None:
    """A process that something is known to be wrong with teaches no chart."""
    feed = floor(RULES)
    feed(*readings(around(70.0, 60), 0.0), *readings(around(90.0, 30 if stays else 3), 60.0))
    sensor = shard_of(feed).machines["l1", "m1"].sensors["temperature"]
    assert sensor.charting is not None
    assert sensor.charting.chart.spread.mean == pytest.approx(70.0, abs=1.5)


def test_run_rules_are_told_without_a_limit_in_sigma() -> None:
    choice = SensorChoice(control_chart=ChartChoice("nelson", size=2, every_s=4.0))
    feed = floor(ruled(choice))
    feed(*readings(around(70.0, 300), 0.0), *readings(around(70.7, 200, seed=2), 300.0))
    assert ("out_of_control", "active") in told(feed)
    alert = next(own for own in feed.sent if own.condition == "out_of_control")
    assert alert.text == "l1/m1/temperature is out of control by its chart."
    assert alert.limit == 0.0


def asked(size: int, every_s: float) -> LineRules:
    """A chart of such subgroups, and limits to be in alarm for."""
    return ruled(
        SensorChoice(
            control_chart=ChartChoice(size=size, every_s=every_s),
            limits={"high": 80.0},
            alarms={"limits": AT_ONCE, "anomaly": AlarmChoice(enabled=False)},
        )
    )


def seldom(feed: Feed, start: float, number: int, every: float = 30.0) -> None:
    feed(*(reading(x, start + n * every) for n, x in enumerate(around(70.0, number))))


def test_a_sensor_that_speaks_too_seldom_for_its_chart_is_told_once_and_why() -> None:
    feed = floor(asked(5, 60.0))
    seldom(feed, 0.0, 10)
    assert not told(feed, "not_charted"), "ten subgroups in a row"
    restart(feed)
    seldom(feed, 300.0, 1)
    assert told(feed) == [("not_charted", "noted")]
    restart(feed)
    seldom(feed, 330.0, 200)
    (alert,) = (own for own in feed.sent if own.condition == "not_charted")
    assert (alert.state, alert.sensor, alert.occurrence, alert.priority) == (
        "noted", "temperature", 1, "low",
    )  # fmt: skip
    assert alert.text == (
        "l1/m1/temperature speaks too seldom for its control chart, and is not charted: 5 samples in 60 s "
        "are asked for, and it sends one every 30 s."
    )
    assert alert.advice == (
        "Give its control_chart in the line rules a smaller size or a longer every_s."
    )
    assert not rows(feed), "it is no alarm that stands"
    adopt(feed, asked(4, 60.0))
    seldom(feed, 6660.0, 200)
    numbers = [own.occurrence for own in feed.sent if own.condition == "not_charted"]
    assert numbers == [1, 2], "another chart, another word"


@pytest.mark.parametrize(("size", "every_s"), [(1, 10.0), (3, 75.0), (5, 150.0)])
def test_a_sensor_that_is_charted_now_and_then_is_not_told_of(size: int, every_s: float) -> None:
    feed = floor(asked(size, every_s))
    seldom(feed, 0.0, 400)
    assert not told(feed, "not_charted")


def test_a_sensor_whose_samples_are_not_fit_to_be_charted_is_not_too_slow() -> None:
    feed = floor(asked(5, 6.0))
    for n in range(200):
        quality = "good" if n % 3 == 0 else "uncertain"
        feed(reading(70.0 + n % 2 / 10, float(n), quality=quality))
    charting = shard_of(feed).machines["l1", "m1"].sensors["temperature"].charting
    assert charting is not None
    assert charting.gatherer.incomplete > 20
    assert not told(feed, "not_charted")

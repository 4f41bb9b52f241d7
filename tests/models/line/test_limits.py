"""Limits that somebody set: one alarm for one trouble, in time, and over when it is over."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import pytest

from models.alarms.alarm import Alarm, AlarmSettings
from models.line.document import AlarmChoice, RateChoice, SensorChoice
from models.line.kinds import KINDS
from models.line.limits import judge, judge_rate
from models.line.plans import Limit, Plans, Rate
from tests.models.events import Feed, state
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

HOUR = 3600
SPAN = (0.0, 200.0)
AT = 100.0


def hour_on_the_limit(
    kind: str, noise: float, seed: int, *, sigma: float, rule: str = "high"
) -> int:
    """Return how often the alarm of a limit comes within an hour at 1 Hz on the limit itself."""
    own = KINDS[kind]
    limit = Limit(rule, AT, own.deadband * (SPAN[1] - SPAN[0]), rule == "high")  # type: ignore[arg-type]
    settings = AlarmSettings(on_delay_s=own.delay_s, off_delay_s=own.delay_s)
    alarm, rng = Alarm(), random.Random(seed)
    for n in range(HOUR):
        judged = judge(limit, rng.gauss(AT, noise), sigma, AT)
        alarm.step(float(n), settings, over=judged.over, under=judged.under)
        alarm.pass_time(float(n), settings)
    return alarm.occurrence


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.01, 0.3, 1.0, 5.0])
def test_noise_on_a_limit_makes_one_alarm_at_most(kind: str, share: float) -> None:
    noise = share * max(KINDS[kind].deadband, 0.01) * (SPAN[1] - SPAN[0])
    for seed in range(3):
        rule = "low" if seed == 1 else "high"
        assert hour_on_the_limit(kind, noise, seed, sigma=noise, rule=rule) <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_so_does_noise_that_nothing_is_known_of_yet(kind: str) -> None:
    deadband = KINDS[kind].deadband * (SPAN[1] - SPAN[0])
    for share in (0.01, 0.3, 5.0):
        assert hour_on_the_limit(kind, share * deadband, 4, sigma=0.0) <= 1


@pytest.mark.parametrize(
    ("kind", "noise", "known"),
    [
        ("temperature", 0.5, True), ("flow", 12.0, True),
        ("vibration", 20.0, False), ("other", 3.0, True),
    ],
)  # fmt: skip
def test_a_floor_on_a_limit_for_half_an_hour(kind: str, noise: float, *, known: bool) -> None:
    choice = SensorChoice(kind=kind, span=SPAN, limits={"high": AT})
    feed = floor(ruled(choice))
    if known:
        feed(*readings(around(AT - 60.0, 200, noise / 4), 0.0))
    feed(*readings(around(AT, HOUR // 2, noise, seed=3), 200.0))
    assert told(feed, "high").count(("high", "active")) <= 1


@pytest.mark.parametrize("interval", [5.0, 60.0])
def test_so_does_a_sensor_that_speaks_seldom(interval: float) -> None:
    limit, alarm, rng = Limit("high", AT, 0.0, True), Alarm(), random.Random(2)
    settings = AlarmSettings(on_delay_s=10.0, off_delay_s=10.0)
    for n in range(int(HOUR / interval)):
        judged = judge(limit, rng.gauss(AT, 1.0), 1.0, AT)
        alarm.step(n * interval, settings, over=judged.over, under=judged.under)
    assert alarm.occurrence == 1


def test_clearly_above_it_is_told_after_the_delay_and_clearly_back_it_clears() -> None:
    feed = floor(
        ruled(SensorChoice(kind="flow", span=SPAN, limits={"high": AT, "high_high": 150.0}))
    )
    feed(*readings(around(70.0, 60), 0.0))
    feed(*readings(around(110.0, 15), 60.0))
    assert not told(feed, "high"), "14 seconds are not 15"
    feed(*readings(around(110.0, 25), 75.0))
    (alert,) = (alert for alert in feed.sent if alert.condition == "high")
    assert (alert.state, alert.priority, alert.limit, alert.unit) == ("active", "medium", AT, "Cel")
    assert alert.value == pytest.approx(110.0, abs=2.0)
    assert alert.since.timestamp() % 100 == 75
    assert "is above its high limit (1" in alert.text
    assert "Cel, limit 100)" in alert.text
    feed(*readings(around(95.0, 120), 100.0))
    assert told(feed, "high") == [("high", "active")], "within the deadband it is not over"
    feed(*readings(around(70.0, 15), 220.0))
    assert told(feed, "high") == [("high", "active")], "nor before the off-delay"
    feed(*readings(around(70.0, 2), 235.0))
    assert told(feed, "high") == [("high", "active"), ("high", "cleared")]
    assert not told(feed, "high_high")


@pytest.mark.parametrize("rule", ["low", "low_low"])
def test_below_goes_the_other_way(rule: str) -> None:
    feed = floor(ruled(SensorChoice(limits={rule: 10.0}, alarms={"all": AT_ONCE})))
    feed(*readings([20.0, 10.001, 10.0, 9.0, 10.0, 10.05, 30.0], 0.0))
    assert told(feed) == [(rule, "active"), (rule, "cleared")]
    assert feed.sent[0].value == 10.0, "at the limit is beyond it"
    assert feed.sent[0].priority == ("high" if rule == "low_low" else "medium")


def test_a_delay_ends_also_if_the_sensor_falls_silent_meanwhile() -> None:
    feed = floor(ruled(SensorChoice(kind="level", limits={"high": 80.0})))
    feed(*readings(around(70.0, 60), 0.0), reading(81.0, 60.0))
    tick(feed, 119.0)
    assert not told(feed, "high")
    tick(feed, 120.0)
    (alert,) = (alert for alert in feed.sent if alert.condition == "high")
    assert (alert.value, alert.limit, alert.priority) == (81.0, 80.0, "medium")
    feed(reading(20.0, 121.0))
    tick(feed, 179.0)
    assert len(told(feed, "high")) == 1
    tick(feed, 182.0)
    assert len(told(feed, "high")) == 1, "one sample is few"
    tick(feed, 720.0)
    assert len(told(feed, "high")) == 1
    tick(feed, 726.0)
    assert told(feed, "high") == [("high", "active"), ("high", "cleared")]


def test_a_delay_is_of_the_sensors_own_time_however_late_its_samples_come() -> None:
    """One gateway's clock is two minutes behind that of the others: spikes of a second are no minute."""
    feed = floor(ruled(SensorChoice(kind="level", limits={"high": 80.0})))
    for n, x in enumerate(around(70.0, 200)):
        feed(
            reading(x, 120.0 + n, machine="m2"),
            reading(85.0 if n % 5 == 4 and 60 < n < 195 else x, float(n)),
        )
    assert not told(feed, "high")
    feed(*(reading(90.0, 200.0 + n) for n in range(60)))
    assert not told(feed, "high"), "beyond it for 59 seconds"
    feed(reading(90.0, 260.0))
    assert told(feed, "high") == [("high", "active")]


def test_a_delay_does_not_go_on_while_the_machine_stands_still() -> None:
    feed = floor(ruled(SensorChoice(kind="level", limits={"high": 80.0})))
    feed(*readings(around(70.0, 60), 0.0), reading(81.0, 60.0))
    feed(state("stopped", 61.0), state("running", 5000.0))
    tick(feed, 5010.0)
    feed(*readings(around(70.0, 30), 5011.0))
    assert not told(feed, "high"), "nobody saw it beyond its limit for a minute"


def test_what_changed_while_the_machine_stood_still_is_no_fast_change() -> None:
    feed = floor(ruled(SensorChoice(rate=RateChoice(per_min=5.0), alarms={"all": AT_ONCE})))
    feed(*readings(around(70.0, 60, 0.01), 0.0))
    feed(state("stopped", 60.0), state("running", 80.0))
    feed(*readings(around(60.0, 60, 0.01), 80.0))
    assert not told(feed, "rate")


CALM: dict[str, list[float | None]] = {
    "constant": [70.0] * 300,
    "stuck": [*around(70.0, 100), *[70.5] * 15],
    "nothing": [*around(70.0, 100), *[None] * 4, *around(70.0, 50, seed=2)],
    "first after warm-up": [*around(70.0, 34)],
}


@pytest.mark.parametrize("limited", [False, True])
@pytest.mark.parametrize("name", CALM)
def test_nothing_false_is_told(name: str, *, limited: bool) -> None:
    feed = floor(ruled(SMALL) if limited else ruled())
    feed(*readings(CALM[name], 0.0))
    restart(feed)
    again = readings(CALM[name], 0.0)[-20:]
    assert set(feed(*again)) == {"duplicate"}
    tick(feed, float(len(CALM[name])) + 20.0)
    assert told(feed) == []


SMALL = SensorChoice(
    limits={"low_low": 10.0, "low": 60.0, "high": 80.0, "high_high": 95.0},
    rate=RateChoice(per_min=60.0),
    alarms={"all": AT_ONCE},
)


@pytest.mark.parametrize("limited", [False, True])
def test_bad_quality_beyond_a_limit_is_no_value(*, limited: bool) -> None:
    feed = floor(ruled(SMALL) if limited else ruled())
    feed(*readings(around(70.0, 100), 0.0))
    feed(*(reading(500.0, 100.0 + n, quality="bad") for n in range(4)), *readings([70.1], 104.0))
    feed(*(reading(500.0, 105.0 + n, quality="0") for n in range(5)))
    assert told(feed) == [("bad_quality", "active")]


def test_a_restart_in_the_midst_of_a_delay_changes_nothing() -> None:
    rules = ruled(SensorChoice(kind="flow", limits={"high": 80.0}, rate=RateChoice(per_min=90.0)))
    values = readings([*around(70.0, 60), *around(90.0, 60), *around(70.0, 60)], 0.0)
    whole = floor(rules)
    whole(*values)
    assert told(whole, "high") == [("high", "active"), ("high", "cleared")]
    for cut in (65, 90, 130):
        feed = floor(rules)
        feed(*values[:cut])
        restart(feed)
        feed(*values[cut:])
        assert [alert.alert_id for alert in feed.sent] == [alert.alert_id for alert in whole.sent]


def test_repeats_neither_count_for_a_delay_nor_raise_twice() -> None:
    feed = floor(
        ruled(SensorChoice(limits={"high": 80.0}, alarms={"all": AlarmChoice(on_delay_s=5)}))
    )
    over = reading(81.0, 10.0)
    assert feed(over, over, over)[1:] == ["duplicate", "duplicate"]
    assert not feed.sent


def test_a_uncertain_value_beyond_a_limit_counts() -> None:
    feed = floor(ruled(SMALL))
    feed(reading(99.0, 0.0, quality="uncertain"))
    assert set(told(feed)) == {("high", "active"), ("high_high", "active")}


def ramp(feed: Feed, per_min: float, number: int, start: float) -> None:
    feed(*readings((70.0 + per_min / 60.0 * n + 0.1 * (n % 3) for n in range(number)), start))


def test_a_rate_of_change_has_a_sign_and_a_size() -> None:
    choice = SensorChoice(rate=RateChoice(per_min=30.0, over_s=60.0), alarms={"all": AT_ONCE})
    for per_min in (60.0, -60.0):
        feed = floor(ruled(choice))
        ramp(feed, per_min, 60, 0.0)
        (alert,) = (alert for alert in feed.sent if alert.condition == "rate")
        assert alert.expected == pytest.approx(per_min, rel=0.05)
        assert alert.limit == 30.0
        assert f"changes too fast ({alert.expected:.4g} Cel a minute, limit 30)" in alert.text
        last = 70.0 + per_min
        feed(*readings(around(last, 120, 0.1), 60.0))
        assert told(feed, "rate") == [("rate", "active"), ("rate", "cleared")]


def test_a_rate_between_its_limit_and_its_deadband_changes_nothing() -> None:
    rate = Rate(1.0, 60.0)
    judged = [judge_rate(rate, per_s, 0.0) for per_s in (1.0, -1.0, 0.9, -0.9, 0.79, -0.79)]
    assert [(own.over, own.under) for own in judged] == [
        (True, False), (True, False), (False, False), (False, False), (False, True), (False, True),
    ]  # fmt: skip


def test_another_kind_of_quantity_is_no_fast_change() -> None:
    feed = floor(ruled(SensorChoice(rate=RateChoice(per_min=30.0), alarms={"all": AT_ONCE})))
    feed(*readings(around(70.0, 60), 0.0))
    feed(*readings(around(5.0, 60, 0.01), 60.0, unit="bar"))
    assert not told(feed, "rate")


@pytest.mark.parametrize("above", [True, False])
def test_a_deadband_is_three_sigma_but_what_is_usual_is_always_back(*, above: bool) -> None:
    sign = 1.0 if above else -1.0

    def clears_at(usual: float, sigma: float, deadband: float = 0.0) -> float:
        """How far below the limit (above it, for a low one) a value is clearly back."""
        limit = Limit("high" if above else "low", 100.0, deadband, above)
        tried = [n / 10 for n in range(1, 1000)]
        return next(own for own in tried if judge(limit, 100.0 - sign * own, sigma, usual).under)

    assert clears_at(100.0 - sign * 50.0, 1.0) == 3.1
    assert clears_at(100.0 - sign * 50.0, 1.0, deadband=7.0) == 7.1
    assert clears_at(100.0 - sign * 50.0, 30.0) == 50.1, "and not at ninety"
    assert clears_at(100.0, 4.0) == clears_at(100.0 + sign * 9.0, 4.0) == 12.1
    assert clears_at(0.0, 0.0) == 0.1
    said = Limit("high", 100.0, 2.0, True, exact=True)
    assert not judge(said, 98.0, 5.0, 50.0).under
    assert judge(said, 97.9, 5.0, 50.0).under, "somebody said so"


def test_a_sensor_that_swings_widely_comes_back_from_its_limit() -> None:
    """A compressor goes from 20 to 80 and back all day; three sigma below 82 is less than 20."""
    swing = [50.0 + 30.0 * math.sin(n / 9.0) + x for n, x in enumerate(around(0.0, 700, 0.3))]
    feed = floor(ruled(SensorChoice(limits={"high": 82.0}, alarms={"limits": AT_ONCE})))
    feed(*readings(swing[:500], 0.0), *readings([85.0, 86.0], 500.0))
    assert told(feed, "high") == [("high", "active")]
    feed(*readings(swing[502:], 502.0))
    assert told(feed, "high") == [("high", "active"), ("high", "cleared")]


def test_a_limit_of_another_quantity_is_not_compared() -> None:
    feed = floor(ruled(SensorChoice(unit="K", limits={"high": 350.0}, alarms={"limits": AT_ONCE})))
    feed(*readings(around(80.0, 20, 0.1), 0.0, unit="bar"))
    assert not told(feed, "high")


def test_limits_are_removed_and_their_alarms_end() -> None:
    feed = floor(ruled(SMALL))
    feed(*readings([70.0, 99.0, 99.5], 0.0))
    assert set(told(feed)) == {("high", "active"), ("high_high", "active")}
    adopt(feed, ruled(SensorChoice(limits={"high": 80.0}, alarms={"all": AT_ONCE})))
    feed(reading(99.0, 3.0))
    assert told(feed)[2:] == [("high_high", "cleared")]
    tick(feed, 10.0)
    adopt(feed, ruled())
    tick(feed, 15.0)
    assert told(feed)[3:] == [("high", "cleared")], "also if the sensor says nothing any more"


def test_a_limit_that_is_removed_while_its_delay_runs_never_comes() -> None:
    feed = floor(ruled(SensorChoice(kind="level", limits={"high": 80.0})))
    feed(*readings(around(70.0, 100), 0.0), reading(81.0, 100.0))
    adopt(feed, ruled())
    for at in range(105, 200, 5):
        tick(feed, float(at))
    feed(*readings(around(70.0, 60), 200.0))
    assert not told(feed, "high")
    sensor = shard_of(feed).machines["l1", "m1"].sensors["temperature"]
    assert sensor.alarms["high"].quiet, "or nothing would be learnt any more"
    assert not sensor.alarms["high"].occurrence


@pytest.mark.parametrize("phi", [0.0, 0.7])
@pytest.mark.parametrize("off", [-1.0, -0.5, 0.5, 1.0])
def test_noise_near_a_limit_makes_one_alarm_and_no_more(off: float, phi: float) -> None:
    """Within a sigma of the limit, on either side, for a quarter of an hour."""
    limited = SensorChoice(
        kind="vibration", limits={"high": 80.0}, alarms={"anomaly": AlarmChoice(enabled=False)}
    )
    feed, rng, x = floor(ruled(limited)), random.Random(3), 0.0
    values = []
    for n in range(1200):
        x = phi * x + math.sqrt(1.0 - phi * phi) * rng.gauss(0.0, 1.0)
        values.append(round((75.0 if n < 300 else 80.0 + off) + x, 3))
    feed(*readings(values, 0.0))
    assert told(feed, "high") == [("high", "active")]


def usual_alarm(unit: str) -> AlarmSettings:
    rules = ruled(SensorChoice(limits={"high": 100.0}))
    return Plans(rules).sensor("l1", "m1", "temperature", unit).limit_alarm


def remembering(phi: float, seed: int) -> Iterator[float]:
    """Make noise of one sigma, each value remembering ``phi`` of the last one."""
    rng, x = random.Random(seed), 0.0
    while True:
        x = phi * x + math.sqrt(1.0 - phi * phi) * rng.gauss(0.0, 1.0)
        yield x


@pytest.mark.parametrize("unit", ["Cel", "1"])
@pytest.mark.parametrize(
    ("interval", "phi"),
    [
        (0.5, 0.99), (1.0, 0.9), (1.0, 0.99), (10.0, 0.0), (10.0, 0.9), (60.0, 0.0), (60.0, 0.9),
        (300.0, 0.0), (900.0, 0.0), (900.0, 0.9),
    ],
)  # fmt: skip
def test_noise_close_to_a_limit_makes_one_alarm_an_hour_at_most(
    unit: str, interval: float, phi: float
) -> None:
    """A plain limit, and the mean up to three sigma below it; over many hours, for it is chance."""
    settings, hours = usual_alarm(unit), 4 if interval < 10.0 else 24
    limit = Limit("high", 0.0, 0.0, True)
    for below in (0.0, 1.0, 1.2, 1.5, 2.0, 3.0):
        came = 0
        for seed in range(2):
            alarm = Alarm()
            for n, x in zip(
                range(int(hours * HOUR / interval)), remembering(phi, seed), strict=False
            ):
                alarm.pass_time(n * interval - 0.01, settings)
                judged = judge(limit, x - below, 1.0, -below)
                alarm.step(n * interval, settings, over=judged.over, under=judged.under)
            came += alarm.occurrence
        assert came <= 2 * hours


@pytest.mark.parametrize(
    ("interval", "below", "within"),
    [(1.0, 8.0, 65.0), (10.0, 8.0, 80.0), (60.0, 8.0, 190.0), (1.0, 3.0, 7200.0)],
)
def test_what_goes_back_to_normal_is_over_soon(
    interval: float, below: float, within: float
) -> None:
    """Up by that and three sigma more for 20 samples, then back to what is usual."""
    settings, limit = usual_alarm("Cel"), Limit("high", 0.0, 0.0, True)
    alarm, rng = Alarm(), random.Random(5)
    at = back = 0.0
    up = max(20, int(200.0 / interval))
    for n in range(2 * up + int(7300.0 / interval)):
        at = n * interval
        x = rng.gauss(3.0 if up <= n < 2 * up else -below, 1.0)
        judged = judge(limit, x, 1.0, -below)
        alarm.step(at, settings, over=judged.over, under=judged.under)
        if n == 2 * up - 1:
            back = at
            assert alarm.present
        if back and not alarm.present:
            break
    assert not alarm.present
    assert at - back <= within

"""What operators say of alarms, and what becomes of it, on a floor."""

from __future__ import annotations

import random
from itertools import count
from typing import Any

import msgspec
import pytest

from models.alarms.alarm import AlarmSettings
from models.alarms.kpi import kpis
from models.effects import Origin
from models.line.annunciator import STANDING
from models.line.document import (
    NO_LINE_RULES,
    AlarmChoice,
    LineChoice,
    LineRules,
    MachineChoice,
    RunningChoice,
    SensorChoice,
)
from models.line.telling import Place, alarm_id
from models.view import LINE_RULES, View, encode
from schemas.commands import (
    Acknowledge,
    CallNormal,
    PutIntoService,
    Shelve,
    TakeOutOfService,
    Unshelve,
)
from schemas.decoding import Reject
from schemas.outputs import Alert
from tests.models.events import T0, Feed, command, state
from tests.models.line.floors import (
    adopt,
    around,
    floor,
    reading,
    readings,
    restart,
    rows,
    ruled,
    shard_of,
    states,
    tick,
    told,
)

WARM = 100
_offsets = count(10**6)
HIGH = Place("l1", "m1", "temperature")
ASKED = AlarmChoice(acknowledge=True, on_delay_s=0.0, off_delay_s=0.0)
ASKED_ON = AlarmChoice(enabled=True, acknowledge=True, on_delay_s=0.0, off_delay_s=0.0)
OFF = AlarmChoice(enabled=False)
SIMPLE = AlarmChoice(on_delay_s=0.0, off_delay_s=0.0)


def limited(choice: AlarmChoice = SIMPLE, **limits: float) -> LineRules:
    """Rules of a sensor whose limits behave so; neither unusual values nor silence are an alarm."""
    return ruled(
        SensorChoice(
            limits=limits or {"high": 80.0},
            alarms={"limits": choice, "anomaly": OFF, "stale": OFF},
        )
    )


def warm(rules: LineRules | None = None) -> Feed:
    feed = floor(limited() if rules is None else rules)
    feed(*readings(around(70.0, WARM), 0.0))
    assert not feed.sent
    return feed


def raised(choice: AlarmChoice = SIMPLE) -> Feed:
    """A floor where the high limit has been broken since 100."""
    feed = warm(limited(choice))
    feed(*readings([85.0, 85.2], WARM))
    assert told(feed) == [("high", "active")]
    return feed


def last(feed: Feed) -> Alert:
    found = feed.sent[-1]
    assert isinstance(found, Alert)
    return found


def moment_of(alert: Alert) -> float:
    assert alert.until is not None
    return alert.until.timestamp() - T0


WHICH: list[dict[str, Any]] = [
    {"alarm_id": alarm_id(HIGH, "high")},
    {"alarm_id": alarm_id(HIGH, "high"), "sensor": "temperature"},
    {"sensor": "temperature"},
    {},
]


@pytest.mark.parametrize("which", WHICH)
def test_acknowledged(which: dict[str, Any]) -> None:
    feed = raised(ASKED)
    assert feed(command(Acknowledge, 103.0, reason="on my way", **which)) == ["accepted"]
    alert = last(feed)
    assert (alert.state, alert.by, alert.reason) == ("acknowledged", "kim", "on my way")
    assert (alert.condition, alert.value, alert.limit) == ("high", 85.0, 80.0)
    assert alert.text.endswith("; acknowledged.")
    assert alert.occurred_at.timestamp() == T0 + 103.0
    feed(*readings([70.0], 104.0))
    assert (last(feed).state, last(feed).by) == ("cleared", None)
    assert rows(feed) == set()


@pytest.mark.parametrize("which", WHICH)
def test_nothing_is_acknowledged_before_it_came(which: dict[str, Any]) -> None:
    feed = raised(ASKED)
    feed(*readings([70.0], 102.0), *readings([85.0, 85.0], 700.0))
    assert told(feed, "high")[-1] == ("high", "active")
    (refused,) = feed(command(Acknowledge, 639.0, event_id="old", **which))
    assert isinstance(refused, Reject)
    assert (refused.reason, refused.where) == ("unknown_alarm", "$.occurred_at")
    assert (
        "came at 2027-01-15T08:11:40Z or later, but it is of 2027-01-15T08:10:39Z"
        in refused.message
    )
    assert last(feed).state == "active"
    (refused,) = feed(command(Acknowledge, 639.0, event_id="old", **which))
    assert isinstance(refused, Reject), "nor when it is sent again"
    assert feed(command(Acknowledge, 640.0, **which)) == ["accepted"], "a clock a minute behind"
    assert last(feed).state == "acknowledged"


def test_of_a_machine_what_was_there_is_acknowledged_and_the_rest_calls_on() -> None:
    rules = ruled(
        machine=MachineChoice(
            sensors={
                name: SensorChoice(limits={"high": 80.0}, alarms={"all": OFF, "high": ASKED_ON})
                for name in ("a", "b")
            }
        )
    )
    feed = floor(rules)
    feed(reading(85.0, 0.0, "a"), reading(85.0, 300.0, "b"))
    assert feed(command(Acknowledge, 100.0)) == ["accepted"]
    assert [(own.sensor, own.state) for own in feed.sent] == [
        ("a", "active"), ("b", "active"), ("a", "acknowledged"),
    ]  # fmt: skip
    (refused,) = feed(command(Acknowledge, 101.0))
    assert isinstance(refused, Reject), "all that waits for it came later"
    assert feed(command(Acknowledge, 102.0, sensor="a")) == ["accepted"], "nothing waits for it"


@pytest.mark.parametrize("ahead", [-250.0, 250.0])
def test_a_sensor_whose_clock_is_wrong_can_be_acknowledged(ahead: float) -> None:
    """The alarm came at the wrong time, too; what an operator says is of the right one."""
    feed = floor(limited(ASKED))
    for n in range(20):
        arrived = Origin("sensors", 0, 10**6 + n, T0 + 1000.0 + n)
        feed.effects.begin(arrived)
        feed.shard.accept(reading(1.0, 1000.0 + n, machine="m2"), arrived, feed.effects)
        value = 85.0 if n == 19 else 70.0
        feed.shard.accept(reading(value, 1000.0 + n + ahead), arrived, feed.effects)
    assert last(feed).since.timestamp() == T0 + 1019.0 + ahead
    (refused,) = feed(command(Acknowledge, 1019.0 + min(ahead, 0.0) - 61.0))
    assert isinstance(refused, Reject)
    assert feed(command(Acknowledge, 1021.0)) == ["accepted"]
    assert last(feed).state == "acknowledged"


def test_a_whole_machines_alarm_is_not_acknowledged_before_it_came() -> None:
    feed = floor(limited(ASKED))
    feed(reading(70.0, 0.0))
    machine = shard_of(feed).machines["l1", "m1"]
    machine.alarm.step(T0 + 500.0, AlarmSettings(), over=True, under=False)
    (refused,) = feed(command(Acknowledge, 400.0))
    assert isinstance(refused, Reject)
    assert feed(command(Acknowledge, 501.0)) == ["accepted"]
    assert machine.alarm.acked


@pytest.mark.parametrize("which", WHICH)
def test_shelved_and_over_by_time(which: dict[str, Any]) -> None:
    feed = raised()
    feed(command(Shelve, 103.0, for_s=60.0, reason="cleaning", **which))
    (alert,) = (own for own in feed.sent if own.state == "shelved" and own.condition == "high")
    assert (alert.by, alert.reason, moment_of(alert)) == ("kim", "cleaning", 163.0)
    assert "is above its high limit (85 Cel, limit 80), shelved until" in alert.text
    feed(*readings([85.0] * 10, 104.0))
    tick(feed, 162.0)
    assert told(feed, "high") == [("high", "active"), ("high", "shelved")]
    tick(feed, 166.0)
    alert = next(own for own in reversed(feed.sent) if own.condition == "high")
    assert (alert.state, alert.by, alert.until) == ("active", None, None)
    assert (alert.occurrence, alert.priority) == (1, "medium")
    feed(*readings([70.0], 167.0))
    assert rows(feed) == set()


@pytest.mark.parametrize("which", WHICH)
@pytest.mark.parametrize(
    ("on", "off", "how"),
    [
        (Shelve, Unshelve, "shelved"),
        (TakeOutOfService, PutIntoService, "out_of_service"),
    ],
)
def test_kept_quiet_and_back_early(which: dict[str, Any], on: Any, off: Any, how: str) -> None:
    feed = raised()
    more: dict[str, Any] = {"for_s": 600.0} if on is Shelve else {}
    feed(command(on, 103.0, reason="repair", **more, **which))
    assert told(feed, "high")[-1] == ("high", how)
    assert (last(feed).by, last(feed).reason) == ("kim", "repair")
    feed(*readings([85.0, 70.0, 85.0], 104.0))
    assert told(feed, "high")[-1] == ("high", how), "it comes and goes unheard"
    feed(command(off, 110.0, by="sam", **which))
    found = [own for own in feed.sent if own.condition == "high"]
    assert [own.state for own in found] == ["active", how, "active"]
    assert (found[-1].by, found[-1].reason, found[-1].occurrence) == ("sam", None, 2)
    assert rows(feed) == {alarm_id(HIGH, "high")}


def test_out_of_service_does_not_end_by_time() -> None:
    feed = raised()
    feed(command(TakeOutOfService, 103.0, alarm_id=alarm_id(HIGH, "high"), reason="away"))
    assert last(feed).text == "l1/m1/temperature is out of service."
    tick(feed, 30 * 86_400.0)
    assert told(feed, "high") == [("high", "active"), ("high", "out_of_service")]


def test_shelved_anew_until_another_time() -> None:
    feed = raised()
    which = {"alarm_id": alarm_id(HIGH, "high"), "reason": "cleaning"}
    feed(command(Shelve, 103.0, for_s=60.0, **which), command(Shelve, 110.0, for_s=60.0, **which))
    assert [moment_of(own) for own in feed.sent[1:]] == [163.0, 170.0]
    feed(command(Shelve, 110.0, for_s=60.0, **which))
    assert len(feed.sent) == 3, "the same again is nothing new"
    tick(feed, 166.0)
    assert len(feed.sent) == 3
    tick(feed, 170.0)
    assert last(feed).state == "active"


def test_what_is_shelved_before_it_ever_came_says_nothing_of_being_wrong() -> None:
    feed = warm()
    feed(command(Shelve, 100.0, for_s=60.0, reason="cleaning", alarm_id=alarm_id(HIGH, "high")))
    alert = last(feed)
    assert (alert.state, alert.occurrence, moment_of(alert)) == ("shelved", 0, 160.0)
    assert "above its high limit" not in alert.text, "it is not"
    assert alert.text.startswith("l1/m1/temperature is shelved until ")
    assert alert.priority == "medium"
    tick(feed, 165.0)
    assert told(feed) == [("high", "shelved"), ("high", "cleared")]
    assert rows(feed) == set()


@pytest.mark.parametrize("way", ["time", "unshelve", "service", "sample", "seen"])
def test_what_comes_while_it_is_kept_quiet_is_told_in_full_afterwards(way: str) -> None:
    feed = warm(limited(high_high=80.0))
    which = {"sensor": "temperature"}
    if way == "service":
        feed(command(TakeOutOfService, 100.0, reason="repair", **which))
    else:
        feed(command(Shelve, 100.0, for_s=60.0, reason="cleaning", **which))
    feed(*readings([85.0, 86.0], 101.0))
    assert not told(feed, "high_high")
    if way == "seen":
        feed(command(Acknowledge, 104.0))
    if way in ("time", "seen"):
        tick(feed, 165.0)
    elif way == "sample":
        feed(reading(86.0, 160.0))
    else:
        feed(command(PutIntoService if way == "service" else Unshelve, 105.0, **which))
    alert = next(own for own in reversed(feed.sent) if own.condition == "high_high")
    assert alert.state == ("acknowledged" if way == "seen" else "active")
    assert (alert.priority, alert.limit) == ("high", 80.0)
    assert alert.value == 86.0
    assert "(86 Cel, limit 80)" in alert.text
    assert feed.shard.report()["alarms", "high"] == 1


@pytest.mark.parametrize("kind", [Acknowledge, Unshelve, PutIntoService])
@pytest.mark.parametrize(
    "which", [{}, {"sensor": "temperature"}, {"alarm_id": alarm_id(HIGH, "low")}]
)
def test_what_never_was_is_not_told(kind: Any, which: dict[str, Any]) -> None:
    feed = warm()
    assert feed(command(kind, 101.0, **which)) == ["accepted"]
    assert not feed.sent
    feed(reading(85.0, 102.0))
    assert told(feed) == [("high", "active")], "nor is it seen before it comes"


def test_a_whole_sensor_shelved_is_told_once() -> None:
    feed = warm()
    feed(command(Shelve, 101.0, for_s=10.0, reason="cleaning", sensor="temperature"))
    assert told(feed) == [("deviation", "shelved")]
    feed(reading(85.0, 102.0), reading(70.0, 103.0))
    tick(feed, 115.0)
    assert [what for what in told(feed) if what[0] == "deviation"][1:] == [("deviation", "cleared")]
    assert rows(feed) == set()


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"machine": "m9"}, "$.machine"),
        ({"line": "l9"}, "$.machine"),
        ({"sensor": "pressure"}, "$.sensor"),
        ({"alarm_id": "nothing-like-it"}, "$.alarm_id"),
        ({"alarm_id": alarm_id(Place("l1", "m2", "temperature"), "high")}, "$.alarm_id"),
        ({"alarm_id": alarm_id(Place("l1", None, None), "flood:0")}, "$.alarm_id"),
        ({"alarm_id": alarm_id(HIGH, "high"), "sensor": "speed"}, "$.alarm_id"),
        ({"machine": "m9", "sensor": "temperature"}, "$.sensor"),
    ],
)
@pytest.mark.parametrize(
    ("kind", "own"), [(Acknowledge, {}), (Shelve, {"for_s": 9.0, "reason": "x"}), (Unshelve, {})]
)
def test_what_is_not_known_is_refused(
    kind: Any, own: dict[str, Any], more: dict[str, Any], path: str
) -> None:
    feed = raised(ASKED)
    feed(reading(1.0, 102.0, "speed"))
    (refused,) = feed(command(kind, 103.0, event_id="x", **own, **more))
    assert isinstance(refused, Reject)
    assert (refused.reason, refused.where) == ("unknown_alarm", path)
    assert len(feed.sent) == 1
    (again,) = feed(command(kind, 103.0, event_id="x", **own, **more))
    assert isinstance(again, Reject), "a refused one is not seen: mended, it may come again"


def test_a_command_that_comes_twice_is_carried_out_once() -> None:
    feed = raised(ASKED)
    own = command(Acknowledge, 103.0, event_id="x")
    assert feed(own, own) == ["accepted", "duplicate"]
    feed(command(Acknowledge, 104.0))
    assert told(feed) == [("high", "active"), ("high", "acknowledged")]


def test_what_stands_acknowledged_for_too_long_calls_again() -> None:
    feed = raised(AlarmChoice(acknowledge=True, realarm_s=60.0, on_delay_s=0.0, off_delay_s=0.0))
    feed(command(Acknowledge, 110.0))
    feed(*readings(around(85.0, 40), 111.0))
    tick(feed, 169.0)
    assert told(feed)[1:] == [("high", "acknowledged")]
    tick(feed, 170.0)
    assert told(feed)[2:] == [("high", "active")]
    assert (last(feed).occurrence, last(feed).by) == (1, None)
    assert feed.shard.report()["alarms", "activated_medium"] == 1, "it did not come again"
    feed(command(Acknowledge, 180.0))
    tick(feed, 239.0)
    assert last(feed).state == "acknowledged"


def test_latched_it_waits_for_somebody() -> None:
    feed = raised(AlarmChoice(latched=True, on_delay_s=0.0, off_delay_s=0.0))
    feed(*readings(around(70.0, 60), 103.0))
    assert told(feed) == [("high", "active")]
    assert rows(feed) == {alarm_id(HIGH, "high")}
    feed(command(Acknowledge, 170.0))
    assert told(feed)[1:] == [("high", "cleared")]
    assert (last(feed).by, rows(feed)) == ("kim", set())


def test_over_but_never_acknowledged_it_still_has_its_row() -> None:
    feed = raised(ASKED)
    feed(*readings([70.0], 103.0))
    assert last(feed).state == "returned"
    assert rows(feed) == {alarm_id(HIGH, "high")}
    feed(command(Acknowledge, 104.0))
    assert (last(feed).state, rows(feed)) == ("cleared", set())


@pytest.mark.parametrize("which", [{}, {"sensor": "temperature"}])
def test_what_is_now_is_normal(which: dict[str, Any]) -> None:
    feed = floor()
    feed(*readings(around(70.0, 200), 0.0), *readings(around(90.0, 20), 200.0))
    assert told(feed) == [("deviation", "active")]
    feed(command(CallNormal, 220.0, reason="another recipe", **which))
    alert = last(feed)
    assert (alert.state, alert.by, alert.reason) == ("cleared", "kim", "another recipe")
    assert alert.text.endswith("from now on that is normal.")
    assert rows(feed) == set()
    feed(*readings(around(90.0, 200, seed=2), 221.0))
    assert len(feed.sent) == 2
    feed(*readings(around(70.0, 20), 421.0))
    assert told(feed)[2:] == [("deviation", "active")]
    assert last(feed).expected == pytest.approx(90.0, abs=1.0)


def test_calling_normal_ends_no_limit() -> None:
    feed = raised()
    feed(command(CallNormal, 103.0, reason="another recipe"))
    assert told(feed) == [("high", "active")]


def test_a_shelf_ends_also_while_the_machine_stands_still() -> None:
    feed = raised()
    feed(command(Shelve, 103.0, for_s=60.0, reason="cleaning", alarm_id=alarm_id(HIGH, "high")))
    feed(state("stopped", 104.0))
    tick(feed, 170.0)
    assert last(feed).state == "suppressed", "its time is over, and the machine does not run"
    feed(state("running", 200.0), reading(85.0, 201.0))
    assert last(feed).state == "active"


def test_a_shelf_that_is_over_stays_so_for_a_sensor_whose_samples_come_late() -> None:
    feed = raised()
    feed(command(Shelve, 103.0, for_s=60.0, reason="cleaning", alarm_id=alarm_id(HIGH, "high")))
    for n in range(80):
        feed(reading(70.0, 124.0 + n, "speed"), reading(85.0, 104.0 + n))
    assert told(feed, "high") == [("high", "active"), ("high", "shelved"), ("high", "active")]


def test_a_machine_that_stops_suppresses_and_what_was_acknowledged_stays_so() -> None:
    feed = raised(ASKED)
    feed(command(Acknowledge, 103.0), state("stopped", 104.0))
    assert told(feed)[2:] == [("high", "suppressed")]
    assert last(feed).text.endswith("; suppressed: not running.")
    feed(state("running", 200.0))
    assert len(told(feed)) == 3, "who knows whether it still is so?"
    feed(reading(85.0, 201.0))
    assert told(feed)[3:] == [("high", "acknowledged")]


def test_after_a_standstill_a_sensor_has_its_time_to_speak() -> None:
    feed = floor()
    feed(*(reading(x, 10.0 * n) for n, x in enumerate(around(70.0, 60))))
    feed(state("stopped", 600.0), state("running", 5000.0))
    tick(feed, 5008.0)
    feed(reading(70.1, 5009.0))
    assert not feed.sent
    for at in range(5010, 5100, 5):
        tick(feed, float(at))
    assert told(feed) == [("stale", "active")]


def test_a_sensor_whose_clock_is_behind_is_not_silent() -> None:
    feed = floor()
    for n, x in enumerate(around(70.0, 300)):
        feed(reading(x, 60.0 + n, machine="m2"), reading(x, float(n)))
    assert not feed.sent
    feed(*(reading(70.0 + n % 3 / 10, 360.0 + n, machine="m2") for n in range(60)))
    assert told(feed) == [("stale", "active")], "now it is"
    assert 360.0 <= last(feed).occurred_at.timestamp() - T0 - 30.0 <= 366.0


def arrives(feed: Feed, event: Any, at: float) -> None:
    """An event comes at a time, whatever time it says."""
    origin = Origin("sensors", 0, next(_offsets), T0 + at)
    feed.effects.begin(origin)
    assert feed.shard.accept(event, origin, feed.effects) == "accepted"


def dates(feed: Feed, condition: str) -> list[tuple[str, float]]:
    """Each state that was told of a condition, and of when it was said to be."""
    return [
        (own.state, round(own.occurred_at.timestamp() - T0, 3))
        for own in feed.sent
        if own.condition == condition
    ]


def test_silence_begins_and_ends_by_the_shards_clock_whatever_the_sensors_says() -> None:
    feed = floor(LineRules(alarms={"anomaly": OFF, "multivariate": OFF}))
    for n in range(500):
        feed(reading(70.0 + n % 3 / 10, 100.0 + n, machine="live"))
        if not 300 <= n < 400:
            feed(reading(70.0 + n % 4 / 10, float(n)))  # a gateway whose clock is 100 s behind
    (began, since), (ended, until) = dates(feed, "stale")
    assert (began, ended) == ("active", "cleared")
    assert 399.0 + 30.0 <= since <= 399.0 + 35.0
    assert until == 504.0, "with the fifth sample"
    found = kpis(feed.sent, T0, T0 + 600.0)
    assert (found.standing, found.mean_standing_s) == (0, pytest.approx(until - since))


@pytest.mark.parametrize("behind", [100.0, -100.0])
def test_what_a_delay_ends_is_dated_as_the_samples_that_began_it(behind: float) -> None:
    feed = floor(limited(AlarmChoice(on_delay_s=20.0, off_delay_s=20.0)))
    for n in range(400):
        clock = 1000.0 + n
        arrives(feed, reading(70.0 + n % 3 / 10, clock, machine="live"), clock)
        if n <= 200 or n == 240:
            arrives(feed, reading(85.0 if n == 200 else 70.0, clock - behind), clock)
    began, ended = dates(feed, "high")
    assert (began[0], ended[0]) == ("active", "cleared")
    assert 1220.0 <= began[1] + behind <= 1226.0
    assert 1260.0 <= ended[1] + behind <= 1266.0


def test_what_is_shelved_comes_back_by_the_clock_that_it_was_shelved_by() -> None:
    feed = floor(limited())
    for n in range(300):
        feed(reading(70.0 + n % 3 / 10, 100.0 + n, machine="live"))
        feed(reading(70.0 if n < 100 else 85.0, float(n)))
        if n == 150:
            feed(command(Shelve, 250.0, for_s=60.0, reason="x", alarm_id=alarm_id(HIGH, "high")))
    assert [own.state for own in feed.sent] == ["active", "shelved", "active"]
    assert [at for _, at in dates(feed, "high")] == [100.0, 250.0, 310.0]


def test_no_alarm_goes_backwards_in_time() -> None:
    """An operator's clock is the shard's, and the sensor's is 100 s behind."""
    feed = floor(limited(ASKED))
    for n in range(150):
        feed(reading(70.0 + n % 3 / 10, 100.0 + n, machine="live"))
        feed(reading(85.0 if n in (100, 110) else 70.0, float(n)))
        if n == 105:
            feed(command(Acknowledge, 205.0))
    assert dates(feed, "high") == [
        ("active", 100.0), ("returned", 101.0), ("cleared", 205.0), ("active", 205.0),
        ("returned", 205.0),
    ]  # fmt: skip
    assert kpis(feed.sent, T0, T0 + 600.0).standing == 0


def test_an_operators_clock_that_is_ahead_takes_no_alarm_along() -> None:
    feed = raised(ASKED)
    arrives(feed, command(Acknowledge, 400.0), 103.0)
    feed(reading(70.0, 104.0))
    assert dates(feed, "high") == [("active", 100.0), ("acknowledged", 103.0), ("cleared", 104.0)]


CALM = LineRules(alarms={"anomaly": OFF, "multivariate": OFF})


def test_a_sensor_whose_samples_are_late_for_a_while_is_not_silent() -> None:
    """For ten samples its clock was four minutes ahead."""
    feed = floor(CALM)
    for n in range(600):
        ahead = 240.0 * (300 <= n < 310)
        arrives(feed, reading(70.0 + n % 4 / 10, n + ahead, event_id=f"n{n}"), float(n))
        arrives(feed, reading(70.0 + n % 3 / 10, float(n), machine="live"), float(n))
    assert shard_of(feed).late > 200
    assert not feed.sent
    for n in range(600, 700):
        arrives(feed, reading(70.0 + n % 3 / 10, float(n), machine="live"), float(n))
    ((state_, at),) = dates(feed, "stale")
    assert (state_, 599.0 + 30.0 <= at <= 599.0 + 35.0) == ("active", True), "now it is"


def test_a_sensor_whose_clock_is_set_back_is_told_of_and_as_soon_silent_as_any() -> None:
    feed = floor(CALM)
    for n in range(1500):
        back = 3600.0 * (n >= 300)
        arrives(feed, reading(70.0 + n % 4 / 10, n - back), float(n))
        arrives(feed, reading(70.0 + n % 3 / 10, float(n), machine="live"), float(n))
        if n == 899:
            assert not feed.sent, "ten minutes"
        if n == 1000:
            restart(feed)
    (alert,) = feed.sent
    assert (alert.condition, alert.state, alert.sensor) == ("always_late", "noted", "temperature")
    assert alert.occurred_at.timestamp() == T0 + 899.0, "by the shard's clock"
    assert alert.text == (
        "l1/m1/temperature sends only samples that are too old, and is not watched: the last one is 2,999 s "
        "older than the newest of its own or of its machine."
    )
    assert alert.advice.startswith("Set the clock of its gateway")
    assert not rows(feed)
    for n in range(1500, 1600):
        arrives(feed, reading(70.0 + n % 3 / 10, float(n), machine="live"), float(n))
    ((_, at),) = dates(feed, "stale")
    assert 1499.0 + 30.0 <= at <= 1499.0 + 35.0


def test_a_sensor_that_was_always_far_behind_its_machine_is_told_of_once() -> None:
    feed = floor(CALM)
    for n in range(3000):
        arrives(feed, reading(70.0 + n % 3 / 10, float(n), "speed"), float(n))
        arrives(feed, reading(70.0 + n % 4 / 10, n - 400.0), float(n))
        if n % 1500 == 1400:
            arrives(feed, reading(70.0, float(n), event_id=f"once{n}"), float(n))
    assert told(feed) == [("always_late", "noted")]


def test_what_a_gateway_had_stored_is_late_and_no_more() -> None:
    feed = floor(CALM)
    for n in range(3000):
        arrives(feed, reading(70.0 + n % 3 / 10, float(n), "speed"), float(n))
        if n == 2000:
            for own in range(1700):
                arrives(feed, reading(70.0 + own % 4 / 10, float(own)), float(n))
        if n >= 2000:
            arrives(feed, reading(70.0 + n % 4 / 10, float(n)), float(n))
    assert shard_of(feed).late == 1700
    assert not feed.sent


def test_a_sensor_whose_quality_is_not_understood_is_told_of_once() -> None:
    feed = floor(CALM)
    samples = (reading(70.0 + n % 4 / 10, float(n), quality="Fine!") for n in range(2000))
    for n, sample in enumerate(samples):
        feed(sample)
        if n == 599:
            assert not feed.sent
        if n == 700:
            restart(feed)
    (alert,) = feed.sent
    assert (alert.condition, alert.state, alert.sensor) == ("never_good", "noted", "temperature")
    assert alert.occurred_at.timestamp() == T0 + 600.0
    assert alert.text == (
        "l1/m1/temperature sends no sample of good quality, and is not watched: nothing is learnt of what is "
        "uncertain, the last time 'Fine!'."
    )
    assert alert.advice.startswith("Have its gateway send")
    assert shard_of(feed).report()["sensors", "uncertain_quality"] == 2000
    assert shard_of(feed).report()["sensors", "bad_quality"] == 0
    assert not rows(feed)


@pytest.mark.parametrize("qualities", ["g" * 100 + "u" * 1500, ("u" * 500 + "g") * 4, "b" * 1500])
def test_a_sensor_that_is_known_or_good_now_and_then_is_not_told_of(qualities: str) -> None:
    feed = floor(LineRules(alarms={"anomaly": OFF, "multivariate": OFF, "bad_quality": OFF}))
    names = {"g": "good", "u": "uncertain", "b": "bad"}
    for n, own in enumerate(qualities):
        feed(reading(70.0 + n % 4 / 10, float(n), quality=names[own]))
    assert not feed.sent


def batches(feed: Feed, start: float, number: int, every: int = 60) -> None:
    """Samples of each second that a gateway sends so seldom; another machine's come as they are made."""
    for n in range(number * every):
        at = start + n
        feed(reading(70.0 + n % 3 / 10, at, machine="live"))
        if n % every == every - 1:
            feed(
                *(reading(x, at - every + 1 + i) for i, x in enumerate(around(70.0, every, seed=n)))
            )


def stale_from(feed: Feed) -> list[float]:
    """When the sensor was told to have fallen silent."""
    found = [own for own in feed.sent if (own.condition, own.state) == ("stale", "active")]
    return [own.occurred_at.timestamp() - T0 for own in found if own.machine == "m1"]


def test_a_gateway_that_sends_once_a_minute_is_not_silent() -> None:
    feed = floor(LineRules(alarms={"anomaly": OFF, "multivariate": OFF}))
    batches(feed, 0.0, 4)
    known = len(stale_from(feed))
    assert known <= 3, "as long as it is not known"
    restart(feed)
    batches(feed, 240.0, 20)
    assert len(stale_from(feed)) == known
    feed(*(reading(70.0 + n % 3 / 10, 1440.0 + n, machine="live") for n in range(200)))
    (dead,) = stale_from(feed)[known:]
    assert 1439.0 + 90.0 <= dead <= 1439.0 + 96.0, "half as long again as it usually is"


def test_a_sensor_that_speaks_all_the_time_has_half_a_minute_whatever_was() -> None:
    """Each ten minutes an outage of two and a half; a fourth is told as soon as the first."""
    feed = floor(LineRules(alarms={"anomaly": OFF, "multivariate": OFF}))
    for start in (0.0, 600.0, 1200.0, 1800.0):
        for n in range(600):
            feed(reading(70.0 + n % 3 / 10, start + n, machine="live"))
            if n < 450:
                feed(reading(70.0 + n % 4 / 10, start + n))
    found = stale_from(feed)
    assert len(found) == 4
    assert all(30.0 <= own % 600.0 - 449.0 <= 36.0 for own in found)


def test_a_sensor_that_speaks_by_chance_is_not_silent_once_that_is_known() -> None:
    """One sample for each piece, and pieces as they come; a shard's clock goes on with other sensors."""
    rng, feed = random.Random(3), floor(LineRules(alarms={"anomaly": OFF, "multivariate": OFF}))
    at, last_at = 0.0, 0.0
    for n in range(4 * 3600):
        feed(reading(70.0 + n % 3 / 10, float(n), machine="live"))
        while at < n:
            feed(reading(70.0 + n % 4 / 10, at))
            last_at, at = at, at + rng.expovariate(0.1)
        if n == 7200:
            restart(feed)
    known = stale_from(feed)
    assert sum(own > 3600.0 for own in known) <= 1
    for n in range(4 * 3600, 4 * 3600 + 200):
        feed(reading(70.0 + n % 3 / 10, float(n), machine="live"))
    dead = stale_from(feed)[-1]
    assert 60.0 < dead - last_at < 160.0


def test_a_machine_that_stood_still_made_no_pause() -> None:
    feed = floor(LineRules(alarms={"anomaly": OFF, "multivariate": OFF}))
    for n in range(4):
        at = n * 200.0
        feed(*readings(around(70.0, 90), at), state("stopped", at + 90.0))
        feed(*(reading(70.0 + i % 3 / 10, at + 91.0 + i, machine="live") for i in range(100)))
        feed(state("running", at + 199.0))
    feed(*(reading(70.0 + n % 3 / 10, 800.0 + n, machine="live") for n in range(60)))
    (dead,) = stale_from(feed)
    assert dead <= 799.0 + 36.0


def test_a_machine_that_stood_still_by_what_a_sensor_says_made_no_pause() -> None:
    """Of its first samples after a standstill it takes three until that is known."""
    running = MachineChoice(running=RunningChoice(sensor="speed", above=1.0))
    feed = floor(ruled(machine=running, alarms={"anomaly": OFF, "multivariate": OFF}))
    for n in range(4):
        at = n * 200.0
        turning = [reading(100.0 + i % 3, at + i, "speed") for i in range(90)]
        feed(
            *(
                each
                for pair in zip(readings(around(70.0, 90), at), turning, strict=True)
                for each in pair
            )
        )
        feed(*(reading(0.0, at + 90.0 + i, "speed") for i in range(4)))
        feed(*(reading(70.0 + i % 3 / 10, at + 94.0 + i, machine="live") for i in range(105)))
    feed(*(reading(100.0 + n % 3, 800.0 + n, "speed") for n in range(60)))
    found = stale_from(feed)
    assert found
    assert found[0] <= 800.0 + 36.0


@pytest.mark.parametrize(("behind", "late"), [(300.0, 0), (300.5, 20)])
def test_a_sensor_that_is_too_far_behind_its_machine_is_late(behind: float, late: int) -> None:
    feed = warm(limited(high=80.0))
    feed(reading(1.0, 500.0 + behind, "speed"))
    before = shard_of(feed).report()["sensors", "late"]
    feed(*readings([85.0] * 20, 500.0 - 19.0 * (late > 0)))
    assert told(feed, "high") == ([] if late else [("high", "active")])
    assert shard_of(feed).report()["sensors", "late"] == before + late


def test_nobody_is_late_because_another_sensors_clock_is_ahead() -> None:
    feed = warm(limited(high=80.0))
    ahead = Origin("sensors", 0, 10**6, T0 + 100.0)
    assert feed.shard.accept(reading(1.0, 400.0, "speed"), ahead, feed.effects) == "accepted"
    feed(*readings([85.0], 99.5))
    assert told(feed, "high") == [("high", "active")]


def test_a_machine_goes_with_the_last_of_its_sensors() -> None:
    feed = floor(limited(), max_sensors=2)
    feed(reading(85.0, 0.0), state("running", 0.0))
    feed(*(reading(1.0, 1.0, "t", f"m{n}") for n in (2, 3)))
    assert list(shard_of(feed).machines) == [("l1", "m2"), ("l1", "m3")]
    assert rows(feed) == set()
    (refused,) = feed(command(Acknowledge, 2.0))
    assert isinstance(refused, Reject)
    feed(*(state("idle", 3.0, machine=f"x{n}") for n in range(3)))
    assert list(shard_of(feed).machines) == [("l1", "m2"), ("l1", "m3")], "what has sensors stays"


def test_nobody_is_silent_because_another_ones_clock_is_ahead() -> None:
    feed = floor()
    feed(*readings(around(70.0, 60), 0.0))
    ahead = Origin("sensors", 0, 10**6, T0 + 60.0)
    assert feed.shard.accept(reading(1.0, 300.0, machine="m2"), ahead, feed.effects) == "accepted"
    feed(*readings(around(70.0, 10), 60.0))
    assert not feed.sent


def test_commands_are_kept_over_a_restart() -> None:
    def run(*, again: bool) -> list[tuple[str, str, str | None]]:
        feed = raised(ASKED)
        steps: list[Any] = [
            command(Acknowledge, 103.0, event_id="a"),
            command(Shelve, 104.0, for_s=30.0, reason="x", event_id="b"),
            command(TakeOutOfService, 120.0, reason="x", event_id="c", sensor="temperature"),
            reading(86.0, 125.0),
            command(PutIntoService, 130.0, event_id="d"),
            reading(86.0, 140.0),
            reading(70.0, 150.0),
        ]
        for step in steps:
            feed(step)
            if again:
                restart(feed)
        return [(own.alert_id, own.state, own.by) for own in feed.sent]

    assert run(again=True) == run(again=False)
    assert [state for _, state, _ in run(again=False)].count("shelved") >= 2


def test_rows_are_there_exactly_while_an_alarm_is_not_normal() -> None:
    """All kinds of commands and samples in a row: the rows are those of the states told last."""
    feed = floor(ruled(SensorChoice(limits={"high": 80.0}, alarms={"all": ASKED})))
    feed(*readings(around(70.0, WARM), 0.0))
    at = float(WARM)
    kinds: list[tuple[Any, dict[str, Any]]] = [
        (Shelve, {"for_s": 3.0, "reason": "x"}), (Acknowledge, {}), (Unshelve, {}),
        (TakeOutOfService, {"reason": "x"}), (PutIntoService, {}), (CallNormal, {"reason": "x"}),
    ]  # fmt: skip
    for n in range(60):
        kind, own = kinds[n % 6]
        which = WHICH[n % 4] if kind is not CallNormal else {}
        feed(*readings([70.0, 85.0, 85.5, 70.0][n % 3 : n % 3 + 2], at))
        feed(command(kind, at + 2.0, **own, **which))
        if n % 7 == 0:
            feed(state("stopped" if n % 2 else "running", at + 3.0))
        at += 4.0
        assert rows(feed) == set(states(feed.sent))
        told_of = {alarm_id(*key) for key in shard_of(feed).annunciator.told}
        assert told_of == rows(feed)
    assert {own.state for own in feed.sent} == {
        "active", "acknowledged", "returned", "cleared", "shelved", "out_of_service", "suppressed",
    }  # fmt: skip


@pytest.mark.parametrize("which", [{}, {"sensor": "temperature"}])
def test_what_was_shelved_by_its_id_is_told_as_over_by_any_command(which: dict[str, Any]) -> None:
    feed = warm()
    one = {"alarm_id": alarm_id(HIGH, "high"), "reason": "x"}
    feed(command(Shelve, 100.0, for_s=600.0, **one))
    feed(command(TakeOutOfService, 101.0, reason="x", **which))
    feed(command(PutIntoService, 102.0, **which), command(Unshelve, 103.0, **which))
    assert [state for _, state in told(feed, "high")] == [
        "shelved", "out_of_service", "shelved", "cleared",
    ]  # fmt: skip
    assert rows(feed) == set()


def test_alerts_of_a_sensor_that_is_forgotten_leave_no_row() -> None:
    feed = floor(limited(), max_sensors=2)
    feed(*readings(around(70.0, 30), 0.0), reading(85.0, 30.0))
    assert rows(feed)
    feed(*(reading(1.0, 31.0, f"s{n}") for n in range(3)))
    assert rows(feed) == set()
    assert alarm_id(HIGH, "high") in feed.effects.drops[STANDING]


def test_rules_taken_away_while_a_sensor_says_that_the_machine_stands_still() -> None:
    feed = floor(ruled(machine=MachineChoice(running=RunningChoice(sensor="speed", above=5.0))))
    feed(reading(9.0, 0.0, "speed", unit="1"), *readings(around(70.0, 100), 0.0))
    feed(*readings(around(90.0, 10), 100.0))
    assert told(feed) == [("deviation", "active")]
    feed(*readings([1.0] * 3, 110.0, sensor="speed", unit="1"))
    assert told(feed)[1:] == [("deviation", "suppressed")]
    adopt(feed, NO_LINE_RULES)
    tick(feed, 115.0)
    feed(reading(90.0, 116.0))
    assert told(feed)[2:] == [("deviation", "active")]
    feed(*readings(around(70.0, 100), 116.0))
    assert told(feed)[3:] == [("deviation", "cleared")], "it is watched again"


def test_rules_that_say_what_running_is_hold_at_once() -> None:
    feed = floor()
    feed(
        *readings(around(70.0, 100), 0.0), *readings(around(90.0, 10), 100.0), state("idle", 110.0)
    )
    assert told(feed) == [("deviation", "active"), ("deviation", "suppressed")]
    adopt(feed, ruled(machine=MachineChoice(running=RunningChoice(states=("running", "idle")))))
    tick(feed, 115.0)
    feed(reading(90.0, 116.0))
    assert told(feed)[2:] == [("deviation", "active")]


def test_noise_on_what_is_running_does_not_chatter() -> None:
    running = RunningChoice(sensor="speed", above=5.0)
    limit = SensorChoice(limits={"high": 80.0}, alarms={"limits": SIMPLE})
    feed = floor(ruled(machine=MachineChoice(running=running, sensors={"temperature": limit})))
    feed(reading(9.0, 0.0, "speed", unit="1"), reading(90.0, 0.5))
    for n in range(60):
        feed(
            reading(5.0 + 0.1 * (-1) ** n, 1.0 + n, "speed", unit="1"),
            reading(90.0 + n % 3, 1.5 + n),
        )
    assert len(told(feed, "high")) <= 3


def test_a_floor_takes_the_same_rules_over_once() -> None:
    rules = limited()
    feed = warm(rules)
    shard = shard_of(feed)
    same = View(1, {LINE_RULES: encode(rules)}, (2,))
    held = shard.rules
    assert not shard.reads(View(1, {LINE_RULES: encode(rules)}, (1,)))
    assert not shard.reads(same)
    assert shard.rules == held
    assert shard.rules is same.line_rules
    assert shard.reads(View(1))
    restart(feed)
    assert not shard_of(feed).reads(same)
    shard_of(feed).resume(View(1))
    assert shard_of(feed).rules == rules, "they are in the state"


def test_there_is_nothing_to_pin_on_a_floor() -> None:
    shard = shard_of(floor())
    assert shard.can_pin("offers", "none")  # type: ignore[arg-type]
    assert not shard.pin("offers", "none")  # type: ignore[arg-type]


LINES, OWN = ("l1", "l2"), ("a", "b", "c")
STORMY = LineRules(
    alarms={
        "anomaly": AlarmChoice(acknowledge=True),
        "high": AlarmChoice(acknowledge=True, realarm_s=40.0),
    },
    lines={
        line: LineChoice(
            machines={
                f"m{n}": MachineChoice(
                    sensors={
                        name: SensorChoice(
                            limits={"high": 80.0, "low": 60.0},
                            alarms={
                                "limits": AlarmChoice(on_delay_s=2.0, off_delay_s=2.0),
                                "low": AlarmChoice(latched=True),
                            },
                        )
                        for name in OWN
                    }
                )
                for n in range(3)
            }
        )
        for line in LINES
    },
)


def stormy(seed: int, number: int) -> list[Any]:
    """Samples of 18 sensors that go off and come back, with states, commands and ticks (numbers)."""
    rng, at, off, made = random.Random(seed), 0.0, set[Any](), list[Any]()
    kinds: list[tuple[Any, dict[str, Any]]] = [
        (Acknowledge, {}), (Shelve, {"for_s": 20.0, "reason": "x"}), (Unshelve, {}),
        (TakeOutOfService, {"reason": "x"}), (PutIntoService, {}), (PutIntoService, {}),
        (CallNormal, {"reason": "x"}), (Acknowledge, {}),
    ]  # fmt: skip
    for n in range(number):
        at += rng.choice([0.1, 0.3, 0.5])
        place = (rng.choice(LINES), f"m{rng.randrange(3)}", rng.choice(OWN))
        if n > 700 and rng.random() < 0.02:
            off ^= {place}
        value = rng.gauss(90.0 if place in off else 70.0, 0.6) - 25.0 * (rng.random() < 0.005)
        where = {"line": place[0], "machine": place[1]}
        chance = rng.random()
        if n > 700 and chance < 0.03:
            kind, more = rng.choice(kinds)
            rule = rng.choice(["anomaly", "high", "low"])
            which = rng.choice(
                [{}, {"sensor": place[2]}, {"alarm_id": alarm_id(Place(*place), rule)}]
            )
            made.append(command(kind, at, event_id=f"c{n}", **where, **more, **which))
        elif n > 700 and chance < 0.04:
            name = rng.choice(["running", "running", "stopped"])
            made.append(state(name, at, event_id=f"s{n}", **where))
        elif chance < 0.05:
            made.append(at)
        else:
            made.append(
                reading(
                    round(value, 2),
                    at - rng.choice([0, 0, 0, 5]),
                    place[2],
                    place[1],
                    place[0],
                    event_id=f"e{n}",
                )
            )
    return made


def hold(feed: Feed) -> None:
    """What must be so at any time."""
    shard = shard_of(feed)
    assert rows(feed) == set(states(feed.sent))
    assert rows(feed) == {
        alarm_id(place, "flood:0" if rule == "flood" else rule)
        for place, rule in shard.annunciator.told
    }
    for (line, name), machine in shard.machines.items():
        flooded = shard.annunciator.floods.get(line)
        for sensor, rule, alarm in machine.alarms():
            told_of = shard.annunciator.told.get((Place(line, name, sensor), rule))
            unheard = alarm.told in ("shelved", "out_of_service") and rule not in (
                "anomaly",
                "multivariate",
            )
            assert unheard or (told_of is not None) == (alarm.told != "normal")
            assert "flood" not in alarm.suppressed or not alarm.present or (flooded and flooded.on)
            if alarm.present and not alarm.suppressed:
                assert alarm.told not in ("normal", "returned", "suppressed")


@pytest.mark.parametrize("seed", range(2))
def test_whatever_happens_no_alarm_is_lost(seed: int) -> None:
    feed, again = floor(STORMY), floor(STORMY)
    for n, event in enumerate(stormy(seed, 2700)):
        for own in (feed, again):
            tick(own, event) if isinstance(event, float) else own(event)
        if n % 7 == 0:
            hold(feed)
        if n % 500 == 499:
            restart(again)
    assert [own.alert_id for own in again.sent] == [own.alert_id for own in feed.sent]
    assert {own.state for own in feed.sent} == {
        "active", "acknowledged", "returned", "cleared", "shelved", "suppressed", "out_of_service",
    }  # fmt: skip
    assert {"flood", "high", "low", "deviation"} <= {own.condition for own in feed.sent}
    before: dict[str, Alert] = {}
    for alert in feed.sent:
        assert msgspec.convert(msgspec.to_builtins(alert), Alert) == alert
        last_one = before.get(alert.alarm_id)
        if last_one is not None and alert.state != "shelved":
            assert alert.state != last_one.state, "nothing is told twice"
        assert last_one is None or alert.occurrence >= last_one.occurrence
        assert last_one is None or alert.occurred_at >= last_one.occurred_at
        before[alert.alarm_id] = alert

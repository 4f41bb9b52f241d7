"""The figures of ISA-18.2 and IEC 62682, each on alerts made for it."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from models.alarms.flood import floods
from models.alarms.kpi import PRIORITY_TARGET, AlarmKpis, kpis
from schemas.outputs import Alert

T0 = 1_767_571_200.0
"""A midnight; all times of the tests are seconds after it."""
HOUR, DAY = 3600.0, 86_400.0
_ids = itertools.count()


def told(at: float, state: str, alarm: str = "a", occurrence: int = 1, **others: Any) -> Alert:
    fields = {
        "alert_id": f"id-{next(_ids)}", "alarm_id": alarm, "occurrence": occurrence,
        "state": state, "occurred_at": moment(at), "since": moment(others.pop("since", at)),
        "line": "line-1", "machine": "press-1", "sensor": alarm, "condition": "deviation",
        "priority": "low", "value": 1.0, "unit": "bar", "expected": 1.0, "z": 6.0, "limit": 5.0,
        "text": "", **others,
    }  # fmt: skip
    return msgspec.convert(fields, Alert)


def moment(at: float) -> datetime:
    return datetime.fromtimestamp(T0 + at, UTC)


def actives(*times: float, alarm: str = "a", **others: Any) -> list[Alert]:
    return [told(at, "active", alarm, n + 1, **others) for n, at in enumerate(times)]


def figures(alerts: list[Alert], seconds: float = HOUR, start: float = 0.0) -> AlarmKpis:
    return kpis(alerts, T0 + start, T0 + start + seconds)


def test_without_alerts_nothing_is_said() -> None:
    found = figures([])
    assert (found.annunciated, found.per_hour.mean, found.per_hour.peak) == (0, 0.0, 0)
    assert (found.busy_share, found.flood_share, found.most_frequent_share) == (0.0, 0.0, 0.0)
    assert found.priorities == {"low": 0.0, "medium": 0.0, "high": 0.0}
    assert (found.mean_standing_s, found.mean_to_acknowledge_s) == (None, None)


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_a_period_must_be_one(seconds: float) -> None:
    with pytest.raises(ValueError, match="must end after it starts"):
        figures([], seconds)


def test_what_is_annunciated_is_what_becomes_active_within_the_period() -> None:
    alerts = [
        told(-1, "active", "before"), told(0, "active", "first"), told(HOUR - 1, "active", "last"),
        told(HOUR, "active", "after"), told(5, "suppressed", "b"), told(5, "shelved", "c"),
        told(6, "acknowledged", "first"), told(7, "cleared", "first"),
        told(9, "active", "b"),  # no longer suppressed: now it calls
    ]  # fmt: skip
    assert figures(alerts).annunciated == 3


def test_an_alert_that_comes_twice_counts_once_and_so_does_what_is_no_change() -> None:
    alerts = actives(1, 500)
    again = told(30, "active", "a", 1)
    assert figures([*alerts, *alerts, again]).annunciated == 2
    at_once = [told(0, "active"), told(0, "suppressed")]
    assert figures([*at_once, *at_once]).annunciated == 1


def test_a_second_call_for_the_same_occurrence_counts() -> None:
    alerts = [told(0, "active"), told(10, "acknowledged"), told(900, "active")]
    assert figures(alerts).annunciated == 2


def test_order_does_not_matter() -> None:
    alerts = [
        told(0, "active"), told(10, "acknowledged"), told(50, "cleared"),
        told(900, "active", occurrence=2),
    ]  # fmt: skip
    assert figures(alerts[::-1]) == figures(alerts)


def test_rates_are_means_and_peaks_of_intervals_of_the_period() -> None:
    # 3 in the first hour, 5 in the second, 4 of them within ten minutes; none in the last half one.
    found = figures(actives(0, 1000, 2000, 3600, 4200, 4300, 4400, 4799), 2.5 * HOUR)
    assert (found.per_hour.mean, found.per_hour.peak) == (pytest.approx(8 / 2.5), 5)
    assert (found.per_10_min.mean, found.per_10_min.peak) == (pytest.approx(8 / 15), 4)


def test_intervals_with_more_than_ten_are_busy() -> None:
    ten = [600.0 + n for n in range(10)]
    eleven = [1200.0 + n * 50 for n in range(11)]
    assert figures(actives(*ten, *eleven)).busy_share == pytest.approx(1 / 6)


def test_a_flood_is_from_the_tenth_alarm_until_fewer_than_five_are_ten_minutes_old() -> None:
    close = [10.0 * n for n in range(10)]
    assert floods(close[:9]) == []
    # The last four of ten are those of 60, 70, 80 and 90 s.
    assert floods(close) == [(90.0, 650.0)]
    assert floods([*close, 645.0, 690.0]) == [(90.0, 660.0)]
    assert floods([*close, 5000.0]) == [(90.0, 650.0)]
    assert floods([*close, *(5000 + at for at in close)]) == [(90.0, 650.0), (5090.0, 5650.0)]


def test_ten_in_more_than_ten_minutes_are_no_flood() -> None:
    assert floods([67.0 * n for n in range(10)]) == []
    assert floods([66.0 * n for n in range(10)]) != []


def test_time_in_flood_is_that_within_the_period() -> None:
    alerts = actives(*(10.0 * n for n in range(10)))  # from 90 to 650
    whole = figures(alerts)
    assert (whole.floods, whole.flood_share) == (1, pytest.approx(560 / HOUR))
    cut = figures(alerts, 300.0, start=400.0)
    assert (cut.annunciated, cut.floods, cut.flood_share) == (0, 1, pytest.approx(250 / 300))
    early = figures(alerts, 200.0)
    assert early.flood_share == pytest.approx(110 / 200)
    assert figures(alerts, 60.0, start=700.0).floods == 0


def test_priorities_are_shares_of_what_is_annunciated() -> None:
    alerts = [
        *(told(n, "active", f"low {n}") for n in range(6)),
        *(told(n, "active", f"medium {n}", priority="medium") for n in range(3)),
        told(1, "active", "high", priority="high"), told(1, "suppressed", "b", priority="high"),
    ]  # fmt: skip
    assert figures(alerts).priorities == {"low": 0.6, "medium": 0.3, "high": 0.1}
    assert sum(PRIORITY_TARGET.values()) == pytest.approx(1.0)


def test_the_ten_most_frequent_alarms_and_their_share() -> None:
    alerts = actives(*(200.0 * n for n in range(8)), alarm="often")
    alerts += actives(50, 950, alarm="twice", sensor=None, condition="multivariate")
    alerts += [told(n, "active", f"once {n:02}") for n in range(10)]
    found = figures(alerts)
    first, second, *others = found.most_frequent
    assert (first.alarm_id, first.sensor, first.times) == ("often", "often", 8)
    assert (second.alarm_id, second.sensor, second.condition) == ("twice", None, "multivariate")
    assert [each.alarm_id for each in others] == [f"once {n:02}" for n in range(8)]
    assert found.most_frequent_share == pytest.approx(18 / 20)


def test_three_annunciations_within_a_minute_are_chattering() -> None:
    alerts = [
        *actives(100, 130, 160, alarm="chatters"), *actives(100, 130, 161, alarm="just not"),
        *actives(0, 500, 540, 555, 900, alarm="later"), *actives(100, 101, alarm="twice"),
    ]  # fmt: skip
    found = figures(alerts).chattering
    assert [(each.alarm_id, each.times) for each in found] == [("later", 5), ("chatters", 3)]


def test_what_is_over_within_seconds_unacknowledged_is_fleeting() -> None:
    alerts = [
        told(0, "active", "fleets"), told(14, "cleared", "fleets"),
        told(900, "active", "fleets", 2), told(914, "returned", "fleets", 2),
        told(0, "active", "slow"), told(15, "cleared", "slow"),
        told(0, "active", "seen"), told(5, "acknowledged", "seen"), told(6, "cleared", "seen"),
        told(0, "active", "shelved"), told(5, "shelved", "shelved"),
        told(0, "active", "stands"),
    ]  # fmt: skip
    found = figures(alerts).fleeting
    assert [(each.alarm_id, each.times) for each in found] == [("fleets", 2)]


def test_an_alarm_that_chatters_is_not_fleeting_too() -> None:
    alerts = [
        told(20.0 * n + after, state, "a", n + 1)
        for n in range(3)
        for after, state in [(0, "active"), (5, "cleared")]
    ]
    found = figures(alerts)
    assert (len(found.chattering), found.fleeting) == (1, ())


def test_what_stands_for_more_than_a_day_is_stale() -> None:
    alerts = [
        told(0, "active", "stands"), told(10, "acknowledged", "stands"),
        told(0, "active", "ended"), told(DAY + 60, "cleared", "ended"),
        told(0, "active", "a day"), told(DAY, "cleared", "a day"),
        told(0, "active", "shelved"), told(DAY - 60, "shelved", "shelved"),
        # Known only from its acknowledgement, which says since when it stands.
        told(DAY, "acknowledged", "older", since=-60),
    ]  # fmt: skip
    found = figures(alerts, DAY + HOUR)
    assert {each.alarm_id for each in found.stale} == {"stands", "ended", "older"}
    assert found.standing == 2
    assert {each.alarm_id for each in figures(alerts, HOUR, start=DAY + HOUR).stale} == {
        "stands",
        "older",
    }


def test_how_long_alarms_stand() -> None:
    alerts = [
        told(-50, "active", "a"), told(50, "cleared", "a"),  # 100 s
        told(0, "active", "b"), told(9, "acknowledged", "b"), told(300, "returned", "b"),  # 300 s
        told(500, "cleared", "b"),
        told(100, "active", "stands"),
        told(-90, "active", "before"), told(-50, "cleared", "before"),
    ]  # fmt: skip
    found = figures(alerts)
    assert found.mean_standing_s == pytest.approx(200.0)
    assert found.standing == 1


def test_an_end_that_was_not_told_is_the_next_beginning() -> None:
    found = figures(actives(0, 100, 300))
    assert (found.annunciated, found.mean_standing_s, found.standing) == (3, 150.0, 1)


def test_time_to_acknowledge() -> None:
    alerts = [
        told(0, "active", "a"), told(30, "acknowledged", "a"), told(90, "cleared", "a"),
        # Gone before anybody saw it; acknowledged, it is over and done with.
        told(0, "active", "b"), told(10, "returned", "b"), told(70, "cleared", "b"),
        told(0, "active", "never"), told(10, "cleared", "never"),
        told(5, "acknowledged", "called before", since=-100),
        told(-50, "active", "before"), told(-40, "acknowledged", "before"),
        # Called again after a while, and acknowledged again.
        told(0, "active", "again"), told(20, "acknowledged", "again"),
        told(600, "active", "again"), told(690, "acknowledged", "again"),
    ]  # fmt: skip
    found = figures(alerts)
    assert found.acknowledged == 4
    assert found.mean_to_acknowledge_s == pytest.approx((30 + 70 + 20 + 90) / 4)


def test_an_acknowledgement_counts_for_the_call_it_answers() -> None:
    alerts = [
        told(0, "active"), told(10, "cleared"),
        told(100, "active", occurrence=2), told(105, "acknowledged", occurrence=2),
        told(200, "suppressed", occurrence=2), told(300, "acknowledged", occurrence=2),
    ]  # fmt: skip
    found = figures(alerts)
    assert (found.acknowledged, found.mean_to_acknowledge_s) == (1, 5.0)
    call_not_told = [
        told(0, "active"),
        told(10, "cleared"),
        told(100, "acknowledged", occurrence=2),
    ]
    assert figures(call_not_told).acknowledged == 0


def test_how_often_alarms_are_kept_quiet() -> None:
    alerts = [
        told(-1, "shelved", "a"), told(1, "suppressed", "b"), told(2, "active", "b"),
        told(3, "suppressed", "b"), told(4, "shelved", "c"), told(5, "out_of_service", "d"),
    ]  # fmt: skip
    found = figures(alerts)
    assert (found.suppressed, found.shelved, found.out_of_service) == (2, 1, 1)


def test_a_state_of_no_alarm_is_passed_over() -> None:
    noted = msgspec.structs.replace(told(5, "cleared"), alert_id="noted", state="noted")
    found = figures([told(0, "active"), noted, told(20, "cleared")])
    assert (found.annunciated, found.mean_standing_s) == (1, 20.0)


def test_it_is_json() -> None:
    alerts = [told(0, "active", "a"), told(30, "acknowledged", "a"), told(90, "cleared", "a")]
    plain = msgspec.to_builtins(figures(alerts))
    assert plain["per_hour"] == {"mean": 1.0, "peak": 1}
    assert plain["most_frequent"][0]["alarm_id"] == "a"
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(plain)), AlarmKpis) == figures(
        alerts
    )

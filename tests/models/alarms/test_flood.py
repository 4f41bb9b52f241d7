"""More alarms than anybody can read: when it begins, and when it is over."""

from __future__ import annotations

import pickle

import pytest

from models.alarms.alarm import Change
from models.alarms.flood import _MOST_KEPT, WINDOW_S, Flood

BEGUN, OVER = Change("normal", "active"), Change("active", "normal")


def flooded(number: int = 10, every: float = 1.0, start: float = 0.0) -> Flood:
    flood = Flood()
    for n in range(number):
        flood.activated(start + n * every, f"m{n % 3}")
    return flood


def test_ten_in_ten_minutes_begin_it() -> None:
    flood = Flood()
    changes = [flood.activated(n * 66.0, "m1") for n in range(10)]
    assert changes == [None] * 9 + [BEGUN]
    assert flood.on


def test_ten_in_more_are_none() -> None:
    flood = Flood()
    assert [flood.activated(n * 66.7, "m1") for n in range(100)] == [None] * 100
    assert len(flood) == 9


def test_it_is_over_when_fewer_than_five_came_in_ten_minutes() -> None:
    flood = flooded(10, every=10.0)
    assert flood.pass_time(WINDOW_S + 49.9) is None
    assert len(flood) == 5
    assert flood.pass_time(WINDOW_S + 50.0) == OVER
    assert not flood.on
    assert len(flood) == 4


def test_between_five_and_ten_it_stays_what_it_is() -> None:
    flood = flooded(9)
    assert flood.activated(10.0, "m1") == BEGUN
    at = 10.0
    for _ in range(100):
        at += 119.9
        assert flood.activated(at, "m1") is None, "five in ten minutes keep it up"
    assert flood.on
    assert flood.pass_time(at + WINDOW_S) == OVER


def test_what_comes_after_a_long_time_ends_it_and_begins_none() -> None:
    flood = flooded()
    assert flood.activated(5000.0, "m1") == OVER
    assert (flood.on, len(flood)) == (False, 1)


def test_floods_are_counted() -> None:
    flood = flooded()
    assert (flood.alarm.occurrence, flood.alarm.since) == (1, 9.0)
    flood.pass_time(5000.0)
    for n in range(10):
        flood.activated(6000.0 + n, "m1")
    assert (flood.alarm.occurrence, flood.alarm.since) == (2, 6009.0)


def test_whose_they_are() -> None:
    flood = Flood()
    assert flood.shares() == ()
    for machine in "babcbbac":
        flood.activated(0.0, machine)
    assert flood.shares() == (("b", 0.5), ("a", 0.25), ("c", 0.25))
    assert sum(share for _, share in flood.shares()) == pytest.approx(1.0)


def test_times_that_go_back_take_nothing_away() -> None:
    flood = flooded(9, start=1000.0)
    assert flood.activated(900.0, "m1") == BEGUN
    assert flood.pass_time(100.0) is None
    assert len(flood) == 10


def test_few_are_remembered_and_all_of_it_is_kept() -> None:
    flood = flooded(5 * _MOST_KEPT, every=0.01)
    assert len(flood) == _MOST_KEPT
    again = pickle.loads(pickle.dumps(flood))
    assert again == flood
    assert again.pass_time(1000.0) == flood.pass_time(1000.0) == OVER

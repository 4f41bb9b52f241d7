"""Who has been silent for how long."""

from __future__ import annotations

from models.silence import Silence


def silence() -> Silence:
    return Silence({"short": 10.0, "long": 60.0})


def test_everybody_comes_up_once_for_each_wait() -> None:
    timers = silence()
    timers.heard("a", 0.0)
    timers.heard("b", 5.0)
    assert list(timers.over("short", 9.9)) == []
    assert list(timers.over("short", 10.0)) == [("a", 10.0)]
    assert list(timers.over("short", 100.0)) == [("b", 15.0)]
    assert list(timers.over("short", 1e9)) == []
    assert list(timers.over("long", 100.0)) == [("a", 60.0), ("b", 65.0)]


def test_who_is_heard_again_waits_anew() -> None:
    timers = silence()
    timers.heard("a", 0.0)
    timers.heard("b", 1.0)
    timers.heard("a", 8.0)
    assert list(timers.over("short", 17.9)) == [("b", 11.0)]
    assert list(timers.over("short", 18.0)) == [("a", 18.0)]
    timers.heard("a", 50.0)
    assert list(timers.over("short", 60.0)) == [("a", 60.0)], "once more after having been heard"
    assert list(timers.over("long", 109.9)) == [("b", 61.0)]
    assert list(timers.over("long", 110.0)) == [("a", 110.0)]


def test_it_is_told_when_the_wait_was_over_not_when_somebody_asked() -> None:
    timers = silence()
    timers.heard("a", 100.0)
    assert list(timers.over("short", 1e6)) == [("a", 110.0)]


def test_who_is_forgotten_never_comes_up() -> None:
    timers = silence()
    timers.heard("a", 0.0)
    timers.heard("b", 0.0)
    timers.forget("a")
    timers.forget("unknown")
    assert [who for wait in ("short", "long") for who, _ in timers.over(wait, 1e9)] == ["b", "b"]


def test_watched_are_those_who_may_come_up_yet() -> None:
    timers = silence()
    for number in range(100):
        timers.heard(f"c{number % 3}", float(number))
    assert timers.watched("short") == {"c0", "c1", "c2"}, "everybody once, however often heard"
    assert len(list(timers.over("short", 108.0))) == 2
    assert timers.watched("short") == {"c0"}
    assert timers.watched("long") == {"c0", "c1", "c2"}


def test_who_asks_may_stop_and_go_on() -> None:
    timers = silence()
    for name in "abc":
        timers.heard(name, 0.0)
    assert next(timers.over("short", 10.0)) == ("a", 10.0)
    assert [who for who, _ in timers.over("short", 10.0)] == ["b", "c"]

"""Event ids are short, the same each time, and differ."""

from __future__ import annotations

from streams.replay.event_ids import event_id


def test_ids_say_where_the_event_comes_from() -> None:
    assert event_id("nab", "taxi", 2) == "nab-taxi-2"
    assert event_id("skab", "valve2-0", 2, 7) == "skab-valve2-0-2-7"


def test_a_long_name_is_cut_and_still_told_apart() -> None:
    one, other = (event_id("csv", "x" * 80 + end, 123456789) for end in ("a", "b"))
    assert len(one) == len(other) == 64
    assert one != other
    assert one.endswith("-123456789")
    assert one == event_id("csv", "x" * 80 + "a", 123456789)


def test_a_name_that_is_not_utf8_still_gives_an_id() -> None:
    assert event_id("nab", "caf\udce9", 1) == "nab-caf?-1"

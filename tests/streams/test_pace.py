"""No more rows of co-visits are published than a short merge takes."""

from __future__ import annotations

import pytest

from streams.pace import Pace


def test_what_is_published_takes_room_until_the_next_merge() -> None:
    pace = Pace()
    first = pace.room
    pace.published(first)
    assert pace.room == 0
    pace.merged(first, first * 0.0002)
    assert pace.room == 250


def test_slow_merges_leave_less_room_and_fast_ones_more() -> None:
    slow, fast = Pace(), Pace()
    for _ in range(20):
        slow.merged(1_000, 1.0)
        fast.merged(1_000, 0.1)
    assert slow.room == pytest.approx(50, abs=1)
    assert fast.room == pytest.approx(500, abs=1)


def test_there_is_always_some_room() -> None:
    pace = Pace()
    pace.merged(100, 60.0)
    assert pace.room > 0


def test_merges_of_next_to_nothing_say_nothing_about_a_row() -> None:
    pace = Pace()
    pace.merged(1_000, 0.3)
    room = pace.room
    pace.merged(1, 0.3)
    pace.merged(0, 0.01)
    assert pace.room == room


def test_turns_are_taken() -> None:
    pace = Pace()
    pace.merged(0, 0.0)
    assert pace.turn == 1

"""Rows of what is viewed near an article: decayed, bounded, comparable between shards."""

from __future__ import annotations

import pytest

from models.decay import align
from models.sequences.covisits import CoVisits

DAY = 86400.0


def test_later_views_count_by_their_distance_and_backwards_by_half() -> None:
    rows = CoVisits(0)
    rows.learn(["b", "a"], "c", 0.0)
    assert rows.row("b") == {"c": 1.0}
    assert rows.row("a") == {"c": 0.5}
    assert rows.row("c") == {"b": 0.5, "a": 0.25}
    assert rows.total("c") == 0.75
    assert rows.row("x") == {}
    assert rows.total("x") == 0.0
    assert len(rows) == 3


def test_an_article_is_not_near_itself() -> None:
    rows = CoVisits(0)
    rows.learn(["a"], "a", 0.0)
    assert len(rows) == 0


def test_old_views_fade() -> None:
    rows = CoVisits(DAY)
    rows.learn(["a"], "old", 0.0)
    rows.learn(["a"], "new", 2 * DAY)
    assert rows.row("a")["old"] / rows.row("a")["new"] == pytest.approx(0.25)


def test_shares_hold_across_landmarks_and_what_is_nothing_is_forgotten() -> None:
    rows = CoVisits(1.0)
    rows.learn(["a"], "b", 20.0)
    rows.learn(["a"], "c", 22.0)
    before = dict(rows.row("a"))
    rows.learn(["x"], "y", 44.0)  # the landmark moves by 30 tau, 20.8 s
    after = rows.row("a")
    assert after["b"] / after["c"] == pytest.approx(before["b"] / before["c"]) == 0.25
    assert rows.total("a") == pytest.approx(sum(after.values()))
    gone = rows.learn(["x"], "y", 100.0)
    assert rows.row("a") == rows.row("b") == {}
    assert rows.total("a") == 0.0
    assert {"a", "b", "c"} <= set(gone), "so that the store forgets them too"
    assert set(rows.touched) == {"x", "y"}
    rows.learn(["x"], "y", 1e9)
    assert set(rows.row("x")) == {"y"}


def test_a_row_keeps_its_heaviest_entries() -> None:
    rows = CoVisits(0, max_row=4)
    for number in range(5):
        for _ in range(number + 1):
            rows.learn(["a"], f"b{number}", 0.0)
    assert len(rows.row("a")) == 5
    rows.learn(["a"], "b9", 0.0)
    assert rows.row("a") == {"b4": 5, "b3": 4, "b2": 3, "b1": 2}
    assert rows.total("a") == 14


def test_the_number_of_rows_is_bounded() -> None:
    rows = CoVisits(0, max_rows=3)
    gone: list[str] = []
    for pair in ("ab", "cd", "ef"):
        gone += rows.learn([pair[0]], pair[1], 0.0)
        assert len(rows) <= 3
    assert rows.row("f") == {"e": 0.5}
    assert rows.row("a") == {}
    assert sorted(gone) == ["a", "b", "c"]
    assert set(rows.touched) == {"d", "e", "f"}, "nothing is to be published of what is gone"


def test_levels_of_shards_are_comparable() -> None:
    early, late = CoVisits(1.0), CoVisits(1.0)
    early.learn(["a"], "b", 10.0)
    late.learn(["a"], "c", 12.0)
    late.learn(["x"], "y", 50.0)
    one, two = align([early.levels("a", 5), late.levels("a", 5)])
    assert one["b"] / two["c"] == pytest.approx(0.25)


def test_levels_are_the_heaviest() -> None:
    rows = CoVisits(0)
    for number, other in enumerate("bcd"):
        for _ in range(number + 1):
            rows.learn(["a"], other, 0.0)
    assert rows.levels("a", 2).weights == {"d": 3, "c": 2}
    assert rows.levels("a", 3).weights == {"b": 1, "c": 2, "d": 3}
    assert rows.levels("x", 3).weights == {}

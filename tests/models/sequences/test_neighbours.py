"""Sessions like this one: what they say, and that memory is bounded."""

from __future__ import annotations

import math
import random

import pytest

from models.sequences.neighbours import NeighbourSettings, SessionNeighbours


def learn(model: SessionNeighbours, *walks: str) -> list[int]:
    trails = []
    for walk in walks:
        trail, recent = 0, list[str]()
        for item in walk:
            trail = model.learn(trail, recent, item)
            recent = [item, *(other for other in recent if other != item)]
        trails.append(trail)
    return trails


def test_it_is_vmis_knn() -> None:
    """By hand: similarity of a session times its recency weight times how rare each article is."""
    model = SessionNeighbours(NeighbourSettings())
    learn(model, "abx", "by", "az")
    found = model.scores(["b", "a"], without=["b", "a"])
    # "abx" shares b (weight 1) and a (1/2), "by" b, "az" a alone, one view further back.
    expected = {"x": 1.5 * math.log(4), "y": math.log(4), "z": 0.5 * 0.9 * math.log(4)}
    whole = sum(expected.values())
    assert found == pytest.approx({item: score / whole for item, score in expected.items()})


def test_a_rare_article_says_more() -> None:
    model = SessionNeighbours(NeighbourSettings())
    learn(model, "abc", "bd", "bd", "be")
    found = model.scores(["a"], without=["a"])
    assert found["c"] > found["b"] > 0


def test_a_session_is_no_neighbour_of_itself() -> None:
    model = SessionNeighbours(NeighbourSettings())
    (trail,) = learn(model, "ab")
    assert model.scores(["a"], trail) == {}
    assert model.scores(["a"]) != {}


def test_one_view_alone_teaches_nothing() -> None:
    model = SessionNeighbours(NeighbourSettings())
    assert learn(model, "a", "bb") == [0, 0]
    assert len(model) == 0


def test_only_the_latest_sessions_of_an_article_are_compared() -> None:
    model = SessionNeighbours(NeighbourSettings(per_item=2))
    learn(model, "ax", "ay", "az")
    assert set(model.scores(["a"], without=["a"])) == {"y", "z"}
    model = SessionNeighbours(NeighbourSettings(compared=2))
    learn(model, "ax", "by", "az")
    assert set(model.scores(["a", "b"], without=["a", "b"])) == {"y", "z"}


def test_only_the_nearest_have_a_say() -> None:
    model = SessionNeighbours(NeighbourSettings(neighbours=1))
    learn(model, "abx", "by")
    assert set(model.scores(["b", "a"], without=["a", "b"])) == {"x"}


def test_a_session_that_was_forgotten_says_nothing() -> None:
    model = SessionNeighbours(NeighbourSettings())
    trail, _ = learn(model, "ax", "ay")
    model.forget(trail)
    model.forget(trail)
    model.forget(0)
    assert set(model.scores(["a"], without=["a"])) == {"y"}
    assert model.scores(["x"]) == {}


def test_one_that_had_to_go_is_begun_anew_with_what_it_remembers() -> None:
    model = SessionNeighbours(NeighbourSettings(sessions=1))
    trail, _ = learn(model, "ab", "xy")
    again = model.learn(trail, ["b", "a"], "c")
    assert again > trail
    assert set(model.scores(["a"], without=["a"])) == {"b", "c"}


def test_switched_off_it_holds_nothing() -> None:
    model = SessionNeighbours(NeighbourSettings(sessions=0))
    assert learn(model, "abc") == [0]
    assert len(model) == 0


def test_memory_is_bounded_whatever_comes() -> None:
    settings = NeighbourSettings(sessions=30, length=4, per_item=5)
    model, rng = SessionNeighbours(settings), random.Random(1)
    open_sessions = [(0, list[str]()) for _ in range(40)]
    for _ in range(5_000):
        number = rng.randrange(40)
        trail, recent = open_sessions[number]
        item = str(rng.randrange(rng.choice([3, 500])))
        trail = model.learn(trail, recent, item)
        recent = [item, *(other for other in recent if other != item)][:6]
        open_sessions[number] = (trail, recent) if rng.random() < 0.9 else (0, [])
        assert model.scores(recent, trail) is not None
        assert len(model) <= 30
    held = model._sessions
    rows = model._items
    assert all(len(viewed) <= 4 and len(set(viewed)) == len(viewed) for viewed in held.values())
    assert all(0 < len(row) <= 5 for row in rows.values())
    assert all(item in held[trail] for item, row in rows.items() for trail in row)

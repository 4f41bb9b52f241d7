"""The session recommender: learns planted sequences, the same way every time."""

from __future__ import annotations

import itertools
import pickle
import random
from collections import Counter

import pytest

from models.sequences.guess import Sequences, SequenceSettings, remember
from models.view import Neighbour, Row, View, encode

MEMORY = SequenceSettings().memory


def sessions(seed: int, number: int) -> list[list[str]]:
    """Draw walks in which an article mostly leads to the next one; some articles sell far better."""
    rng = random.Random(seed)
    skus = [f"s{n}" for n in range(60)]
    popular = [1 / (n + 1) for n in range(60)]
    made = []
    for _ in range(number):
        (sku,) = rng.choices(skus, popular)
        walk = [sku]
        for _ in range(5):
            follow = skus[(skus.index(walk[-1]) + 7) % 60]
            walk.append(follow if rng.random() < 0.6 else rng.choices(skus, popular)[0])
        made.append(walk)
    return made


def learn(model: Sequences, walks: list[list[str]]) -> None:
    at = 0.0
    for walk in walks:
        recent: list[str] = []
        for sku in walk:
            at += 1.0
            model.learn(recent, sku, at)
            remember(recent, sku, MEMORY)


def hits(model: Sequences, walks: list[list[str]], popular: list[str]) -> tuple[int, int]:
    ours = baseline = 0
    for walk in walks:
        recent: list[str] = []
        for now, then in itertools.pairwise(walk):
            remember(recent, now, MEMORY)
            scores = model.scores(recent)
            best = sorted(scores, key=lambda sku: (-scores[sku], sku))[:3]
            ours += then in best
            baseline += then in popular[:3]
    return ours, baseline


def test_it_beats_popularity_on_planted_sequences() -> None:
    model, train, test = Sequences(SequenceSettings()), sessions(1, 600), sessions(2, 200)
    learn(model, train)
    counts = Counter(sku for walk in train for sku in walk)
    ours, baseline = hits(model, test, [sku for sku, _ in counts.most_common(3)])
    assert ours > 1.5 * baseline > 150


def test_the_same_views_make_the_same_model_also_after_a_restart() -> None:
    walks = sessions(3, 50)
    one, other = Sequences(SequenceSettings()), Sequences(SequenceSettings())
    learn(one, walks[:25])
    learn(other, walks[:25])
    other = pickle.loads(pickle.dumps(other))
    learn(one, walks[25:])
    learn(other, walks[25:])
    recent = ["s1", "s8", "s0"]
    assert list(one.scores(recent).items()) == list(other.scores(recent).items())
    assert one.trending.top(9) == other.trending.top(9)


def test_where_views_repeat_the_session_itself_comes_first() -> None:
    repeating = Sequences(SequenceSettings())
    learn(repeating, [["a", "b", "a", "b", "a", "b"]] * 20)
    scores = repeating.scores(["b", "a"])
    assert max(scores, key=scores.__getitem__) == "a"
    straight = Sequences(SequenceSettings())
    learn(straight, [["a", "b", "c"]] * 200)
    scores = straight.scores(["b", "a"])
    assert scores["a"] == scores["b"] == 0.0
    assert scores["c"] > 0


def test_the_merged_view_goes_before_what_the_shard_knows() -> None:
    model = Sequences(SequenceSettings())
    learn(model, [["a", "b"], ["c", "d"]])
    row = Row(next=(Neighbour("m", 0.5), Neighbour("n", 0.25)))
    view = View(1, {"a": encode(row), "e": encode(row)})
    assert model.next(["a"], view) == {"m": 0.5, "n": 0.25}
    assert model.next(["x", "a"], view) == pytest.approx({"m": 0.3, "n": 0.15})
    assert model.next(["a", "e"], view) == pytest.approx({"m": 0.8, "n": 0.4})
    assert model.next(["a", "c"], view) == pytest.approx({"m": 0.5, "n": 0.25, "d": 0.6})
    assert model.next(["a"]) == {"b": 1.0}
    assert model.next([], view) == model.next(["unknown"]) == {}


def test_the_last_distinct_views_are_remembered() -> None:
    recent: list[str] = []
    for sku in ("a", "b", "c", "a", "d"):
        remember(recent, sku, 3)
    assert recent == ["d", "a", "c"]


def test_a_first_view_is_only_trending() -> None:
    model = Sequences(SequenceSettings())
    model.learn([], "a", 0.0)
    assert len(model.covisits) == 0
    assert model.trending.top(1) == [("a", 1.0)]

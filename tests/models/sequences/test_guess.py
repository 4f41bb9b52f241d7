"""The session recommender: learns planted sequences, the same way every time."""

from __future__ import annotations

import itertools
import pickle
import random
from collections import Counter

import pytest

from models.sequences.guess import Sequences, SequenceSettings
from models.sequences.visit import Visit
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
        visit = Visit()
        for sku in walk:
            at += 1.0
            model.learn(visit, sku, at)


def hits(model: Sequences, walks: list[list[str]], popular: list[str]) -> tuple[int, int]:
    ours = baseline = 0
    for walk in walks:
        visit = Visit()
        for now, then in itertools.pairwise(walk):
            visit.see(now, MEMORY)
            scores = model.scores(visit)
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
    visit = Visit(["s1", "s8", "s0"])
    assert list(one.scores(visit).items()) == list(other.scores(visit).items())
    assert one.trending.top(9) == other.trending.top(9)


def test_where_views_repeat_the_session_itself_comes_first() -> None:
    repeating = Sequences(SequenceSettings())
    learn(repeating, [["a", "b", "a", "b", "a", "b"]] * 20)
    scores = repeating.scores(Visit(["b", "a"]))
    assert max(scores, key=scores.__getitem__) == "a"
    straight = Sequences(SequenceSettings())
    learn(straight, [["a", "b", "c"]] * 200)
    scores = straight.scores(Visit(["b", "a"]))
    assert scores["a"] == scores["b"] == 0.0
    assert scores["c"] > 0


def test_the_merged_view_goes_before_what_the_shard_knows() -> None:
    model = Sequences(SequenceSettings(second_step=0, like_sessions=0))
    learn(model, [["a", "b"], ["c", "d"]])
    row = Row(next=(Neighbour("m", 0.5), Neighbour("n", 0.25)))
    view = View(1, {"a": encode(row), "e": encode(row)})
    assert model.next(Visit(["a"]), view) == {"m": 0.5, "n": 0.25}
    assert model.next(Visit(["x", "a"]), view) == pytest.approx({"m": 0.3, "n": 0.15})
    assert model.next(Visit(["a", "e"]), view) == pytest.approx({"m": 0.8, "n": 0.4})
    assert model.next(Visit(["a", "c"]), view) == pytest.approx({"m": 0.5, "n": 0.25, "d": 0.6})
    assert model.next(Visit(["a"])) == {"b": 1.0}
    assert model.next(Visit([]), view) == model.next(Visit(["unknown"])) == {}


def test_a_first_view_is_only_trending() -> None:
    model = Sequences(SequenceSettings())
    model.learn(Visit(), "a", 0.0)
    assert len(model.covisits) == 0
    assert model.trending.top(1) == [("a", 1.0)]


def test_the_second_step_fills_up_what_is_near() -> None:
    walks = [["a", "b"], ["b", "c"]]
    without = Sequences(SequenceSettings(second_step=0, like_sessions=0))
    learn(without, walks)
    assert set(without.next(Visit(["a"]))) == {"b"}
    model = Sequences(SequenceSettings(second_step=0.5, like_sessions=0, covisit_half_life_s=0))
    learn(model, walks)
    # From b on, 2/3 of the weight leads to c, the rest back to a.
    assert model.next(Visit(["a"])) == pytest.approx({"b": 1.0, "c": 0.5 * 2 / 3})


def test_sessions_like_this_one_have_a_say() -> None:
    model = Sequences(SequenceSettings(second_step=0, like_sessions=0.5))
    learn(model, [["a", "b", "c"]])
    alone = Sequences(SequenceSettings(second_step=0, like_sessions=0))
    learn(alone, [["a", "b", "c"]])
    more, less = model.next(Visit(["a"])), alone.next(Visit(["a"]))
    assert {sku: more[sku] - less[sku] for sku in less} == pytest.approx({"b": 0.25, "c": 0.25})
    assert len(alone.neighbours) == 0

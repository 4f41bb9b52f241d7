"""What completes a basket."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from models.itemsets.completion import (
    PRIOR,
    BasketCompletion,
    CompletionSettings,
    candidates_of,
    held_out,
)
from models.itemsets.measures import measures_of
from models.view import CoPurchase, Row, View, encode


def view_of(counts: dict[str, float], pairs: dict[tuple[str, str], float], n: float) -> View:
    rows = {}
    for item, count in counts.items():
        found = [CoPurchase(b, k, counts[b]) for (a, b), k in pairs.items() if a == item]
        found += [CoPurchase(a, k, counts[a]) for (a, b), k in pairs.items() if b == item]
        rows[item] = encode(Row(bought_with=tuple(found), count=count, baskets=n))
    return View(1, rows)


VIEW = view_of(
    {"a": 40, "b": 20, "x": 30, "y": 50}, {("a", "x"): 20, ("b", "x"): 15, ("a", "y"): 25}, 100
)


def test_the_features_of_a_candidate_are_its_measures_with_all_of_the_basket() -> None:
    found = candidates_of(["a", "b"], {"a", "b"}, VIEW)
    assert found.skus == ["x", "y"]
    each = measures_of(100, [40, 20], [30, 30], [20, 15])
    x = found.features[0]
    assert x[6:] == pytest.approx(
        [
            each.wilson.sum(),
            each.score.sum(),
            each.cosine.sum(),
            each.score.max(),
            each.cosine.max(),
        ]
    )
    assert x[0] == pytest.approx(math.log(each.wilson.sum() / 2 + 1e-3))
    assert x[1] == pytest.approx(math.log(each.score.sum() / 2 + 1e-3))
    assert x[2] == pytest.approx(math.log(each.score.max() + 1e-3))
    assert x[4] == pytest.approx(math.log(each.confidence.sum() / 2 + 1e-3))
    assert x[5] == pytest.approx(math.log(0.3 + 1e-4))
    assert len(x) == len(PRIOR)
    assert [item for item, _ in found.because] == ["b", "a"]


def test_what_is_in_the_basket_is_no_candidate() -> None:
    assert candidates_of(["a"], {"a", "x"}, VIEW).skus == ["y"]
    nothing = candidates_of(["unknown"], {"unknown"}, VIEW)
    assert (nothing.skus, nothing.features.shape, nothing.because) == ([], (0, len(PRIOR)), [])


def test_of_a_large_basket_a_sample_is_looked_at() -> None:
    completion = BasketCompletion(CompletionSettings(basket=1))
    seen = {tuple(completion.candidates(["a", "b"], VIEW, str(n)).skus) for n in range(20)}
    assert seen == {("x", "y"), ("x",)}
    assert completion.candidates(["a", "x", "b", "y"], VIEW).skus == []


def test_the_article_held_out_is_drawn_by_the_order() -> None:
    drawn = [held_out(f"o{n}", ["c", "a", "b"]) for n in range(300)]
    assert drawn == [held_out(f"o{n}", ["b", "c", "a"]) for n in range(300)]
    assert all(70 < drawn.count(sku) < 130 for sku in "abc")


def test_orders_teach_which_measure_counts() -> None:
    """Baskets are completed by what is popular, or by what is rare and bound to the other article."""
    counts = {"a": 100.0, "pop": 500.0, "bound": 12.0}
    view = view_of(counts, {("a", "pop"): 60, ("a", "bound"): 12}, 1000)
    for wanted in ("pop", "bound"):
        completion, rng = BasketCompletion(CompletionSettings()), random.Random(1)
        for n in range(400):
            completion.learn(f"{n}-{rng.random()}", ["a", wanted], view)
        found = completion.candidates(["a"], view)
        chances = completion.ranking.chances(found.features)
        assert found.skus[int(np.argmax(chances))] == wanted
        assert chances.max() > 0.8


def test_what_is_no_candidate_and_baskets_of_one_teach_nothing() -> None:
    completion = BasketCompletion(CompletionSettings())
    completion.learn("o", ["a"], VIEW)
    completion.learn("o", ["x", "unknown"], VIEW)
    assert completion.ranking.lists == 0
    assert completion.ranking.weights == list(PRIOR)

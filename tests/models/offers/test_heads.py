"""Whether an article is clicked, and whether it is then bought."""

from __future__ import annotations

import math
import pickle
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from models.offers.features import NAMES, PRIORS, named
from models.offers.heads import _PRECISION, ClickHead, LinearHead
from models.propensity.contenders.contender import sigmoid
from models.propensity.settings import ContestSettings
from tests.models.offers.world import ALONE

PLANTED = dict.fromkeys(NAMES, 0.0) | {"bias": -1.0, "trending": 2.0, "record": -1.0, "new": 0.5}
NOTHING = dict.fromkeys(NAMES, 0.0)


def rows(seed: int, count: int) -> Iterator[list[float]]:
    """The constant, and a few features that differ."""
    rng = random.Random(seed)
    for _ in range(count):
        row = dict.fromkeys(NAMES, 0.0) | {"bias": 1.0}
        row |= {name: rng.random() for name in ("trending", "record", "new", "popularity")}
        yield list(row.values())


def examples(seed: int, count: int) -> Iterator[tuple[dict[str, float], bool]]:
    rng = random.Random(seed)
    for row in rows(seed + 1, count):
        odds = sum(PLANTED[name] * value for name, value in named(row).items())
        yield named(row), rng.random() < sigmoid(odds)


def taught(count: int, prior: dict[str, float] = NOTHING, seed: int = 1) -> LinearHead:
    head = LinearHead(prior)
    for row, hit in examples(seed, count):
        head.learn(row, hit=hit)
    return head


def test_it_begins_with_the_prior() -> None:
    head = LinearHead(PRIORS)
    assert head.weights.tolist() == [PRIORS[name] for name in NAMES]
    assert head.deviations == pytest.approx([1 / math.sqrt(_PRECISION)] * len(NAMES))
    assert head.deviations[0] == pytest.approx(1 / 3, abs=0.05), "about a third"
    assert head.examples == 0


@pytest.mark.parametrize("learnt", [0, 300])
def test_it_says_what_rivers_model_says(learnt: int) -> None:
    head = taught(learnt, dict(PRIORS))
    asked = list(rows(7, 50))
    own = [sigmoid(z) for z in head.log_odds(np.array(asked)).tolist()]
    rivers = [head._model.predict_proba_one(named(row))[True] for row in asked]
    assert own == pytest.approx(rivers, abs=1e-12)
    assert len(set(own)) == 50


def test_what_it_says_keeps_up_with_what_it_learns() -> None:
    head = LinearHead(NOTHING)
    row = next(rows(1, 1))
    said = [float(head.log_odds(np.array([row]))[0])]
    for _ in range(3):
        head.learn(named(row), hit=True)
        said.append(float(head.log_odds(np.array([row]))[0]))
    assert said == sorted(said)
    assert len(set(said)) == 4
    assert head.examples == 3


def test_it_finds_what_clicks_depend_on() -> None:
    """AdaGrad slows down, so weights are still under way after thousands of examples; chances are right."""
    head, few = taught(6_000), taught(200)
    found = named(head.weights.tolist())
    assert found["trending"] > 0.8
    assert found["record"] < -0.4
    assert abs(found["popularity"]) < 0.25
    assert found["segment"] == 0.0
    asked = np.array(list(rows(9, 500)))
    truth = asked @ np.array([PLANTED[name] for name in NAMES])
    off, at_first = (
        np.abs(1 / (1 + np.exp(-each.log_odds(asked))) - 1 / (1 + np.exp(-truth))).mean()
        for each in (head, few)
    )
    assert off < 0.06
    assert off < at_first / 1.5


def test_the_more_it_has_seen_the_surer_it_is_and_only_of_that() -> None:
    some, more = named(taught(100).deviations.tolist()), named(taught(1_000).deviations.tolist())
    for name in ("bias", "trending", "record", "new"):
        assert more[name] < some[name] < 1 / math.sqrt(_PRECISION)
    assert more["segment"] == some["segment"] == _PRECISION**-0.5, "never met"
    # The information of n examples at the same odds is n p (1 - p) for the constant.
    head = LinearHead(NOTHING | {"bias": -1.0})
    rng = random.Random(3)
    for _ in range(2_000):
        head.learn({"bias": 1.0}, hit=rng.random() < sigmoid(-1.0))
    exact = (_PRECISION + 2_000 * sigmoid(-1.0) * sigmoid(1.0)) ** -0.5
    assert named(head.deviations.tolist())["bias"] == pytest.approx(exact, rel=0.05)


def test_to_fade_makes_less_sure_but_never_less_than_the_prior() -> None:
    head = taught(500)
    before, weights = head.deviations, head.weights
    head.fade()
    faded = named(head.deviations.tolist())
    assert faded["bias"] == pytest.approx(2 * named(before.tolist())["bias"])
    assert faded["segment"] == pytest.approx(1 / math.sqrt(_PRECISION))
    assert head.weights.tolist() == weights.tolist(), "what is known is known"
    for _ in range(5):
        head.fade()
    assert head.deviations == pytest.approx([1 / math.sqrt(_PRECISION)] * len(NAMES))


def test_after_fading_it_learns_faster() -> None:
    kept, faded = taught(2_000), taught(2_000)
    faded.fade()
    row = next(rows(1, 1))
    before = float(kept.log_odds(np.array([row]))[0])
    for head in (kept, faded):
        for _ in range(20):
            head.learn(named(row), hit=False)
    one, other = (float(head.log_odds(np.array([row]))[0]) for head in (kept, faded))
    assert other < one < before


def test_all_linear_contenders_learn_faster_after_fading() -> None:
    contest = ContestSettings("logistic", "linear_svm")
    row = named(next(rows(1, 1)))

    def after(fading: bool) -> dict[Any, float]:
        head = ClickHead(NOTHING, contest)
        for each, hit in examples(3, 2_000):
            head.learn(each, hit=hit)
        if fading:
            head.fade()
        for _ in range(20):
            head.learn(row, hit=False)
        return head.scores([row[name] for name in NAMES])

    kept, faded = after(fading=False), after(fading=True)
    assert faded["logistic"] < kept["logistic"]
    assert faded["linear_svm"] < kept["linear_svm"]


@pytest.mark.parametrize("asked", [True, False], ids=["asked before", "not asked"])
def test_a_restored_head_goes_on_as_if_nothing_had_been(asked: bool) -> None:
    head = taught(200, dict(PRIORS))
    if asked:
        assert head.weights.any()
    again: LinearHead = pickle.loads(pickle.dumps(head))
    assert again.examples == 200
    for row, hit in examples(5, 50):
        for each in (head, again):
            each.learn(row, hit=hit)
    assert again.weights.tolist() == head.weights.tolist()
    assert again.deviations.tolist() == head.deviations.tolist()
    again.fade()
    head.fade()
    assert again.deviations.tolist() == head.deviations.tolist()


# -- who serves -----------------------------------------------------------------------------------

TREE = ContestSettings("hoeffding_adaptive_tree", "logistic")


def either(count: int) -> Iterator[tuple[dict[str, float], bool]]:
    """Clicked is what is popular or discounted, not both: no weights tell that."""
    rng = random.Random(1)
    for _ in range(count):
        one, other = rng.random() < 0.5, rng.random() < 0.5
        row = NOTHING | {"bias": 1.0, "popularity": float(one), "discount": float(other)}
        yield row, rng.random() < (0.9 if one != other else 0.05)


def served(settings: ContestSettings, count: int = 2_500) -> ClickHead:
    head = ClickHead(NOTHING, settings)
    for row, hit in either(count):
        head.learn(row, hit=hit)
    return head


def corner(one: float, other: float) -> list[float]:
    return list((NOTHING | {"bias": 1.0, "popularity": one, "discount": other}).values())


CORNERS = np.array([corner(0, 0), corner(0, 1), corner(1, 0), corner(1, 1)])


def test_a_champion_that_is_not_linear_ranks() -> None:
    head = served(TREE)
    found = head.log_odds(CORNERS).tolist()
    assert min(found[1:3]) > max(found[0], found[3]) + 1.0
    linear = head.linear.log_odds(CORNERS).tolist()
    assert max(linear) - min(linear) < 1.0, "the linear head cannot tell"
    for row, odds in zip(CORNERS.tolist(), found, strict=True):
        scores = head.scores(row)
        assert sigmoid(odds) == pytest.approx(scores["hoeffding_adaptive_tree"], abs=2e-6)
        assert scores["logistic"] == pytest.approx(
            sigmoid(float(head.linear.log_odds(np.array([row]))[0]))
        )
    assert head.version == "hoeffding_adaptive_tree-2500"


def test_with_another_champion_another_one_ranks() -> None:
    head = served(TREE, 300)
    head.contest.pin("logistic")
    assert head.log_odds(CORNERS).tolist() == head.linear.log_odds(CORNERS).tolist()
    assert head.version == "logistic-300"


def test_every_contender_has_a_score_and_those_of_one_alone_are_the_linear_heads() -> None:
    row = corner(1, 0)
    assert ClickHead(PRIORS, ALONE).scores(row).keys() == {"logistic"}
    named_all = ContestSettings("logistic", "linear_svm,hoeffding_adaptive_tree,mlp")
    head = ClickHead(PRIORS, named_all)
    found = head.scores(row)
    assert list(found) == ["logistic", "linear_svm", "hoeffding_adaptive_tree", "mlp"]
    assert all(0 <= score <= 1 for score in found.values())


def test_a_score_that_is_no_number_or_beyond_doubt_can_still_be_ranked() -> None:
    class Broken:
        def __init__(self, score: float) -> None:
            self._score = score

        def score(self, features: Any) -> float:
            del features
            return self._score

    head = ClickHead(NOTHING, TREE)
    for score, odds in ((math.nan, 0.0), (0.0, math.log(1e-6)), (1.0, -math.log(1e-6))):
        head._others["hoeffding_adaptive_tree"] = Broken(score)  # type: ignore[assignment]
        assert head.log_odds(CORNERS) == pytest.approx([odds] * 4, abs=1e-5)
        assert math.isfinite(head.scores(corner(0, 0))["hoeffding_adaptive_tree"])


def test_figures_are_told_as_those_of_clicks() -> None:
    families = {family for family, _ in ClickHead(PRIORS, TREE).contest.report()}
    assert families == {"clicks", "clicks:hoeffding_adaptive_tree", "clicks:logistic"}


def test_a_restored_click_head_says_the_same() -> None:
    head = served(TREE, 300)
    again: ClickHead = pickle.loads(pickle.dumps(head))
    assert again.log_odds(CORNERS).tolist() == head.log_odds(CORNERS).tolist()
    assert again.scores(corner(1, 0)) == head.scores(corner(1, 0))
    assert again.version == head.version

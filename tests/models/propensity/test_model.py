"""The purchase classifier: learns what is planted, and only from what the stream brought."""

from __future__ import annotations

import math
import pickle
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.customers import Customer
from models.propensity.features import session_features
from models.propensity.model import Propensity, area_under_curve, log_loss


def session(rng: random.Random, *, signal: bool = True) -> tuple[Customer, bool]:
    customer = Customer()
    customer.start_session("s", 0.0)
    customer.views = rng.choice([2, 4, 8])
    customer.carts = rng.choice([0, 0, 1, 2])
    customer.searches = rng.choice([0, 1, 2])
    odds = -2.5 + 2.0 * customer.carts if signal else -1.0
    return customer, rng.random() < 1 / (1 + math.exp(-odds))


def trained(sessions: int, *, signal: bool = True) -> Propensity:
    model, rng = Propensity(), random.Random(1)
    for _ in range(sessions):
        customer, bought = session(rng, signal=signal)
        model.observe(customer, 60.0)
        model.close(customer, bought=bought)
    return model


def test_it_learns_a_planted_signal_prequentially() -> None:
    report = trained(1500).report()
    assert report["examples"] == 1500
    assert report["auc"] > 0.75
    assert report["log_loss"] < 0.9 * report["base_rate_log_loss"]
    assert 0.1 < report["positives"] / 1500 < 0.5


def test_without_a_signal_it_claims_none() -> None:
    report = trained(1500, signal=False).report()
    assert report["auc"] == pytest.approx(0.5, abs=0.05)
    assert report["log_loss"] < 1.05 * report["base_rate_log_loss"]


def test_scoring_changes_nothing() -> None:
    model = trained(200)
    customer, _ = session(random.Random(2))
    features = session_features(customer, 60.0)
    before = pickle.dumps(model)
    first = model.score(features)
    assert [model.score(features) for _ in range(10)] == [first] * 10
    assert model.score({}) != first
    assert pickle.dumps(model) == before
    assert 0 < first < 1


def test_an_unlearnt_model_knows_nothing() -> None:
    model = Propensity()
    assert model.score(session_features(Customer(), 0.0)) == 0.5
    assert model.report() == {
        "examples": 0.0, "positives": 0.0, "auc": 0.5, "log_loss": 0.0, "base_rate_log_loss": 0.0,
    }  # fmt: skip


def test_examples_are_scored_before_they_are_learnt() -> None:
    model, customer = Propensity(), Customer(views=2)
    model.observe(customer, 0.0)
    (example,) = customer.examples
    assert example.score == 0.5
    model.close(customer, bought=True)
    assert model.loss == model.base_loss == math.log(2)
    assert customer.examples == []
    assert model.score(example.features) > 0.5


def test_views_are_scored_at_powers_of_two() -> None:
    model, customer = Propensity(), Customer()
    for views in range(1, 70):
        customer.views = views
        model.observe(customer, 0.0)
    logged = [round(math.expm1(example.features["views"])) for example in customer.examples]
    assert logged == [2, 4, 8, 16, 32]


def test_a_restored_model_goes_on_alike() -> None:
    model = trained(100)
    other = pickle.loads(pickle.dumps(model))
    rng = random.Random(9)
    for _ in range(50):
        customer, bought = session(rng)
        twin = pickle.loads(pickle.dumps(customer))
        for each, who in ((model, customer), (other, twin)):
            each.observe(who, 30.0)
            each.close(who, bought=bought)
    assert model.report() == other.report()
    assert pickle.dumps(model) == pickle.dumps(other)


def brute_force(hits: list[int], misses: list[int]) -> float:
    won = pairs = 0.0
    for i, hit in enumerate(hits):
        for j, miss in enumerate(misses):
            pairs += hit * miss
            won += hit * miss * (1.0 if i > j else 0.5 if i == j else 0.0)
    return won / pairs if pairs else 0.5


@settings(deadline=None)
@given(
    st.integers(1, 8).flatmap(
        lambda n: st.tuples(*[st.lists(st.integers(0, 9), min_size=n, max_size=n)] * 2)
    )
)
def test_area_under_the_curve(histograms: tuple[list[int], list[int]]) -> None:
    assert area_under_curve(*histograms) == pytest.approx(brute_force(*histograms))


def test_log_loss_is_bounded() -> None:
    assert log_loss(0.25, bought=True) == math.log(4)
    assert log_loss(0.25, bought=False) == -math.log(0.75)
    assert log_loss(0.0, bought=True) == pytest.approx(-math.log(1e-9))

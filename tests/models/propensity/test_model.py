"""The purchase classifier: learns what is planted, and only from what the stream brought."""

from __future__ import annotations

import math
import pickle
import random

import pytest

from models.customers import Customer
from models.propensity.classifier import Classifier
from models.propensity.model import Propensity
from models.propensity.signals import Signals, session_signals


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
    report = trained(1500).validation.report()
    assert report["examples"] == 1500
    assert report["auc"] > 0.75
    assert report["log_loss"] < 0.9 * report["base_rate_log_loss"]
    assert 0.1 < report["positives"] / 1500 < 0.5


def test_without_a_signal_it_claims_none() -> None:
    report = trained(1500, signal=False).validation.report()
    assert report["auc"] == pytest.approx(0.5, abs=0.05)
    assert report["log_loss"] < 1.05 * report["base_rate_log_loss"]


def test_scoring_changes_nothing() -> None:
    model = trained(200)
    customer, _ = session(random.Random(2))
    signals = session_signals(customer, 60.0)
    before = pickle.dumps(model)
    first = model.score(signals)
    assert [model.score(signals) for _ in range(10)] == [first] * 10
    assert pickle.dumps(model) == before
    assert 0 < first < 1


def test_an_unlearnt_model_knows_nothing() -> None:
    model = Propensity()
    assert model.score(session_signals(Customer(), 0.0)) == 0.5
    assert model.report()["propensity", "examples"] == 0.0


def test_examples_are_scored_before_they_are_learnt() -> None:
    model, customer = Propensity(), Customer(views=2)
    model.observe(customer, 0.0)
    (example,) = customer.examples
    assert example.score == 0.5
    model.close(customer, bought=True)
    assert model.validation.loss == model.validation.base_loss == math.log(2)
    assert customer.examples == []
    assert model.score(session_signals(Customer(views=2), 0.0)) > 0.5


def test_views_are_scored_at_powers_of_two() -> None:
    model, customer, logged = Propensity(), Customer(), []
    for views in range(1, 70):
        customer.views = views
        before = len(customer.examples)
        model.observe(customer, 0.0)
        logged += [views] * (len(customer.examples) - before)
    assert logged == [2, 4, 8, 16, 32]


def test_what_a_number_means_may_depend_on_the_gate() -> None:
    """Long visits buy if something is in the cart, and short ones if not: no line fits that."""
    classifier, rng, right = Classifier(), random.Random(3), 0
    for number in range(2_000):
        signals = Signals({"minutes": rng.uniform(0, 60)}, gate=rng.random() < 0.5)
        bought = (signals.numbers["minutes"] > 15) == signals.gate
        example = classifier.meet(signals)
        right += number >= 1_000 and (example.score > 0.5) == bought
        classifier.learn([example], hit=bought)
    assert right > 900


def test_an_example_is_learnt_as_it_was_when_it_was_scored() -> None:
    classifier = Classifier()
    first = classifier.meet(Signals({"views": 1.0}))
    kept = dict(first.features)
    for views in range(2, 50):
        classifier.meet(Signals({"views": float(views)}))
    assert classifier.meet(Signals({"views": 1.0})).features != kept
    assert first.features == kept


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

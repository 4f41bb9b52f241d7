"""Ranking learnt from choices."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from models.listwise import Listwise


def test_chances_are_the_softmax_of_the_scores() -> None:
    ranking = Listwise((1.0, 2.0))
    features = np.array([[1.0, 0.0], [0.0, 1.0], [500.0, 500.0]])
    assert ranking.scores(features).tolist() == [1.0, 2.0, 1500.0]
    odds = np.exp([1.0, 2.0])
    assert ranking.chances(features[:2]) == pytest.approx(odds / odds.sum())
    assert ranking.chances(features) == pytest.approx([0.0, 0.0, 1.0])
    assert ranking.chances(features[:0]).tolist() == []


def test_a_step_goes_up_the_gradient() -> None:
    """By hand: two rows with even chances, so the gradient is half their difference."""
    ranking = Listwise((0.0, 0.0), step=0.1)
    ranking.learn(np.array([[1.0, 0.0], [0.0, 3.0]]), [0])
    gradient = np.array([0.5 - 1.0, 1.5])
    squares = 0.01 + gradient**2
    assert ranking.weights == pytest.approx(list(-0.1 * gradient / np.sqrt(squares)))
    ranking.learn(np.array([[1.0, 0.0], [0.0, 3.0]]), [])
    assert ranking.lists == 1


def test_several_chosen_share_the_step() -> None:
    one, other = Listwise((0.0, 0.0)), Listwise((0.0, 0.0))
    one.learn(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), [0, 1])
    other.learn(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), [1])
    assert one.weights == pytest.approx(other.weights)


def test_it_finds_what_choices_follow() -> None:
    rng = np.random.default_rng(1)
    truth, ranking = np.array([2.0, -1.0, 0.0]), Listwise((0.0, 0.0, 0.5))
    for _ in range(4_000):
        features = rng.normal(size=(8, 3))
        odds = np.exp(features @ truth)
        ranking.learn(features, [int(rng.choice(8, p=odds / odds.sum()))])
    assert ranking.weights == pytest.approx(truth, abs=0.3)


def test_a_restored_one_goes_on_alike() -> None:
    one = Listwise((0.3, 0.1))
    one.learn(np.array([[1.0, 0.0], [0.0, 1.0]]), [0])
    other = pickle.loads(pickle.dumps(one))
    for ranking in (one, other):
        ranking.learn(np.array([[1.0, 2.0], [0.0, 1.0]]), [1])
    assert one.weights == other.weights

"""Whether a score has become larger than it usually is."""

from __future__ import annotations

import random

import pytest

from models.scorers.likelihood import Likelihood, LikelihoodSettings

SETTINGS = LikelihoodSettings(sluggish=0.0)


def history(scores: list[float], settings: LikelihoodSettings = SETTINGS) -> Likelihood:
    likelihood = Likelihood()
    for score in scores:
        take(likelihood, score, settings)
    return likelihood


def take(likelihood: Likelihood, score: float, settings: LikelihoodSettings = SETTINGS) -> None:
    likelihood.learn(score, likelihood.mean(score, settings), settings)


def z(likelihood: Likelihood, score: float, settings: LikelihoodSettings = SETTINGS) -> float:
    return likelihood.z(likelihood.mean(score, settings), settings)


def draws(seed: int, number: int) -> list[float]:
    rng = random.Random(seed)
    return [rng.uniform(0, 2) for _ in range(number)]


def test_nothing_is_said_without_a_history() -> None:
    assert z(history(draws(1, 99)), 100.0) == 0.0
    assert z(history(draws(1, 100)), 100.0) > 10


def test_it_is_the_mean_of_the_last_ten_in_sigma_of_all_before_them() -> None:
    scores = draws(2, 500)
    likelihood = history(scores)
    past, last = scores[:490], [*scores[-9:], 1.7]
    mean = sum(past) / 490
    std = (sum((score - mean) ** 2 for score in past) / 490) ** 0.5
    assert z(likelihood, 1.7) == pytest.approx((sum(last) / 10 - mean) / std)


def test_while_there_are_few_it_is_the_mean_of_those() -> None:
    likelihood = history([1.0, 4.0])
    assert likelihood.mean(7.0, SETTINGS) == 4.0
    assert history([9.0] * 10 + [1.0] * 9).mean(11.0, SETTINGS) == 2.0


def test_one_sigma_is_at_least_so_many_times_what_means_of_stretches_vary() -> None:
    scores = draws(7, 500)
    settings = LikelihoodSettings(sluggish=100.0)
    # Every tenth mean, of those that are history: the last one is of the scores before the last ten.
    means = [sum(scores[end - 10 : end]) / 10 for end in range(10, 491, 10)]
    mean = sum(means) / len(means)
    std = (sum((own - mean) ** 2 for own in means) / len(means)) ** 0.5
    past = sum(scores[:490]) / 490
    last = (sum(scores[-9:]) + 1.7) / 10
    assert z(history(scores, settings), 1.7, settings) == pytest.approx((last - past) / (100 * std))


def test_asking_changes_nothing() -> None:
    likelihood = history(draws(3, 200))
    first = z(likelihood, 5.0)
    assert z(likelihood, 5.0) == first


def test_the_last_ten_are_no_history_yet() -> None:
    likelihood = history(draws(4, 300))
    mean = likelihood.single.mean
    for _ in range(10):
        take(likelihood, 1000.0)
    assert likelihood.single.mean == pytest.approx(mean, abs=0.1)


def test_scores_that_hang_together_count_less() -> None:
    rng, x, scores = random.Random(5), 1.0, []
    for _ in range(3000):
        x = 1 + 0.98 * (x - 1) + 0.1 * rng.gauss(0, 1)
        scores.append(x)
    strict = LikelihoodSettings(sluggish=2.0)
    loose, own = history(scores), history(scores, strict)
    assert z(own, 9.0, strict) == pytest.approx(z(loose, 9.0) / 2, rel=0.1)
    even = draws(6, 3000)
    some = LikelihoodSettings(sluggish=1.5)
    assert z(history(even, some), 9.0, some) == pytest.approx(z(history(even), 9.0))


def test_scores_that_never_vary_have_a_least_sigma() -> None:
    likelihood = history([1.0] * 300)
    assert z(likelihood, 2.0) == pytest.approx(0.1 / 0.2)

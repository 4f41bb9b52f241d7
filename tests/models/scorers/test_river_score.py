"""What every one of River's detectors must be fit for, behind our seam."""

from __future__ import annotations

import math
import pickle
import random
from collections.abc import Iterable

import pytest

from models.scorers.river_models import NAMES, Name, river_model
from models.scorers.river_score import RiverScore, RiverSettings

LIMIT = 3.0

every = pytest.mark.parametrize("name", NAMES)


def noise(seed: int, number: int, mean: float = 20.0, sigma: float = 0.1) -> list[float]:
    rng = random.Random(seed)
    return [rng.gauss(mean, sigma) for _ in range(number)]


def run(score: RiverScore, settings: RiverSettings, values: Iterable[float]) -> list[float]:
    """Take values in as a sensor's watch does, and return the scores."""
    found = []
    for x in values:
        scored = score.score(x, settings)
        score.learn(scored, settings, quiet=scored.z < LIMIT)
        found.append(scored.z)
    return found


def trained(name: Name, values: Iterable[float]) -> tuple[RiverScore, RiverSettings]:
    settings = RiverSettings(name)
    score = RiverScore(settings)
    run(score, settings, values)
    return score, settings


@every
@pytest.mark.parametrize("value", [0.0, 5.0, -273.15, 1e15, 1e-7])
def test_a_constant_is_never_unusual(name: Name, value: float) -> None:
    settings = RiverSettings(name)
    assert max(run(RiverScore(settings), settings, [value] * 1_500)) == 0.0


@every
def test_one_more_in_the_last_digit_of_a_constant_is_not_unusual(name: Name) -> None:
    score, settings = trained(name, [20.1] * 1_000)
    assert max(run(score, settings, [20.1, 20.2, 20.1, 20.1, 20.2] * 100)) < LIMIT


@every
def test_a_constant_that_jumps_is_found(name: Name) -> None:
    score, settings = trained(name, [20.1] * 1_000)
    assert max(run(score, settings, [21.1] * 12)) >= LIMIT


@every
def test_nothing_is_said_before_enough_is_known(name: Name) -> None:
    settings = RiverSettings(name)
    score = RiverScore(settings)
    assert score.score(1e9, settings) == (1e9, None, 0.0)
    zs = run(score, settings, noise(1, 1_000))
    said = next(n for n, z in enumerate(zs) if z)
    assert 100 <= said <= 700


@every
def test_noise_is_not_unusual(name: Name) -> None:
    settings = RiverSettings(name)
    assert max(run(RiverScore(settings), settings, noise(2, 6_000))) < LIMIT


@every
@pytest.mark.parametrize(("mean", "sigma"), [(20.0, 0.1), (-4e4, 500.0), (0.0, 1e-4)])
def test_a_level_ten_sigma_off_is_found_soon(name: Name, mean: float, sigma: float) -> None:
    score, settings = trained(name, noise(3, 3_000, mean, sigma))
    kept = pickle.dumps(score)
    for off in (10 * sigma, -10 * sigma):
        zs = run(pickle.loads(kept), settings, noise(4, 12, mean + off, sigma))
        assert max(zs) >= LIMIT, off


@every
def test_what_is_farther_off_is_not_less_unusual(name: Name) -> None:
    score, settings = trained(name, noise(5, 3_000))
    zs = [score.score(20 + 0.1 * off, settings).z for off in (0, 4, 8, 16, 1e3, 1e12)]
    assert zs == sorted(zs)
    assert zs[2] > zs[0]
    assert math.isfinite(zs[-1])


@every
def test_asking_changes_nothing(name: Name) -> None:
    score, settings = trained(name, noise(6, 1_500))
    before = pickle.dumps(score)
    first = score.score(20.3, settings)
    for x in (20.0, 1e6, -1e6, math.nan, math.inf):
        score.score(x, settings)
    assert score.score(20.3, settings) == first
    assert pickle.dumps(score) == before


@every
def test_what_is_no_number_never_reaches_it(name: Name) -> None:
    score, settings = trained(name, noise(7, 1_500))
    before = pickle.dumps(score)
    for x in (math.nan, math.inf, -math.inf):
        assert run(score, settings, [x] * 5) == [0.0] * 5
        assert pickle.dumps(score) == before, x


@every
def test_it_goes_on_after_a_restart_as_without_one(name: Name) -> None:
    score, settings = trained(name, noise(8, 1_501))
    again = pickle.loads(pickle.dumps(score))
    rest = [*noise(9, 600), *noise(10, 50, 21.0)]
    first = run(score, settings, rest)
    assert max(first) >= LIMIT
    assert run(again, settings, rest) == first


@every
def test_two_of_the_same_history_answer_the_same(name: Name) -> None:
    (one, settings), (other, _) = trained(name, noise(11, 900)), trained(name, noise(11, 900))
    assert run(one, settings, noise(12, 50)) == run(other, settings, noise(12, 50))


@every
def test_it_learns_nothing_of_what_is_not_quiet(name: Name) -> None:
    model = river_model(name)
    values = noise(13, 1_500)
    for n, x in enumerate(values):
        model.learn(x, quiet=n < 1_480)
    usual = model.unlike(20.05)
    for x in noise(14, 500, 21.0):
        model.learn(x, quiet=False)
    assert model.unlike(21.0) > usual + 1
    for x in values[1_480:]:
        model.learn(x, quiet=False)
    assert model.unlike(20.05) == usual


@every
def test_what_it_remembers_is_bounded(name: Name) -> None:
    score, settings = trained(name, noise(15, 3_000))
    early = len(pickle.dumps(score))
    run(score, settings, noise(16, 4_500))
    assert len(pickle.dumps(score)) < 1.1 * early

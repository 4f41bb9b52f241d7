"""Whether a sensor's level has moved for good."""

from __future__ import annotations

import math
import pickle
import random

import pytest

from models.scorers.moved import LevelWatch, Move


def ar(seed: int, number: int, phi: float) -> list[float]:
    """Return AR(1) noise of sigma 1."""
    rng = random.Random(seed)
    x, made = rng.gauss(0, 1), []
    for _ in range(number):
        x = phi * x + math.sqrt(1 - phi * phi) * rng.gauss(0, 1)
        made.append(x)
    return made


def moves(values: list[float], watch: LevelWatch | None = None) -> list[tuple[int, Move]]:
    """Return the moves that were told, each with the number of samples taken by then."""
    watch = watch or LevelWatch()
    found = [(n + 1, watch.take(x)) for n, x in enumerate(values)]
    return [(n, move) for n, move in found if move is not None]


@pytest.mark.parametrize(("phi", "seeds"), [(0.0, [1]), (0.5, [1, 2]), (0.9, [1, 2, 3])])
def test_noise_does_not_move(phi: float, seeds: list[int]) -> None:
    for seed in seeds:
        assert moves([20 + 0.1 * x for x in ar(seed, 100_000, phi)]) == []


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("by", [1.0, -1.0, 5.0])
def test_a_move_of_one_sigma_is_told_once_with_its_size_and_time(phi: float, by: float) -> None:
    values = [20 + 0.1 * x for x in ar(4, 20_000, phi)]
    values[12_000:] = [x + 0.1 * by for x in values[12_000:]]
    [(told, move)] = moves(values)
    assert 12_000 < told <= 14_000
    assert move.before == pytest.approx(20, abs=0.02)
    assert move.after == pytest.approx(20 + 0.1 * by, abs=0.05)
    assert move.sigma == pytest.approx(0.1, rel=0.3)
    assert move.at == pytest.approx(12_000, abs=250)


def test_what_came_before_a_move_is_told_apart_though_little_came_since() -> None:
    values = [20 + 0.1 * x for x in ar(5, 4_000, 0.0)]
    values[3_001:] = [x + 2 for x in values[3_001:]]
    [(_, move)] = moves(values)
    assert (move.before, move.after) == (pytest.approx(20, abs=0.01), pytest.approx(22, abs=0.01))
    assert move.at == 3_001, "the first of the block that the move is in"


def test_a_level_that_moves_twice_is_told_twice_the_second_time_by_what_came_since_the_first() -> (
    None
):
    values = ar(6, 20_000, 0.5)
    for n in range(10_000, 20_000):
        values[n] = 3 * values[n] + (9 if n < 14_000 else -9)
    (told, first), (_, second) = moves(values)
    since = values[told + 300 : 14_000]
    assert second.before == pytest.approx(sum(since) / len(since))
    assert (first.sigma, second.sigma) == (pytest.approx(1, rel=0.2), pytest.approx(3, rel=0.2))
    assert (first.after, second.after) == (pytest.approx(9, abs=0.9), pytest.approx(-9, abs=0.9))
    assert second.at == pytest.approx(14_000, abs=100)


@pytest.mark.parametrize("value", [0.0, 5.0, -273.15, 1e15])
def test_a_constant_does_not_move(value: float) -> None:
    assert moves([value] * 20_000) == []


def test_a_constant_that_becomes_another_has_moved() -> None:
    [(_, move)] = moves([5.0] * 2_000 + [7.5] * 2_000)
    assert (move.before, move.after) == (pytest.approx(5.0), pytest.approx(7.5))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_passed_over(bad: float) -> None:
    values = ar(7, 8_000, 0.5)
    values[5_000:] = [x + 2 for x in values[5_000:]]
    watch, with_bad = LevelWatch(), LevelWatch()
    for x in values:
        assert watch.take(x) == with_bad.take(x)
        assert with_bad.take(bad) is None
    assert watch.taken == with_bad.taken == 8_000


def test_it_goes_on_after_a_restart_as_without_one() -> None:
    values = ar(8, 9_000, 0.5)
    values[5_000:] = [x + 2 for x in values[5_000:]]
    whole = moves(values)
    watch = LevelWatch()
    assert moves(values[:5_277], watch) == []
    again = pickle.loads(pickle.dumps(watch))
    assert [move for _, move in moves(values[5_277:], again)] == [move for _, move in whole]


def test_what_it_remembers_is_bounded() -> None:
    watch = LevelWatch()
    values = ar(9, 200_000, 0.0)
    moves(values[:20_000], watch)
    early = len(pickle.dumps(watch))
    moves(values[20_000:], watch)
    assert len(pickle.dumps(watch)) < 2 * early

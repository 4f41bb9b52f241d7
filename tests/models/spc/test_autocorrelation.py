"""The lag-1 autocorrelation: estimated as it is, and of nothing where there is none."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from models.spc.autocorrelation import LagOne


def phi_of(values: list[float]) -> float | None:
    lag_one = LagOne()
    for x in values:
        lag_one.take(x)
    return lag_one.phi


def ar(phi: float, number: int, seed: int, level: float = 1e4) -> list[float]:
    rng = random.Random(seed)
    x, made = 0.0, []
    for _ in range(number):
        x = phi * x + math.sqrt(1 - phi * phi) * rng.gauss(0, 1)
        made.append(level + x)
    return made


def test_at_first_it_is_the_correlation_of_neighbours() -> None:
    values = ar(0.5, 150, seed=1)
    assert phi_of(values) == pytest.approx(np.corrcoef(values[1:], values[:-1])[0, 1], abs=1e-9)


@pytest.mark.parametrize("phi", [-0.5, 0.0, 0.3, 0.6, 0.9])
def test_it_is_found_whatever_it_is(phi: float) -> None:
    found = [phi_of(ar(phi, 2000, seed)) for seed in range(20)]
    assert np.mean(found) == pytest.approx(phi, abs=0.05)
    assert np.std(found) < 0.12


def test_what_was_long_ago_is_forgotten() -> None:
    assert phi_of(ar(0.9, 2000, 1) + ar(0.0, 2000, 2)) == pytest.approx(0.0, abs=0.2)


def test_it_is_not_known_of_few_values_nor_of_a_signal_that_stands_still() -> None:
    assert phi_of([]) is None
    assert phi_of(ar(0.5, 20, 1)) is None
    assert phi_of(ar(0.5, 21, 1)) is not None
    assert phi_of([20.1] * 500) is None
    assert phi_of([0.0] * 500) is None
    assert phi_of([0.3, 0.1 + 0.2] * 100) is None


def test_it_stays_between_minus_one_and_one() -> None:
    assert phi_of([float(n) for n in range(100)]) == pytest.approx(1.0)
    assert phi_of([1.0, 2.0] * 100) == pytest.approx(-1.0)
    assert all(abs(phi_of([0.1 * n for n in range(m)]) or 0) <= 1 for m in range(21, 400))

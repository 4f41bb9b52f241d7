"""How far a score reaches by itself."""

from __future__ import annotations

import random

import pytest

from models.scorers.tail import Tail


@pytest.mark.parametrize(("share", "expected"), [(0.1, 1.282), (0.01, 2.326), (0.001, 3.09)])
def test_it_finds_the_quantile_of_noise(share: float, expected: float) -> None:
    rng, tail = random.Random(1), Tail()
    seen = []
    for _ in range(60_000):
        tail.learn(rng.gauss(0, 1), share)
        seen.append(tail.quantile)
    late = seen[30_000:]
    assert sum(late) / len(late) == pytest.approx(expected, rel=0.07)


def test_it_learns_late_so_that_a_fault_that_begins_does_not_raise_its_own_limit() -> None:
    tail = Tail()
    for _ in range(10):
        tail.learn(1000.0, 0.001)
    assert tail.quantile == 1.0
    tail.learn(0.0, 0.001)
    assert tail.quantile > 1.3


def test_it_never_falls_to_nothing() -> None:
    tail = Tail()
    for _ in range(5_000):
        tail.learn(0.0, 0.5)
    assert tail.quantile == pytest.approx(0.05)

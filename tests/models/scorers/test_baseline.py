"""The guarded EWMA: what it learns, and what it does not."""

from __future__ import annotations

import math

import pytest

from models.scorers.baseline import Baseline, BaselineSettings, last_digit
from tests.models.scorers.signals import noise

SETTINGS = BaselineSettings()
SIGMA = 0.8


def learnt(values: list[float]) -> Baseline:
    baseline = Baseline()
    learn(baseline, values)
    return baseline


def learn(baseline: Baseline, values: list[float], *, quiet: bool = True) -> None:
    for x in values:
        baseline.learn(x, baseline.score(x, SETTINGS), SETTINGS, quiet=quiet)


def test_nothing_is_said_while_warming_up_and_the_first_sample_after_it_is_nothing_unusual() -> (
    None
):
    values = noise(1, SETTINGS.warm_up + 1)
    baseline = Baseline()
    for x in values[:-1]:
        assert not baseline.ready(SETTINGS)
        learn(baseline, [x])
    assert baseline.ready(SETTINGS)
    strength, _ = baseline.score(values[-1], SETTINGS).strongest(SETTINGS)
    assert strength < 4


def test_another_level_is_not_more_scatter() -> None:
    baseline = learnt(noise(1, 500))
    learn(baseline, [x + 6 * SIGMA for x in noise(2, 60)], quiet=False)
    assert baseline.level == pytest.approx(6, abs=1)
    assert baseline.spread < 3
    _, by_spread = baseline.score(70 + 6 * SIGMA, SETTINGS).strongest(SETTINGS)
    assert not by_spread


def test_a_fault_is_not_learnt() -> None:
    baseline = learnt(noise(1, 1000))
    before = (baseline.base.mean, baseline.base.n)
    for x in noise(2, 200):
        learn(baseline, [x + 20], quiet=False)
        learn(baseline, [x + 20])
    assert (baseline.base.mean, baseline.base.n) == before


def test_while_something_may_be_going_on_it_learns_slowly() -> None:
    calm, uneasy = learnt(noise(1, 1000)), learnt(noise(1, 1000))
    for baseline in (calm, uneasy):
        baseline.level_base.mean, baseline.level_base.var = 0.0, 0.01
    uneasy.level = 3.0
    learn(calm, [71.0])
    learn(uneasy, [71.0])
    moved = [baseline.base.mean - learnt(noise(1, 1000)).base.mean for baseline in (calm, uneasy)]
    assert moved[1] == pytest.approx(0.1 * moved[0])


def test_scores_are_finite_whatever_comes() -> None:
    baseline = learnt([0.0] * 40)
    off = baseline.score(1e15, SETTINGS)
    strength, by_spread = off.strongest(SETTINGS)
    assert 8 <= strength <= 1e15
    assert not by_spread
    learn(baseline, [1e15])
    assert math.isfinite(baseline.level)
    assert math.isfinite(baseline.spread)


@pytest.mark.parametrize(
    ("x", "digit"),
    [(20.0, 1.0), (20.1, 0.1), (-0.25, 0.01), (19.999999999999996, 1.0), (0.0, 1.0), (123456.75, 0.01)],
)  # fmt: skip
def test_the_last_digit(x: float, digit: float) -> None:
    assert last_digit(x) == pytest.approx(digit)


def test_the_last_digit_of_very_small_and_large_values() -> None:
    assert last_digit(2e-7) == pytest.approx(2e-16)
    assert last_digit(3e12) == pytest.approx(3e3)

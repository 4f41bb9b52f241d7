"""Estimates of a policy from another one's log: by hand, and against a bandit whose truth is known."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.stats import binom

from models.offers.evaluation import (
    Difference,
    Estimate,
    Floats,
    doubly_robust,
    ips,
    rate,
    snips,
    uplift,
)

RUNS = 200
REWARD = [1.0, 0.0, 2.0, 0.0]
LOGGING = [0.5, 0.25, 0.5, 0.25]
EVALUATION = [0.25, 0.5, 0.5, 0.0]
"""Weights 0.5, 2, 1 and 0."""


@dataclass(frozen=True)
class Bandit:
    """Two contexts alike in number, four actions, rewards of 0 and 1."""

    rates: Floats
    logging: Floats
    evaluation: Floats

    @property
    def truth(self) -> float:
        return float((self.rates * self.evaluation).sum(axis=1).mean())

    def log(self, rng: np.random.Generator, size: int) -> tuple[Floats, ...]:
        """Reward, both propensities, and the true rates: of the action, and under evaluation."""
        context = rng.integers(2, size=size)
        chances = self.logging.cumsum(axis=1)[context]
        action = (rng.random(size)[:, None] > chances[:, :-1]).sum(axis=1)
        reward = (rng.random(size) < self.rates[context, action]).astype(float)
        expected = (self.rates * self.evaluation).sum(axis=1)[context]
        where = context, action
        return reward, self.logging[where], self.evaluation[where], self.rates[where], expected


BANDIT = Bandit(
    rates=np.array([[0.1, 0.2, 0.3, 0.4], [0.5, 0.3, 0.2, 0.1]]),
    logging=np.array([[0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]]),
    evaluation=np.array([[0.1, 0.1, 0.2, 0.6], [0.5, 0.3, 0.1, 0.1]]),
)
RARE = Bandit(BANDIT.rates / 40, BANDIT.logging, BANDIT.evaluation)
"""One reward in about 150 decisions."""

Estimator = Callable[[tuple[Floats, ...]], Estimate]
ESTIMATORS: dict[str, Estimator] = {
    "ips": lambda log: ips(*log[:3]),
    "snips": lambda log: snips(*log[:3]),
    "dr": lambda log: doubly_robust(*log[:3], predicted=log[3], expected=log[4]),
    "dr, wrong model": lambda log: doubly_robust(
        *log[:3], predicted=0.6 - log[3], expected=0.6 - log[4]
    ),
}
each_estimator = pytest.mark.parametrize("name", ESTIMATORS)


def plausible(covered: int) -> bool:
    """Whether 95 % intervals may have covered the truth in so many of all runs."""
    low, high = binom.interval(0.999, RUNS, 0.95)
    return bool(low <= covered <= high)


def test_ips_is_the_mean_of_the_weighted_rewards() -> None:
    found = ips(REWARD, LOGGING, EVALUATION)
    assert found.value == pytest.approx((0.5 * 1 + 1 * 2) / 4)
    assert found.n == 4
    assert found.effective_n == pytest.approx(3.5**2 / (0.25 + 4 + 1))
    assert found.low < found.value < found.high


def test_a_clipped_weight_counts_less() -> None:
    found = ips(REWARD, LOGGING, EVALUATION, clip=0.5)
    assert found.value == pytest.approx((0.5 * 1 + 0.5 * 2) / 4)
    assert found.effective_n == pytest.approx(3)
    assert ips(REWARD, LOGGING, EVALUATION, clip=2.0) == ips(REWARD, LOGGING, EVALUATION)


def test_snips_divides_by_the_weights() -> None:
    found = snips(REWARD, LOGGING, EVALUATION)
    assert found.value == pytest.approx(2.5 / 3.5)
    shifted = snips(np.add(REWARD, 100), LOGGING, EVALUATION)
    assert shifted.value == pytest.approx(100 + 2.5 / 3.5)  # which IPS's is not
    assert shifted.effective_n == found.effective_n


def test_the_error_of_snips_is_that_of_the_linearised_ratio() -> None:
    found = snips(*(np.tile(column, 10_000) for column in (REWARD, LOGGING, EVALUATION)))
    value, mean = 2.5 / 3.5, 3.5 / 4
    squares = (0.5 * (1 - value)) ** 2 + (2 * (0 - value)) ** 2 + (1 * (2 - value)) ** 2
    half = 1.95996 * math.sqrt(squares / 4 / 40_000) / mean
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=1e-3)


def test_doubly_robust_corrects_the_model_where_it_was_wrong() -> None:
    found = doubly_robust(
        REWARD, LOGGING, EVALUATION, predicted=[1, 0.5, 1, 7], expected=[0.5, 1, 0.5, 1]
    )
    assert found.value == pytest.approx((0.5 + (1 - 2 * 0.5) + (0.5 + 1) + 1) / 4)


def test_with_many_alike_rewards_the_interval_is_that_of_the_textbook() -> None:
    reward = np.tile([1.0, 0.0], 20_000)
    found = ips(reward, np.ones(40_000), np.ones(40_000))
    half = 1.95996 * 0.5 / math.sqrt(40_000)
    assert (found.low, found.high) == pytest.approx((0.5 - half, 0.5 + half), rel=1e-5)


def test_the_interval_of_rare_clicks_is_wilsons_but_for_the_t() -> None:
    for clicks in (4, 40):
        reward = np.repeat([1.0, 0.0], [clicks, 4_000 - clicks])
        found = ips(reward, np.ones(4_000), np.ones(4_000))
        exact = rate(clicks, 4_000)
        below, above = found.value - found.low, found.high - found.value
        assert above > below * 1.2
        assert 0 < found.low < exact.low
        assert exact.high < found.high
        if clicks == 40:  # where t is near the normal quantile
            assert (found.low, found.high) == pytest.approx((exact.low, exact.high), rel=0.03)


@pytest.mark.parametrize("reward", [[0.0] * 50, [3.0] * 50, [3.0]])
def test_a_log_without_spread_says_nothing_of_the_error(reward: list[float]) -> None:
    ones = np.ones(len(reward))
    found = ips(reward, ones, ones)
    assert found.value == reward[0]
    assert (found.low, found.high) == (-math.inf, math.inf)


def test_no_rewards_make_no_narrow_interval_of_a_model_alone() -> None:
    zeros, ones = np.zeros(50), np.ones(50)
    found = doubly_robust(zeros, ones, ones, predicted=np.linspace(0, 1, 50), expected=ones)
    assert found.high == math.inf


@each_estimator
def test_the_interval_covers_the_truth(name: str) -> None:
    rng = np.random.default_rng(11)
    covered = 0
    for _ in range(RUNS):
        found = ESTIMATORS[name](BANDIT.log(rng, 1_000))
        covered += found.low <= BANDIT.truth <= found.high
    assert plausible(covered)


@each_estimator
def test_rare_rewards_leave_the_interval_wide_enough(name: str) -> None:
    """Eight rewards a run: too wide is allowed here, too narrow is not."""
    rng = np.random.default_rng(12)
    covered = 0
    for _ in range(RUNS):
        found = ESTIMATORS[name](RARE.log(rng, 1_200))
        covered += found.low <= RARE.truth <= found.high
    assert covered >= binom.ppf(0.0005, RUNS, 0.95)


def spread_and_bias(estimator: Estimator) -> tuple[float, float]:
    """The standard deviation over runs, and the mean error in standard errors of that mean."""
    rng = np.random.default_rng(13)
    values = np.array([estimator(BANDIT.log(rng, 400)).value for _ in range(RUNS)])
    spread = float(values.std(ddof=1))
    return spread, float(values.mean() - BANDIT.truth) / (spread / math.sqrt(RUNS))


def test_no_estimator_is_biased_also_dr_with_a_wrong_model() -> None:
    assert all(abs(spread_and_bias(each)[1]) < 3.3 for each in ESTIMATORS.values())


def test_dr_with_wrong_propensities_is_saved_by_a_right_model() -> None:
    def wrong(log: tuple[Floats, ...]) -> tuple[Floats, ...]:
        return log[0], np.full(len(log[0]), 0.25), *log[2:]

    assert abs(spread_and_bias(lambda log: ESTIMATORS["dr"](wrong(log)))[1]) < 3.3
    assert abs(spread_and_bias(lambda log: ESTIMATORS["ips"](wrong(log)))[1]) > 10


def test_dr_with_the_true_model_has_the_smallest_spread() -> None:
    spreads = {name: spread_and_bias(each)[0] for name, each in ESTIMATORS.items()}
    assert min(spreads, key=spreads.__getitem__) == "dr"


@pytest.mark.parametrize(
    ("logging", "evaluation", "message"),
    [
        ([0.5, 0.0], [0.5, 0.5], r"logging policy must be in \(0, 1\]"),
        ([0.5, 1.1], [0.5, 0.5], r"logging policy must be in \(0, 1\]"),
        ([0.5, math.nan], [0.5, 0.5], "not finite"),
        ([0.5, 0.5], [0.5, -0.1], r"evaluation policy must be in \[0, 1\]"),
        ([0.5, 0.5], [0.5, 1.1], r"evaluation policy must be in \[0, 1\]"),
        ([0.5], [0.5, 0.5], "logging must have one number per decision"),
        ([0.5, 0.5], [0.5, 0.5, 0.5], "evaluation must have one number per decision"),
    ],
)
def test_a_log_that_cannot_be_is_refused(
    logging: list[float], evaluation: list[float], message: str
) -> None:
    for estimator in (ips, snips):
        with pytest.raises(ValueError, match=message):
            estimator([0.0, 1.0], logging, evaluation)


def test_other_refusals() -> None:
    with pytest.raises(ValueError, match="empty"):
        ips([], [], [])
    with pytest.raises(ValueError, match="above 0"):
        ips([1], [1], [1], clip=0)
    with pytest.raises(ValueError, match="none of the logged actions"):
        snips([1, 0], [0.5, 0.5], [0, 0])
    assert ips([1, 0], [0.5, 0.5], [0, 0]).effective_n == 0
    with pytest.raises(ValueError, match="expected must have"):
        doubly_robust([1, 0], [1, 1], [1, 1], predicted=[0, 0], expected=[0])
    for counts in ((0, 0), (3, 2), (-1, 5)):
        with pytest.raises(ValueError, match="no rate"):
            rate(*counts)


@pytest.mark.parametrize(
    ("treated", "control", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_uplift_is_as_newcombe_printed_it(
    treated: tuple[int, int], control: tuple[int, int], low: float, high: float
) -> None:
    """Method 10 of his table II (1998)."""
    found = uplift(treated, control)
    assert found.value == pytest.approx(treated[0] / treated[1] - control[0] / control[1])
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)
    turned = uplift(control, treated)
    assert turned == Difference(-found.value, -found.high, -found.low)


def test_uplift_covers_what_was_planted() -> None:
    rng = np.random.default_rng(14)
    covered = 0
    for _ in range(RUNS):
        treated = int(rng.binomial(1_800, 0.05)), 1_800
        control = int(rng.binomial(200, 0.03)), 200
        found = uplift(treated, control)
        covered += found.low <= 0.02 <= found.high
    assert plausible(covered)

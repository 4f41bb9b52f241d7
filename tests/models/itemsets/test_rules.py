"""The measures of a rule, against values worked out by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.itemsets.rules import Rule, wilson_lower
from models.view import Row, View, encode


def rule(n: float, n_a: float, n_b: float, n_ab: float) -> Rule:
    return Rule(antecedent="a", consequent="b", n=n, n_a=n_a, n_b=n_b, n_ab=n_ab)


def test_measures_by_hand() -> None:
    one = rule(1000, 200, 100, 50)
    assert one.support == pytest.approx(0.05)
    assert one.confidence == pytest.approx(0.25)
    assert one.lift == pytest.approx(2.5)
    assert one.leverage == pytest.approx(0.05 - 0.2 * 0.1)
    assert one.conviction == pytest.approx(0.9 / 0.75)
    assert one.kulczynski == pytest.approx((0.25 + 0.5) / 2)
    assert one.imbalance == pytest.approx(100 / 250)
    assert one.score == pytest.approx(wilson_lower(50, 200) * math.log(2.5))


def test_independence_says_nothing() -> None:
    one = rule(100, 20, 50, 10)
    assert (one.lift, one.leverage, one.conviction, one.score) == (1.0, 0.0, 1.0, 0.0)


def test_less_often_than_by_chance_scores_nothing() -> None:
    assert rule(100, 50, 50, 10).score == 0


def test_a_rule_that_is_never_wrong() -> None:
    one = rule(100, 20, 40, 20)
    assert one.confidence == 1
    assert one.conviction == math.inf
    row = Row(rules=(one,), partners=("b",), count=20)
    (read,) = View(1, {"a": encode(row)}).row("a").rules
    assert read == one
    assert read.conviction == math.inf


@pytest.mark.parametrize(
    ("hits", "trials", "expected"),
    [(0, 10, 0.0), (10, 10, 0.72246), (5, 10, 0.23659), (1, 100, 0.00177), (0, 0, 0.0), (3, -1, 0)],
)
def test_wilson(hits: float, trials: float, expected: float) -> None:
    assert wilson_lower(hits, trials) == pytest.approx(expected, abs=2e-5)


@settings(deadline=None)
@given(st.floats(0, 1e6), st.floats(1e-3, 1e6))
def test_wilson_lies_between_zero_and_the_share(hits: float, trials: float) -> None:
    assert 0 <= wilson_lower(hits, trials) <= min(hits / trials, 1) + 1e-12

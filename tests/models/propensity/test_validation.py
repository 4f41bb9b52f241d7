"""Progressive validation: the figures, by hand and by brute force."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.propensity.validation import (
    Validation,
    area_under_curve,
    calibration_error,
    log_loss,
)

counts = st.lists(st.integers(0, 5), min_size=4, max_size=4)


def test_nothing_is_known_of_nothing() -> None:
    assert Validation().report() == {
        "examples": 0.0, "positives": 0.0, "auc": 0.5, "calibration_error": 0.0,
        "log_loss": 0.0, "base_rate_log_loss": 0.0,
    }  # fmt: skip


def test_the_base_rate_is_that_of_before() -> None:
    validation = Validation()
    validation.take(0.9, hit=True)
    assert validation.base_loss == math.log(2)
    assert validation.loss == pytest.approx(-math.log(0.9))
    assert validation.base == 0.75
    validation.take(0.1, hit=False)
    assert validation.base_loss == pytest.approx(math.log(2) - math.log(0.25))
    assert (validation.examples, validation.positives) == (2, 1)
    assert validation.report()["auc"] == 1.0
    assert validation.report()["log_loss"] == pytest.approx(-math.log(0.9))


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_a_certain_score_is_counted(score: float) -> None:
    validation = Validation()
    validation.take(score, hit=score == 1.0)
    assert validation.report()["calibration_error"] == 0.0
    validation.take(score, hit=score == 0.0)
    assert validation.report()["calibration_error"] == 0.5
    assert validation.loss == pytest.approx(-math.log(1e-9), rel=1e-6)


def test_calibration_is_how_far_scores_are_from_shares() -> None:
    """By hand: of ten scored 0.25 four hit, of ten scored 0.75 eight did."""
    hits, misses, scored = [0, 4, 8, 0], [0, 6, 2, 0], [0.0, 2.5, 7.5, 0.0]
    found = calibration_error(hits, misses, scored, bins=4)
    assert found == pytest.approx((1.5 + 0.5) / 20)
    # In one bin what is too low and what is too high make up for each other.
    assert calibration_error(hits, misses, scored, bins=1) == pytest.approx(2.0 / 20)
    assert calibration_error(hits, misses, [0.0, 4.5, 7.5, 0.0], bins=1) == pytest.approx(0.0)


def test_log_loss() -> None:
    assert log_loss(0.25, hit=True) == pytest.approx(math.log(4))
    assert log_loss(0.25, hit=False) == pytest.approx(-math.log(0.75))


def brute_force(hits: list[int], misses: list[int]) -> float:
    won = pairs = 0.0
    for i, hit in enumerate(hits):
        for j, miss in enumerate(misses):
            won += hit * miss * (1.0 if i > j else 0.5 if i == j else 0.0)
            pairs += hit * miss
    return won / pairs if pairs else 0.5


@settings(max_examples=100, deadline=None)
@given(counts, counts)
def test_the_area_is_the_share_of_pairs_in_order(hits: list[int], misses: list[int]) -> None:
    assert area_under_curve(hits, misses) == pytest.approx(brute_force(hits, misses))

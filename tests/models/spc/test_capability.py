"""Capability: the textbook's figures, and bounds that hold as often as they say."""

from __future__ import annotations

import numpy as np
import pytest

from models.spc.capability import Capability, Index, Refused, Specification, capability
from models.spc.spread import Spread, c4
from models.spc.subgroups import Subgroup

BOTH = Specification(90.0, 110.0)


def made(*groups: list[float]) -> Spread:
    spread = Spread()
    for values in groups:
        spread.take(Subgroup.of(values))
    return spread


def single(n: int, mean: float, sigma: float) -> Spread:
    """One subgroup of exactly this mean and standard deviation."""
    spread = Spread()
    spread.take(Subgroup(mean, n, sigma * sigma))
    return spread


def indices(spread: Spread, spec: Specification = BOTH, **options: float) -> Capability:
    found = capability(spread, spec, in_control=True, **options)
    assert isinstance(found, Capability)
    return found


def test_the_indices_are_those_of_the_formulas() -> None:
    spread = made(*[[97.0, 99.0, 101.0], [103.0, 105.0, 107.0]] * 10)
    found = indices(spread)
    within, overall = 2 / c4(41), spread.sigma_overall
    assert overall > within
    assert found.n == 60
    assert found.cp is not None
    assert found.pp is not None
    assert found.cp.value == pytest.approx(20 / (6 * within))
    assert found.pp.value == pytest.approx(20 / (6 * overall))
    assert found.cpk.value == pytest.approx((110 - 102) / (3 * within))
    assert found.ppk.value == pytest.approx((110 - 102) / (3 * overall))


def test_the_nearer_limit_counts() -> None:
    assert indices(single(50, 94.0, 1.0)).ppk.value == pytest.approx(4 / 3)
    assert indices(single(50, 107.0, 1.0)).ppk.value == pytest.approx(1.0)
    assert indices(single(50, 112.0, 1.0)).ppk.value == pytest.approx(-2 / 3)


def test_bissells_bound_of_the_research() -> None:
    """A Cpk of 1.33 from 50 values is 1.09 or more, at 95 %."""
    ppk = indices(single(50, 106.01, 1.0)).ppk
    assert ppk.value == pytest.approx(1.33)
    assert ppk.at_least == pytest.approx(1.09, abs=0.01)
    by_hand = 1.33 - 1.644854 * (1 / (9 * 50) + 1.33**2 / (2 * 49)) ** 0.5
    assert ppk.at_least == pytest.approx(by_hand, abs=1e-5)
    assert ppk.at_most == pytest.approx(2 * 1.33 - ppk.at_least)


def test_the_textbooks_bounds_of_cp() -> None:
    """Montgomery, example 8.4: 20 values, a Cp of 2.29, two-sided 95 %: 1.57 to 3.01. Here 30."""
    pp = indices(single(30, 100.0, 10 / 3 / 2.29), confidence=0.975).pp
    assert pp is not None
    # chi-squared of 29 degrees of freedom: 16.047 and 45.722
    expected = (2.29, 2.29 * (16.047 / 29) ** 0.5, 2.29 * (45.722 / 29) ** 0.5)
    assert (pp.value, pp.at_least, pp.at_most) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("shape", [(50, 1), (12, 5)])
def test_bounds_hold_as_often_as_they_say(shape: tuple[int, int]) -> None:
    """Of 1,500 processes of a true Cp of 1.5 and Cpk of 1.2, 95 % are above their lower bound."""
    rng = np.random.default_rng(11)
    values = rng.normal(102.0, 10 / 3 / 1.5, (1500, *shape)).tolist()
    found = [indices(made(*groups)) for groups in values]
    for name, true in (("cp", 1.5), ("pp", 1.5), ("cpk", 1.2), ("ppk", 1.2)):
        all_of_it: list[Index] = [getattr(each, name) for each in found]
        low = np.mean([index.at_least <= true for index in all_of_it])
        high = np.mean([true <= index.at_most for index in all_of_it])
        assert low == pytest.approx(0.95, abs=0.03), name
        assert high == pytest.approx(0.95, abs=0.03), name


@pytest.mark.parametrize(
    ("spec", "expected"),
    [(Specification(lower=90.0), 5 / 3), (Specification(upper=110.0), 15 / 3)],
)
def test_of_one_limit_there_is_no_cp(spec: Specification, expected: float) -> None:
    found = indices(single(50, 95.0, 1.0), spec)
    assert (found.cp, found.pp) == (None, None)
    assert found.ppk.value == pytest.approx(expected)
    assert found.cpk.value == pytest.approx(expected * c4(50))


@pytest.mark.parametrize(
    ("spread", "spec", "in_control", "reason"),
    [
        (single(50, 95.0, 1.0), Specification(), True, "no_spec_limit"),
        (single(29, 95.0, 1.0), BOTH, True, "too_few_values"),
        (single(50, 95.0, 0.0), BOTH, True, "no_variation"),
        (made(*[[95.0] * 5] * 3, *[[96.0] * 5] * 3), BOTH, True, "no_variation"),
        (made(*[[0.1, 0.1, 0.1 + 1e-16]] * 20), BOTH, True, "no_variation"),
        (single(50, 95.0, 1.0), BOTH, False, "out_of_control"),
    ],
)
def test_it_is_refused_where_it_would_say_nothing(
    spread: Spread, spec: Specification, *, in_control: bool, reason: str
) -> None:
    assert capability(spread, spec, in_control=in_control) == Refused(reason)


def test_a_bound_of_even_chances_is_the_index_itself() -> None:
    ppk = indices(single(50, 95.0, 1.0), confidence=0.5).ppk
    assert ppk.at_least == ppk.value == ppk.at_most


def test_thirty_values_are_enough() -> None:
    assert indices(single(30, 95.0, 1.0)).n == 30


@pytest.mark.parametrize("confidence", [0.49, 1.0, float("nan")])
def test_a_confidence_that_cannot_be_is_an_error(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        indices(single(50, 95.0, 1.0), confidence=confidence)


@pytest.mark.parametrize("limits", [(2.0, 1.0), (1.0, 1.0), (float("nan"), 1.0)])
def test_limits_that_cross_are_errors(limits: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="limit"):
        Specification(*limits)

"""Sigma within subgroups and overall, against the textbook and against simulation."""

from __future__ import annotations

import random
import statistics

import numpy as np
import pytest

from models.spc.spread import Spread, c4
from models.spc.subgroups import Subgroup


def spread_of(*groups: list[float]) -> Spread:
    spread = Spread()
    for values in groups:
        spread.take(Subgroup.of(values))
    return spread


@pytest.mark.parametrize(
    ("n", "expected"), [(2, 0.7979), (3, 0.8862), (5, 0.9400), (10, 0.9727), (25, 0.9896)]
)
def test_c4_is_that_of_the_tables(n: int, expected: float) -> None:
    """Montgomery, appendix VI."""
    assert c4(n) == pytest.approx(expected, abs=5e-5)


def test_sums_are_those_of_all_values_together() -> None:
    rng = random.Random(2)
    groups = [[rng.gauss(1e5 + 3 * g, 1) for _ in range(rng.randint(2, 6))] for g in range(30)]
    spread, values = spread_of(*groups), [x for group in groups for x in group]
    within = sum(statistics.variance(group) * (len(group) - 1) for group in groups)
    df = sum(len(group) - 1 for group in groups)
    assert (spread.n, spread.subgroups, spread.df_within) == (len(values), 30, df)
    assert spread.mean == pytest.approx(statistics.fmean(values), rel=1e-12)
    assert spread.sigma_overall == pytest.approx(statistics.stdev(values), rel=1e-9)
    assert spread.sigma_within == pytest.approx((within / df) ** 0.5 / c4(df + 1), rel=1e-9)


def test_single_values_give_sigma_by_their_moving_ranges() -> None:
    spread = spread_of([10.0], [12.0], [11.0], [15.0])
    assert spread.sigma_within == pytest.approx((2 + 1 + 4) / 3 / 1.128, rel=1e-3)
    assert spread.df_within == pytest.approx(3 * 0.605)
    assert spread.sigma_overall == pytest.approx(statistics.stdev([10, 12, 11, 15]))


def test_single_values_among_subgroups_do_not_count_for_sigma_within() -> None:
    mixed = spread_of([1.0, 3.0], [9.0], [-9.0], [2.0, 4.0])
    assert mixed.sigma_within == spread_of([1.0, 3.0], [2.0, 4.0]).sigma_within
    assert mixed.df_within == 2
    assert spread_of([9.0], [1.0, 3.0], [-9.0]).pairs == 0, "those two did not follow each other"


def test_sigma_is_unbiased_and_as_well_known_as_it_says() -> None:
    """4,000 times ten single values, and four subgroups of three."""
    rng = np.random.default_rng(3)
    for shape in ((10, 1), (4, 3)):
        spreads = [
            spread_of(*map(list, values)) for values in rng.standard_normal((4000, *shape)).tolist()
        ]
        sigmas = np.array([spread.sigma_within for spread in spreads])
        assert sigmas.mean() == pytest.approx(1, abs=0.02)
        assert sigmas.var() == pytest.approx(1 / (2 * spreads[0].df_within), rel=0.1)


def test_two_values_are_enough_for_sigma_overall() -> None:
    assert spread_of([1.0, 3.0]).sigma_overall == pytest.approx(2**0.5)


def test_nothing_seen_is_no_sigma() -> None:
    for spread in (Spread(), spread_of([3.0])):
        assert spread.sigma_within == spread.sigma_overall == spread.df_within == 0
        assert spread.still


def test_what_arithmetic_makes_of_a_constant_is_no_variation() -> None:
    assert spread_of(*[[0.1, 0.1, 0.1 + 1e-16]] * 9).still
    assert spread_of(*[[x] for x in (0.3, 0.1 + 0.2, 0.3)]).still
    assert spread_of(*[[0.0] * 5] * 9).still
    assert not spread_of(*[[-1e6, -1e6 + 0.1]] * 9).still


def test_a_flicker_now_and_then_is_none_either() -> None:
    rest, flicker = [20.0, 20.0], [20.0, 20.1]
    assert spread_of(*[rest] * 6, *[flicker] * 5).still
    assert not spread_of(*[rest] * 5, *[flicker] * 5).still
    assert spread_of(*[[20.0]] * 6, [20.1]).still
    assert spread_of(*[[20.0]] * 5, [20.1], [20.0], [20.1]).still
    assert not spread_of(*[[20.0]] * 4, [20.1], [20.0], [20.1]).still, "three ranges of six"
    assert not spread_of(rest, flicker).still
    assert not spread_of([20.0], [20.1]).still


def test_single_values_that_move_do_not_make_up_for_subgroups_that_do_not() -> None:
    spread = spread_of([20.0, 20.0], [21.0], [19.0], [22.0], [18.0])
    assert spread.sigma_within == 0
    assert spread.still


def test_a_subgroup_of_unknown_variance_is_an_error_and_changes_nothing() -> None:
    spread = spread_of([1.0, 2.0])
    with pytest.raises(ValueError, match="variance"):
        spread.take(Subgroup(3.0, 5))
    assert spread == spread_of([1.0, 2.0])


def test_it_knows_of_which_stretch_of_time_it_is() -> None:
    spread = Spread()
    for at in (60.0, 120.0, 180.0):
        spread.take(Subgroup.of([1.0, 2.0], at))
    assert (spread.since, spread.until) == (60.0, 180.0)

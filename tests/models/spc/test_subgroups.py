"""Subgroups: gathered by event time only."""

from __future__ import annotations

import math
import random
import statistics

import pytest

from models.spc.subgroups import Gatherer, GatherSettings, Subgroup

SETTINGS = GatherSettings(size=3, every_s=10.0, max_gap_s=4.0)


def gathered(
    *samples: tuple[float, float], settings: GatherSettings = SETTINGS
) -> tuple[Gatherer, list[Subgroup]]:
    gatherer = Gatherer()
    found = [gatherer.take(at, value, settings) for at, value in samples]
    return gatherer, [subgroup for subgroup in found if subgroup is not None]


def test_a_subgroup_is_summed_up_as_the_textbook_does() -> None:
    rng = random.Random(1)
    values = [rng.gauss(1e6, 0.1) for _ in range(7)]
    subgroup = Subgroup.of(values, at=9.0)
    assert (subgroup.size, subgroup.at) == (7, 9.0)
    assert subgroup.mean == pytest.approx(statistics.fmean(values), rel=1e-15)
    assert subgroup.variance == pytest.approx(statistics.variance(values), rel=1e-9)
    assert subgroup.squares == pytest.approx(6 * statistics.variance(values), rel=1e-9)


def test_one_value_has_no_variance_and_a_mean_alone_an_unknown_one() -> None:
    assert Subgroup.of([4.0]) == Subgroup(4.0, 1, 0.0)
    assert Subgroup.of([4.0, 6.0]) == Subgroup(5.0, 2, 2.0)
    assert Subgroup(4.0).squares == 0.0
    assert Subgroup(4.0, 5).squares is None


@pytest.mark.parametrize("values", [[], [1.0, math.nan], [math.inf]])
def test_what_is_no_subgroup_is_an_error(values: list[float]) -> None:
    with pytest.raises(ValueError):
        Subgroup.of(values)


@pytest.mark.parametrize(("size", "variance"), [(0, 1.0), (2, -1.0), (2, math.inf), (2, math.nan)])
def test_neither_is_one_of_impossible_figures(size: int, variance: float) -> None:
    with pytest.raises(ValueError):
        Subgroup(1.0, size, variance)


def test_the_first_samples_of_each_stretch_make_its_subgroup() -> None:
    samples = [(float(t), float(t)) for t in range(35)]
    gatherer, found = gathered(*samples)
    assert [(each.at, each.mean, each.size) for each in found] == [
        (2, 1, 3),
        (12, 11, 3),
        (22, 21, 3),
        (32, 31, 3),
    ]
    assert (gatherer.late, gatherer.incomplete, gatherer.values) == (0, 0, [])


def test_stretches_are_counted_from_1970_wherever_the_samples_begin() -> None:
    _, found = gathered(*((float(t), 0.0) for t in range(8, 25)))
    assert [each.at for each in found] == [12, 22]
    _, found = gathered(*((float(t), 0.0) for t in range(-12, 5)))
    assert [each.at for each in found] == [-8, 2]


def test_half_a_subgroup_is_given_up_when_its_stretch_ends() -> None:
    gatherer, found = gathered(
        (7, 1.0), (9, 1.0), (10, 5.0), (11, 6.0), (12, 7.0), (27, 1), (30, 1)
    )
    assert [each.mean for each in found] == [6.0]
    assert gatherer.incomplete == 2


def test_samples_that_are_far_apart_were_not_taken_together() -> None:
    gatherer, found = gathered((0, 1.0), (1, 1.0), (5.1, 5.0), (6, 6.0), (7, 7.0))
    assert [each.mean for each in found] == [6.0]
    assert gatherer.incomplete == 1
    gatherer, found = gathered((0, 1.0), (1, 1.0), (5, 7.0))
    assert [each.mean for each in found] == [3.0]
    assert gatherer.incomplete == 0


def test_what_is_late_belongs_to_no_subgroup_and_what_is_simultaneous_does() -> None:
    gatherer, found = gathered((1, 1.0), (0.5, 99.0), (1, 2.0), (-20, 99.0), (2, 3.0))
    assert [each.mean for each in found] == [2.0]
    assert gatherer.late == 2


def test_a_value_that_is_none_is_an_error_and_changes_nothing() -> None:
    gatherer, _ = gathered((1, 1.0), (2, 2.0))
    with pytest.raises(ValueError):
        gatherer.take(30.0, math.nan, SETTINGS)
    assert gatherer == gathered((1, 1.0), (2, 2.0))[0]


def test_single_values_are_subgroups_of_one() -> None:
    _, found = gathered(
        *((float(t), float(t)) for t in range(25)), settings=GatherSettings(1, 10.0)
    )
    assert [each.mean for each in found] == [0, 10, 20]


def test_samples_may_come_many_times_a_second() -> None:
    quick = GatherSettings(size=2, every_s=0.5, max_gap_s=0.1)
    _, found = gathered(*((n / 16, float(n)) for n in range(20)), settings=quick)
    assert [each.mean for each in found] == [0.5, 8.5, 16.5]


@pytest.mark.parametrize(
    "settings", [(0, 1.0, 1.0), (1, 0.0, 1.0), (1, 1.0, 0.0), (1, math.nan, 1)]
)
def test_settings_that_cannot_be_are_errors(settings: tuple[int, float, float]) -> None:
    with pytest.raises(ValueError):
        GatherSettings(*settings)

"""Which of a sensor's first samples are no measurements."""

from __future__ import annotations

import pytest

from models.scorers.hampel import measurements
from tests.models.scorers.signals import noise

NOISE = noise(1, 32)


@pytest.mark.parametrize("code", [-9999.0, 2147483647.0, 1e38, -1e308])
@pytest.mark.parametrize("places", [(0,), (31,), (0, 3, 7, 8, 12, 20, 25, 31)])
def test_error_codes_are_none(code: float, places: tuple[int, ...]) -> None:
    samples = [code if n in places else x for n, x in enumerate(NOISE)]
    assert measurements(samples) == [x for n, x in enumerate(NOISE) if n not in places]


def test_what_comes_more_often_is_another_state() -> None:
    samples = [-9999.0] * 9 + NOISE[9:]
    assert measurements(samples) == samples


@pytest.mark.parametrize("far", [-500.0, 300.0])
def test_what_may_be_one_is_one(far: float) -> None:
    samples = [*NOISE[:-1], far]
    assert measurements(samples) == samples


def test_of_a_still_sensor_the_last_digit_counts() -> None:
    assert measurements([20.1] * 31 + [120.0]) == [20.1] * 31 + [120.0]
    assert measurements([20.1] * 31 + [121.0]) == [20.1] * 31
    assert measurements([5.0]) == [5.0]

"""How fast a value changes: found with its sign and size, and not in noise."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise

import pytest

from models.scorers.slope import _POINTS, Slope
from tests.models.scorers.signals import noise

OVER_S = 60.0
Sample = tuple[float, float]


def fed(values: list[tuple[float, float]], over_s: float = OVER_S) -> Iterator[float | None]:
    """Yield the slope after each of the samples, given with their times."""
    slope = Slope()
    for at, x in values:
        slope.learn(at, x, over_s)
        yield slope.per_s(over_s)


def ramp(per_s: float, number: int, interval: float = 1.0, start: float = 1e9) -> list[Sample]:
    return [(start + n * interval, 70.0 + per_s * n * interval) for n in range(number)]


@pytest.mark.parametrize("per_s", [0.5, -0.5, 1e-6, -2000.0, 0.0])
@pytest.mark.parametrize("interval", [0.01, 0.5, 1.0, 4.0])
def test_a_ramp_is_found_with_its_sign_and_size(per_s: float, interval: float) -> None:
    *_, found = fed(ramp(per_s, int(80 / interval), interval))
    assert found == pytest.approx(per_s, rel=1e-3, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_noise_has_next_to_no_slope(seed: int) -> None:
    """Two samples of it differ by 0.8 and more: 48 a minute."""
    values = [(float(n), x) for n, x in enumerate(noise(seed, 2000))]
    slopes = [abs(own) for own in fed(values) if own is not None]
    assert max(slopes) < 0.08
    steps = [abs(after - before) for (_, before), (_, after) in pairwise(values)]
    assert max(steps) > 20 * max(slopes) * 0.8


def test_noise_on_a_ramp_is_no_more_than_noise() -> None:
    rng = random.Random(3)
    values = [(at, x + rng.gauss(0.0, 0.5)) for at, x in ramp(0.4, 600)]
    slopes = [own for own in fed(values) if own is not None]
    assert len(slopes) > 500
    assert all(abs(own - 0.4) < 0.04 for own in slopes)


def test_nothing_is_said_before_half_of_the_time_is_there() -> None:
    slopes = list(fed(ramp(1.0, 100)))
    told = [n for n, own in enumerate(slopes) if own is not None]
    assert 29 <= told[0] <= 33
    assert told == list(range(told[0], 100)), "and from then on always"


def test_it_is_of_the_last_stretch_of_time_only() -> None:
    up = ramp(1.0, 200, start=0.0)
    flat = [(200.0 + n, 269.0) for n in range(200)]
    slopes = list(fed(up + flat))
    assert slopes[199] == pytest.approx(1.0, rel=1e-3)
    assert slopes[200 + 63] == pytest.approx(0.0, abs=1e-2)


def test_after_a_gap_it_begins_anew() -> None:
    before, after = ramp(0.0, 100, start=0.0), ramp(0.0, 100, start=5000.0)
    after = [(at, x + 500.0) for at, x in after]
    slopes = list(fed(before + after))
    assert slopes[100] is None, "a jump over a gap is no fast change"
    assert set(slopes[101:120]) == {None}
    assert slopes[-1] == pytest.approx(0.0, abs=1e-9)


def test_equal_times_are_no_division_by_zero() -> None:
    assert list(fed([(5.0, float(n)) for n in range(100)])) == [None] * 100


@pytest.mark.parametrize("interval", [0.001, 0.7, 2.0, 30.0, 1000.0])
def test_it_remembers_few_points(interval: float) -> None:
    slope = Slope()
    for at, x in ramp(1.0, 3000, interval):
        slope.learn(at, x, OVER_S)
        assert len(slope._points) <= _POINTS + 1


def test_another_length_of_time_is_taken_over() -> None:
    slope = Slope()
    for at, x in ramp(1.0, 200):
        slope.learn(at, x, 120.0)
    for at, x in ramp(1.0, 100, start=1e9 + 200.0):
        slope.learn(at, x + 200.0, 30.0)
    assert slope.per_s(30.0) == pytest.approx(1.0, rel=1e-3)
    assert all(at >= 1e9 + 299.0 - 32.0 for at, _ in slope._points)


def test_a_sensor_that_speaks_every_ten_seconds_has_a_slope_too() -> None:
    *_, found = fed(ramp(1.0, 60, interval=10.0))
    assert found == pytest.approx(1.0, rel=1e-3)

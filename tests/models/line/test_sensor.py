"""What is told of a sensor: what must be found, and what must raise nothing."""

from __future__ import annotations

import random

import pytest

from models.line.sensor import SensorSettings, SensorWatch
from tests.models.scorers.signals import alarms, noise

SIGMA = 0.8


def test_false_alarms_on_noise_are_rare() -> None:
    found = [len(alarms(noise(seed, 10_000))) for seed in range(2)]
    assert sum(found) <= 2, "an activation (and its end) in 20,000 samples"


@pytest.mark.parametrize("phi", [0.0, 0.8])
def test_neither_white_nor_sluggish_noise_alarms(phi: float) -> None:
    found = [alarms(noise(seed, 5000, phi)) for seed in range(4)]
    assert sum(len(own) for own in found) <= 4, "two activations, and their ends"


def test_a_slow_wave_is_normal() -> None:
    assert alarms(noise(3, 8000, wave=1.0)) == []


@pytest.mark.parametrize("value", [0.0, 20.0, -3.5, 1e12, 1e-12])
def test_a_constant_signal_never_alarms(value: float) -> None:
    assert alarms([value] * 5000) == [], "also after the hour in which alarms become normal"


def test_the_last_digit_of_a_still_sensor_may_flicker() -> None:
    rng = random.Random(1)
    values = [20.0] * 500 + [20.0 if rng.random() < 0.9 else 20.1 for _ in range(3000)]
    assert alarms(values) == []


def test_a_still_sensor_that_jumps_is_noticed() -> None:
    found = alarms([20.0] * 500 + [25.0] * 20)
    assert len(found) == 1
    assert 500 <= found[0][0] < 506


def faulty(seed: int, kind: str, sign: float) -> list[float]:
    """Return 300 normal samples, a fault as weak as the simulation plants them, 200 normal ones."""
    values, rng = noise(seed, 700), random.Random(seed)
    length = {"spike": 4, "shift": 12, "drift": 40, "burst": 16, "stuck": 24}[kind]
    for n in range(length):
        place = 300 + n
        if kind == "spike":
            values[place] += sign * 10 * SIGMA
        elif kind == "shift":
            values[place] += sign * 7 * SIGMA
        elif kind == "drift":
            values[place] += sign * 9 * SIGMA * n / length
        elif kind == "burst":
            values[place] = 70 + 6 * SIGMA * rng.gauss(0, 1)
        else:
            values[place] = values[299]
    return values[: 500 + length]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", ["spike", "shift", "drift", "burst", "stuck"])
def test_planted_faults_are_found_once(kind: str, seed: int) -> None:
    found = alarms(faulty(seed, kind, 1 if seed % 2 else -1))
    moved = {"deviation", "spread", "shape"}
    (at, condition), *rest = found
    assert 300 <= at <= 345
    assert condition in ({"flat_line"} if kind == "stuck" else moved)
    assert [what for _, what in rest] == ["cleared"]


def test_more_scatter_without_a_wild_sample_is_found() -> None:
    rng, values = random.Random(2), noise(2, 1000, phi=0.0)
    values += [70 + 3 * SIGMA * max(-2.2, min(2.2, rng.gauss(0, 1))) for _ in range(60)]
    found = alarms(values)
    assert found[0][0] >= 1000
    assert "spread" in {condition for _, condition in found}


def test_less_scatter_than_normal_is_no_alarm() -> None:
    values = noise(2, 1000)
    values += [70 + (x - 70) / 20 for x in noise(3, 500)]
    assert alarms(values) == []


def test_a_drift_as_slow_as_the_memory_is_not_followed() -> None:
    values = noise(4, 1500)
    drifting = [x + 10 * SIGMA * n / 300 for n, x in enumerate(noise(5, 300))]
    assert 1500 < alarms(values + drifting)[0][0] < 1700


def test_a_sensor_that_often_rests_needs_a_longer_rest_to_be_flat() -> None:
    rng = random.Random(3)
    values, x = [], 20.0
    for _ in range(8000):
        x = x if rng.random() < 0.7 else round(rng.gauss(20, 0.5), 1)
        values.append(x)
    found = alarms(values + [20.3] * 80)
    assert [condition for _, condition in found] == ["flat_line"]
    assert 8040 < found[0][0] < 8080


def test_a_sensor_that_rests_most_of_the_time_is_never_flat() -> None:
    rng = random.Random(4)
    values, x = [], 20.0
    for _ in range(5000):
        x = x if rng.random() < 0.95 else x + rng.choice([-0.1, 0.1]) if 19 < x < 21 else 20.0
        values.append(round(x, 1))
    assert "flat_line" not in {condition for _, condition in alarms(values)}


def test_a_sensor_hardly_known_is_learnt_anew_soon() -> None:
    found = alarms([*noise(6, 60), *(x + 30 for x in noise(7, 600))])
    (begun, active), (over, cleared) = found[:2]
    assert (active, cleared) == ("deviation", "cleared")
    assert 60 <= begun < 65
    assert over < 60 + 5 * 70
    late = alarms([*noise(6, 2000), *(x + 30 for x in noise(7, 600))])
    assert [what for _, what in late if what == "cleared"] == []


@pytest.mark.parametrize(("apart", "most"), [(60.0, 5), (300.0, 5), (900.0, 3), (3600.0, 3)])
def test_good_samples_end_bad_quality_of_a_slow_sensor_too(apart: float, most: int) -> None:
    watch, settings, good = SensorWatch("Cel", SensorSettings()), SensorSettings(), 0
    for n in range(5):
        watch.take(None, "bad", n * apart, settings)
    assert watch.alarms["bad_quality"].present
    while watch.alarms["bad_quality"].present:
        watch.take(20.0 + good % 2, "good", (5 + good) * apart, settings)
        good += 1
    assert good == most


@pytest.mark.parametrize("code", [-9999.0, 2147483647.0])
@pytest.mark.parametrize("places", [(0,), (3, 9, 31)])
def test_error_codes_among_the_first_samples_blind_nobody(
    code: float, places: tuple[int, ...]
) -> None:
    values = [code if n in places else x for n, x in enumerate(noise(5, 200))]
    found = alarms([*values, *(x + 8 * SIGMA for x in noise(6, 60))])
    assert [what for _, what in found] == ["deviation"]
    assert 200 <= found[0][0] <= 210


@pytest.mark.parametrize(("high", "low"), [(32, 32), (50, 50), (60, 60), (40, 60), (60, 200)])
def test_two_states_that_take_turns_become_normal(high: int, low: int) -> None:
    rng = random.Random(7)
    values = [(10.0 if n % (high + low) < high else 0.0) + rng.gauss(0, 0.1) for n in range(6000)]
    found = alarms(values)
    assert sum(what != "cleared" for _, what in found) <= 3
    assert all(at < 3000 for at, _ in found)

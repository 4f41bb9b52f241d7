"""Slow drifts: found though the baseline follows them, and nothing told of waves that come again."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace

import pytest

from models.line.sensor import SensorSettings, SensorWatch
from models.scorers.sensor import ScorerSettings
from models.scorers.slow import Slow, SlowSettings
from tests.models.scorers.signals import alarms, noise

SETTINGS = SlowSettings()
SIGMA = 0.8


def fed(values: list[float], quiet: bool = True) -> tuple[Slow, list[float]]:
    slow, found = Slow(), []
    for x in values:
        level = slow.next_level(x, SIGMA, SETTINGS)
        z = slow.z(level, SIGMA, 1e-4, SETTINGS)
        slow.learn(level, z, SETTINGS, quiet=quiet)
        found.append(z)
    return slow, found


def drifting(seed: int, per_sample: float, number: int = 1200) -> list[float]:
    """Return 3,000 samples of noise on a wave, then a ramp on top, in sigma for each sample."""
    values = noise(seed, 3000 + number, wave=1.0)
    for n in range(number):
        values[3000 + n] += SIGMA * per_sample * n
    return values


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_drift_that_the_baseline_follows_is_found(seed: int, sign: float) -> None:
    """One sigma in 100 samples: the baseline, which remembers 300, is three sigma behind at most."""
    _, found = fed(drifting(seed, sign / 100.0))
    first = next(n for n, z in enumerate(found) if z >= SETTINGS.limit)
    assert 3200 < first < 3650, "before it is six and a half sigma off"


def test_a_sensor_that_drifts_slowly_is_told_for_that() -> None:
    values = drifting(0, -1.0 / 100.0)
    without = replace(SensorSettings(), scorer=ScorerSettings(slow=SlowSettings(limit=1e9)))
    told = [at for at, what in alarms(values) if what == "deviation" and 3000 < at < 3650]
    assert told
    assert not [at for at, _ in alarms(values, without) if 3000 < at < 3650]


@pytest.mark.parametrize("seed", range(4))
def test_neither_noise_nor_waves_are_drifts(seed: int) -> None:
    for phi, wave in ((0.0, 0.0), (0.9, 0.0), (0.5, 1.0)):
        _, found = fed(noise(seed, 12_000, phi, wave))
        assert max(found) < SETTINGS.limit


def test_it_begins_with_the_mean_of_its_first_samples() -> None:
    slow, level = Slow(), 0.0
    for n in range(50):
        level = slow.next_level(float(n), SIGMA, SETTINGS)
        slow.learn(level, 0.0, SETTINGS, quiet=True)
    assert level == pytest.approx(24.5)
    assert slow.next_level(25.0, SIGMA, SETTINGS) == pytest.approx(24.5 + 0.02 * 0.5)
    assert slow.next_level(25.0, 0.0, SETTINGS) == pytest.approx(24.5 + 0.02 * 0.5), "no sigma yet"
    assert slow.usual.n == 0, "such means are no level yet"


def test_what_it_says_of_a_level_stands_for_ten_samples() -> None:
    slow, _ = fed(noise(5, 3000))
    first = slow.z(slow.level + 1.0, SIGMA, 1e-4, SETTINGS)
    slow.learn(slow.level, first, SETTINGS, quiet=True)
    for _ in range(9):
        assert slow.z(slow.level + 9.0, SIGMA, 1e-4, SETTINGS) == first
        slow.learn(slow.level, first, SETTINGS, quiet=True)
    assert slow.z(slow.level + 9.0, SIGMA, 1e-4, SETTINGS) > first


def test_where_the_level_is_is_learnt_in_any_case_at_first_and_slowly_when_it_is_far_off() -> None:
    restless, _ = fed(noise(6, 2000), quiet=False)
    assert restless.usual.n == 194, "every tenth of those behind the first fifty"
    before = restless.usual.mean
    restless.learn(before + 1.0, 0.0, SETTINGS, quiet=False)
    assert restless.usual.mean == before, "by now it is known"
    moved = []
    for z in (1.9, 2.0):
        slow, _ = fed(noise(6, 3000))
        mean = slow.usual.mean
        slow.learn(mean + 1.0, z, SETTINGS, quiet=True)
        moved.append(slow.usual.mean - mean)
    assert moved[0] == pytest.approx(10 * moved[1])


def test_a_wild_sample_moves_the_level_little() -> None:
    slow, _ = fed(noise(1, 2000))
    assert slow.next_level(1e9, SIGMA, SETTINGS) - slow.level == pytest.approx(0.02 * 5.0 * SIGMA)


def test_what_is_not_quiet_is_not_learnt_but_followed() -> None:
    slow, _ = fed(noise(1, 3000))
    usual = (slow.usual.n, slow.usual.mean)
    for _ in range(200):
        level = slow.next_level(75.0, SIGMA, SETTINGS)
        slow.learn(level, slow.z(level, SIGMA, 1e-4, SETTINGS), SETTINGS, quiet=False)
    assert (slow.usual.n, slow.usual.mean) == usual
    assert slow.level > 74.0


def test_a_constant_and_its_last_digit_are_no_drift() -> None:
    slow, found = fed([20.0] * 3000)
    assert max(found) == 0.0
    assert slow.z(20.0 + 1e-4, 0.0, 1e-4, SETTINGS) <= 1.0 + 1e-9
    assert slow.z(20.0, 0.0, math.inf, SETTINGS) == 0.0
    assert slow.z(20.0 + 0.5, 0.0, 0.1, SETTINGS) == pytest.approx(5.0)
    assert slow.z(20.0 + 0.5, 1.0, math.inf, SETTINGS) == pytest.approx(5.0), "a tenth of sigma"


def test_its_limit_is_what_the_level_does_by_itself_and_a_drift_does_not_raise_it() -> None:
    slow, _ = fed(noise(2, 3000))
    before = slow.limit(SETTINGS)
    assert before == SETTINGS.limit
    wandering = [70.0 + 8.0 * math.sin(n / 4000.0) ** 15 + 0.01 * (n % 3) for n in range(60_000)]
    assert fed(wandering)[0].limit(SETTINGS) > 1.2 * SETTINGS.limit
    for n in range(500):
        level = slow.next_level(70.0 + 0.01 * n, SIGMA, SETTINGS)
        slow.learn(level, slow.z(level, SIGMA, 1e-4, SETTINGS), SETTINGS, quiet=True)
    assert slow.limit(SETTINGS) == before


def test_score_changes_nothing_and_a_copy_goes_on_alike() -> None:
    watch = SensorWatch("Cel", SensorSettings())
    for n, x in enumerate(noise(3, 1500)):
        watch.take(x, "good", float(n + 1), SensorSettings())
    before = pickle.dumps(watch.score.slow)
    watch.score.score(99.0, SensorSettings().scorer)
    assert pickle.dumps(watch.score.slow) == before

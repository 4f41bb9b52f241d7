"""Whether a machine as a whole behaves otherwise than it did."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace

import numpy as np
import pytest

from models.scorers.innovations import RIDGES, fit
from models.scorers.machine import MachineScore, MachineSettings
from tests.models.scorers.plants import Floats, plant

SETTINGS = MachineSettings()
READY = 250 + 150
DIGITS = [0.01] * 4


def run(
    score: MachineScore, rows: Floats, *, quiet: bool | None = True,
    settings: MachineSettings = SETTINGS,
) -> list[float | None]:  # fmt: skip
    found = []
    for row in rows:
        scored = score.score(row, settings)
        found.append(scored.z)
        calm = (scored.z or 0.0) < settings.limit if quiet is None else quiet
        score.learn(scored, settings, lambda: DIGITS, quiet=calm)
    return found


def zs(found: list[float | None]) -> Floats:
    return np.array([z if z is not None else np.nan for z in found])


def test_it_learns_first_then_finds_out_how_far_scores_go_and_then_judges() -> None:
    score = MachineScore(4, SETTINGS)
    found = run(score, plant(1, 600)[:250])
    assert not score.learning
    found += run(score, plant(1, 600)[250:])
    assert found[:READY] == [None] * READY
    assert None not in found[READY:]


def test_a_wide_machine_learns_longer() -> None:
    assert SETTINGS.rows_to_learn(8) == 250
    assert SETTINGS.rows_to_learn(52) == 416


def test_false_alarms_are_rare() -> None:
    late = np.concatenate(
        [zs(run(MachineScore(4, SETTINGS), plant(seed, 3000)))[READY:] for seed in range(2)]
    )
    over = late >= SETTINGS.limit
    assert np.mean(over) < 0.01
    assert 0.0 < np.mean(late) < 0.6, "of three, the higher two"


def test_false_alarms_are_rare_of_sensors_that_all_say_the_same() -> None:
    """Most of what their T-squared is made of is then one number, whose logarithm goes far up."""
    over = []
    for seed in range(2):
        rng = np.random.default_rng(seed)
        load, news = np.zeros(5000), rng.standard_normal(5000)
        for n in range(1, 5000):
            load[n] = 0.8 * load[n - 1] + news[n]
        rows = np.round(load[:, None] + 0.1 * rng.standard_normal((5000, 4)), 2)
        over.append(zs(run(MachineScore(4, SETTINGS), rows))[READY:] >= SETTINGS.limit)
    assert np.mean(over) < 0.005


@pytest.mark.parametrize("sensor", range(4))
def test_a_sensor_that_leaves_the_others_is_found_though_its_values_are_not_unusual(
    sensor: int,
) -> None:
    rows = plant(2, 1200)
    rows[900:, sensor] += 1.8
    score = MachineScore(4, SETTINGS)
    found = zs(run(score, rows, quiet=None))
    spread = rows[:900, sensor].std()
    assert 2.5 * spread > 1.8, "a limit of its own would not find it"
    assert np.nanmean(found[905:925] >= SETTINGS.limit) > 0.7
    scored = score.score(rows[-1], SETTINGS)
    shares = score.contributions(scored)
    assert shares.sum() == pytest.approx(1.0)
    assert int(shares.argmax()) == sensor


def test_a_load_that_moves_all_sensors_is_normal() -> None:
    rows = plant(3, 1500)
    gains = np.linspace(1.0, 2.5, 4)
    rows[1000:] += gains * np.minimum(np.arange(500) / 400, 1.0)[:, None]
    found = zs(run(MachineScore(4, SETTINGS), rows, quiet=None))
    assert np.mean(found[1000:] >= SETTINGS.limit) < 0.05


def test_a_slow_drift_is_followed() -> None:
    rows = plant(4, 6000)
    rows[1000:5000, 0] += np.linspace(0, 3.0, 4000)
    rows[5000:, 0] += 3.0
    drifting = zs(run(MachineScore(4, SETTINGS), rows, quiet=None))
    assert np.mean(drifting[1000:] >= SETTINGS.limit) < 0.05


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_what_a_quiet_machine_drifts_by_is_followed_and_a_fault_is_not(seed: int) -> None:
    rows = plant(seed, 1600)
    rows[600:, 1] += 2.0
    followed, held = MachineScore(4, SETTINGS), MachineScore(4, SETTINGS)
    for score in (followed, held):
        run(score, rows[:600])
    after = zs(run(followed, rows[600:], quiet=True))
    stands = zs(run(held, rows[600:], quiet=False))
    limit = SETTINGS.limit
    assert np.mean(after[5:35] >= limit) > 0.6
    assert np.mean(after[700:] >= limit) < 0.2
    assert np.mean(stands[700:] >= limit) > 0.7


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_the_machine_does_lately_is_what_is_normal(seed: int) -> None:
    """It was started up in phase I: what is a fault now was nothing then."""
    rows = plant(seed, 1500)
    rows[:100, 1] += 30.0 * np.sin(np.arange(100.0))
    rows[1400:, 1] += 3.0
    learnt, held = SETTINGS, replace(SETTINGS, relearn_every=math.inf)
    found, missed = (
        zs(run(MachineScore(4, own), rows, quiet=None, settings=own)) for own in (learnt, held)
    )
    assert np.mean(found[1405:1425] >= learnt.limit) > 0.9
    assert np.mean(missed[1405:1425] >= held.limit) < 0.1


def test_what_is_wrong_is_not_learnt_from() -> None:
    rows = plant(15, 1600)
    rows[700:, 1] += 2.0
    score = MachineScore(4, SETTINGS)
    run(score, rows[:700], quiet=True)
    kept = score.model
    stands = zs(run(score, rows[700:], quiet=False))
    assert score.model is kept
    assert np.mean(stands[-300:] >= SETTINGS.limit) > 0.7


def test_what_lasts_for_hours_becomes_normal() -> None:
    rows = plant(16, 6000)
    rows[700:, 1] += 2.0
    found = zs(run(MachineScore(4, SETTINGS), rows, quiet=None))
    assert np.mean(found[710:1500] >= SETTINGS.limit) > 0.7
    assert np.mean(found[-1000:] >= SETTINGS.limit) < 0.05
    never = replace(SETTINGS, follow_lasting=0.0, follow=0.0)
    stands = zs(run(MachineScore(4, never), rows, quiet=None, settings=never))
    assert np.mean(stands[-1000:] >= SETTINGS.limit) > 0.5


def test_learning_anew_makes_no_alarm() -> None:
    """Scores go on where they were, though what they are made of has another scale."""
    rows = plant(17, 1200)
    own = replace(SETTINGS, relearn_every=0.04)
    score = MachineScore(4, own)
    run(score, rows[:500], settings=own)
    models, over = set(), []
    for row in rows[500:]:
        over += [z >= own.limit for z in run(score, row[None], settings=own) if z is not None]
        models.add(id(score.model))
    assert len(models) > 10
    assert np.mean(over) < 0.01


def test_what_is_smoothed_goes_on_when_another_scale_is_learnt() -> None:
    rows = plant(19, 420)
    rows[:60, 1] += 300.0 * np.sin(np.arange(60.0) / 20)
    own = replace(SETTINGS, relearn_every=0.1, keep=1.0)
    score = MachineScore(4, own)
    ratios = []
    for row in rows:
        scored, model = score.score(row, own), score.model
        score.learn(scored, own, lambda: DIGITS, quiet=True)
        if model is None or score.model is None or score.model is model:
            continue
        ratios.append(model.scale[1] / score.model.scale[1])
        for before, after in zip(scored.smoothed, score._smoothed, strict=True):
            assert after * score.model.scale == pytest.approx(before * model.scale)
    assert max(ratios) > 5.0


def test_what_is_small_and_stays_is_found_by_what_is_smoothed_more() -> None:
    quick = replace(SETTINGS, slow_smoothing=SETTINGS.smoothing)
    found = {}
    for name, settings in (("slow", SETTINGS), ("quick", quick)):
        over = []
        for seed in range(20, 26):
            rows = plant(seed, 600)
            rows[500:, 2] += np.minimum(np.arange(100) / 60, 1.0) * 0.9
            score = MachineScore(4, settings)
            over.append(zs(run(score, rows, settings=settings))[540:600] >= settings.limit)
        found[name] = np.mean(over)
    assert found["slow"] > 1.3 * found["quick"] > 0


def test_asking_changes_nothing() -> None:
    score = MachineScore(4, SETTINGS)
    run(score, plant(5, 500))
    before = pickle.dumps(score)
    score.score(np.full(4, 99.0), SETTINGS)
    assert pickle.dumps(score) == before


def test_a_sensor_that_stands_still_makes_no_score_infinite() -> None:
    rows = plant(6, 800)
    rows[:, 3] = 7.0
    score = MachineScore(4, SETTINGS)
    assert np.nanmax(np.abs(zs(run(score, rows)))) < 8
    rows[:, 3] += np.random.default_rng(1).integers(0, 2, 800) * 0.01
    assert np.nanmean(zs(run(score, rows)) >= SETTINGS.limit) < 0.05, "its last digit may flicker"


def test_a_sensor_that_stood_still_may_stand_elsewhere() -> None:
    """A set point that is changed now and then: its level is no news for longer than a moment."""
    rows = plant(18, 5000)
    rows[:, 3] = 50.0
    rows[:250, 3] += np.repeat(np.arange(5) % 2, 50)
    rows[2500:, 3] = 53.0
    found = zs(run(MachineScore(4, SETTINGS), rows, quiet=None))
    assert np.mean(found[2600:] >= SETTINGS.limit) < 0.02


def test_wild_rows_are_scored_and_stay_finite() -> None:
    score = MachineScore(4, SETTINGS)
    run(score, plant(7, 500))
    found = zs(run(score, np.full((5, 4), 1e12), quiet=False))
    assert np.isfinite(found).all()
    assert found.min() > SETTINGS.limit


def test_how_much_is_believed_of_other_sensors_is_found_out() -> None:
    rng = np.random.default_rng(8)
    alone = np.zeros((400, 5))
    for n in range(1, 400):
        alone[n] = 0.9 * alone[n - 1] + rng.standard_normal(5)
    led = alone.copy()
    for other in range(1, 5):
        led[1:, other] = led[:-1, 0] * other + 0.1 * rng.standard_normal(399)
    none = np.zeros(5)
    assert fit(alone, none).ridge > fit(led, none).ridge
    assert fit(led, none).ridge == min(RIDGES)


def test_the_prior_is_each_sensors_own_persistence() -> None:
    rng = np.random.default_rng(9)
    rows = np.zeros((300, 2))
    for n in range(1, 300):
        rows[n] = np.array([0.8, 0.1]) * rows[n - 1] + rng.standard_normal(2)
    weights = fit(rows, np.zeros(2)).weights
    assert weights[0, 0] == pytest.approx(0.8, abs=0.1)
    assert weights[1, 1] == pytest.approx(0.1, abs=0.1)


def test_where_a_random_walk_stands_says_nothing() -> None:
    rng = np.random.default_rng(10)
    rows = rng.standard_normal((400, 3))
    rows[:, 0] = np.cumsum(rows[:, 0]) * 0.2
    weights = fit(rows, np.zeros(3)).weights
    assert weights[0].tolist() == [1.0, 0.0, 0.0]


def test_where_a_random_walk_stands_says_much_if_others_follow_it() -> None:
    rng = np.random.default_rng(10)
    rows = rng.standard_normal((400, 3)) * 0.3
    rows[:, 0] = np.cumsum(rows[:, 0])
    rows[1:, 2] += rows[:-1, 0]
    assert fit(rows, np.zeros(3)).weights[0, 2] > 0.8

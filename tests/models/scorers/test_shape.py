"""How unlike anything before the last samples are."""

from __future__ import annotations

import math
import pickle
import random

import numpy as np
import pytest

from models.scorers.shape import Shape, ShapeSettings
from tests.models.scorers.signals import noise

SETTINGS = ShapeSettings(window=200, short=4, long=16)
DIGIT = 1e-4


def fed(values: list[float], settings: ShapeSettings = SETTINGS) -> tuple[Shape, list[float]]:
    shape, scores = Shape(settings), []
    for x in values:
        shaped = shape.score(x, DIGIT, settings)
        scores.append(shaped.z)
        shape.learn(x, shaped, settings)
    return shape, scores


def by_hand(values: list[float], length: int, window: int) -> float:
    kept = np.array(values[-window:])
    last = kept[-length:]
    found = sorted(
        float(np.linalg.norm(kept[start : start + length] - last))
        for start in range(len(kept) - 2 * length + 1)
    )
    return found[1] if len(found) > 1 else math.nan


@pytest.mark.parametrize("number", [7, 8, 9, 33, 34, 150, 199, 200, 201, 500])
@pytest.mark.parametrize("offset", [0.0, 1e6, -3.0])
def test_the_distance_is_that_of_the_second_nearest_stretch(number: int, offset: float) -> None:
    values = [round(x + offset, 3) for x in noise(1, number)]
    shape, _ = fed(values[:-1])
    found = shape.distance(values[-1], SETTINGS)
    expected = by_hand(values, SETTINGS.lengths[found.turn], SETTINGS.window)
    assert found.nearest == pytest.approx(expected, abs=2e-4, nan_ok=True)


def test_each_length_has_its_turn_and_what_was_said_at_the_other_one_stands() -> None:
    shape, _ = fed(noise(1, 500))
    first = shape.score(80.0, DIGIT, SETTINGS)
    shape.learn(80.0, first, SETTINGS)
    second = shape.score(85.0, DIGIT, SETTINGS)
    assert {first.distance.turn, second.distance.turn} == {0, 1}
    assert first.own > 0 < second.own
    assert second.z == (first.own + second.own) / 2


def ratios(values: list[float], digit: float = DIGIT) -> list[tuple[float, float, int]]:
    """Return of each sample the ratio, the distance and whose turn it was."""
    shape, found = Shape(SETTINGS), []
    for x in values:
        shaped = shape.score(x, digit, SETTINGS)
        found.append((shaped.ratio, shaped.distance.nearest, shaped.distance.turn))
        shape.learn(x, shaped, SETTINGS)
    return found


@pytest.mark.parametrize("turn", [0, 1])
def test_the_ratio_is_the_distance_to_what_it_usually_is_at_this_length(turn: int) -> None:
    found = [own for own in ratios(noise(11, 300)) if own[2] == turn]
    known = [(ratio, distance) for ratio, distance, _ in found if not math.isnan(distance)]
    assert {ratio for ratio, _ in known[:50]} == {1.0}, "too few to know"
    assert all(ratio == 1.0 for ratio, distance, _ in found if math.isnan(distance))
    before = [distance for _, distance in known[:80]]
    # Nothing of them is so far off that less is learnt of it.
    assert max(before[50:]) < 4 * sum(before[:50]) / 50
    assert known[80][0] == pytest.approx(known[80][1] * len(before) / sum(before))
    assert known[50][0] == pytest.approx(known[50][1] * 50 / sum(before[:50]))


@pytest.mark.parametrize("turn", [0, 1])
def test_less_than_a_digit_in_each_sample_is_no_distance(turn: int) -> None:
    found = [own for own in ratios(noise(12, 300), digit=10.0) if own[2] == turn]
    ratio, distance, _ = found[-1]
    assert ratio == pytest.approx(distance / (10.0 * math.sqrt(SETTINGS.lengths[turn])))
    ratio, *_ = [own for own in ratios(noise(12, 300), digit=math.inf) if own[2] == turn][-1]
    assert ratio == pytest.approx([own for own in ratios(noise(12, 300)) if own[2] == turn][-1][0])


def test_of_a_distance_no_more_than_five_times_the_usual_one_is_learnt() -> None:
    found = [own[:2] for own in ratios([*noise(13, 200), 1e4, *noise(14, 20)]) if own[2] == 0]
    known = [own for own in found if not math.isnan(own[1])]
    far = next(n for n, (ratio, _) in enumerate(known) if ratio == 20.0)
    before = sum(distance for _, distance in known[:far]) / far
    after = (before * far + 5 * before) / (far + 1)
    assert known[far + 1][1] > 100 * after
    # The next ratio is cut, too; the usual distance comes to light once the wild one has left.
    near = next(n for n in range(far, len(known)) if known[n][0] < 20.0)
    usual = known[near][1] / known[near][0]
    expected = before
    for n in range(far, near):
        expected = (expected * n + 5 * expected) / (n + 1)
    assert usual == pytest.approx(expected)


def test_asking_changes_nothing() -> None:
    shape, _ = fed(noise(2, 300))
    before = pickle.dumps(shape)
    shape.score(95.0, DIGIT, SETTINGS)
    assert pickle.dumps(shape) == before


def test_what_never_was_is_found_and_what_was_is_not() -> None:
    # A step up and down every fifty samples: each edge is far off the mean, and as always.
    rng = random.Random(3)
    steps = [(10.0 if n % 50 < 25 else 0.0) + rng.gauss(0, 0.2) for n in range(1500)]
    settings = ShapeSettings()
    _, usual = fed(steps, settings)
    assert max(usual[400:]) < 3.0
    ramp = [*steps[:1200], *(10.0 * n / 25 for n in range(25)), *steps[1225:1250]]
    _, scores = fed(ramp, settings)
    assert max(scores[1200:]) > 6.0


def test_a_signal_that_never_moves_scores_nothing() -> None:
    _, scores = fed([5.0] * 600)
    assert max(scores) == 0.0


def test_one_wild_sample_does_not_spoil_what_is_usual() -> None:
    values = noise(4, 2000)
    values[1000] = 1e9
    shape, scores = fed(values)
    assert all(math.isfinite(score) for score in scores)
    clean, _ = fed(noise(4, 2000))
    found, expected = shape.distance(70.0, SETTINGS), clean.distance(70.0, SETTINGS)
    assert found.nearest == pytest.approx(expected.nearest, rel=0.05)


def test_it_takes_four_bytes_a_sample() -> None:
    shape, _ = fed(noise(5, 3000), ShapeSettings())
    assert len(pickle.dumps(shape)) < 4 * (1000 + 64) + 1500


def test_a_copy_goes_on_as_the_original_does() -> None:
    values = [*noise(7, 430), 1e7, *noise(8, 400)]
    shape, _ = fed(values[:250])
    for x in values[250:]:
        copy = pickle.loads(pickle.dumps(shape))
        shaped = shape.score(x, DIGIT, SETTINGS)
        other = copy.score(x, DIGIT, SETTINGS)
        assert (other.z, other.distance.nearest) == (shaped.z, shaped.distance.nearest)
        shape.learn(x, shaped, SETTINGS)


def test_what_was_scored_and_not_learnt_is_forgotten() -> None:
    values = noise(9, 400)
    shape, _ = fed(values)
    first = shape.score(71.0, DIGIT, SETTINGS)
    shape.score(-500.0, DIGIT, SETTINGS)
    shape.learn(71.0, first, SETTINGS)
    expected, _ = fed([*values, 71.0])
    found, other = shape.distance(70.0, SETTINGS), expected.distance(70.0, SETTINGS)
    assert found.nearest == other.nearest


@pytest.mark.parametrize("wild", [1e4, 1e9, 1e300])
@pytest.mark.parametrize("number", [900, 901])
def test_nothing_of_a_wild_sample_is_left_when_it_is_gone(wild: float, number: int) -> None:
    values = [round(x, 3) for x in noise(10, number)]
    values[300] = wild
    shape, _ = fed(values)
    found = shape.distance(70.0, SETTINGS)
    expected = by_hand([*values, 70.0], SETTINGS.lengths[found.turn], 200)
    assert found.nearest == pytest.approx(expected, abs=2e-4)


@pytest.mark.parametrize(("short", "long"), [(2, 3), (8, 333)])
def test_lengths_that_just_fit(short: int, long: int) -> None:
    settings = ShapeSettings(short=short, long=long)
    assert fed(noise(1, 20), settings)[1][-1] == 0.0


@pytest.mark.parametrize(("short", "long"), [(1, 8), (8, 8), (8, 334)])
def test_lengths_that_do_not_fit_are_refused(short: int, long: int) -> None:
    with pytest.raises(ValueError, match="must fit three times into the window of 1000"):
        ShapeSettings(window=1000, short=short, long=long)


@pytest.mark.parametrize("number", [50, 51, 200, 700, 701])
def test_what_is_remembered_is_compared_with_as_what_was_learnt(number: int) -> None:
    values = noise(6, number)
    learnt, _ = fed(values)
    told = Shape(SETTINGS)
    told.remember(np.array(values[:20]))
    told.remember(np.array(values[20:]))
    expected = learnt.distance(71.0, SETTINGS).nearest
    assert told.distance(71.0, SETTINGS).nearest == pytest.approx(expected)

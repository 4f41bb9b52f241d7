"""Forward decay: ratios are right at any moment, over any number of landmarks."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.decay import ForwardDecay, Levels, align

HALF_LIFE = 100.0


def decayed(now: float, at: float) -> float:
    return 0.5 ** ((now - at) / HALF_LIFE)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=60))
def test_sums_keep_the_ratios_of_explicit_weights(times: list[float]) -> None:
    decay, old, every = ForwardDecay(HALF_LIFE), 0.0, 0.0
    for number, at in enumerate(times):
        factor = decay.advance(at)
        if factor is not None:
            old, every = old * factor, every * factor
        every += decay.weight(at)
        old += decay.weight(at) if number % 2 else 0.0
    now = max(times)
    weights = [decayed(now, at) for at in times]
    assert old / every == pytest.approx(sum(weights[1::2]) / sum(weights), abs=1e-9)


def test_no_half_life_means_no_decay() -> None:
    decay = ForwardDecay(0)
    assert decay.advance(1e12) is None
    assert decay.weight(5) == decay.weight(1e12) == 1.0


@pytest.mark.parametrize("half_life", [1.0, 60.0, 3600.0, 90 * 86400.0])
def test_weights_of_the_present_stay_small_and_late_ones_above_zero(half_life: float) -> None:
    decay = ForwardDecay(half_life)
    for at in (1.7e9, 1.8e9, 1.9e9, 2.9e9):
        decay.advance(at)
        assert 1 <= decay.weight(at) <= math.exp(30)
    assert decay.weight(0.0) > 0
    assert decay.weight(0.0) ** 2 > 0


def test_the_landmark_never_goes_back() -> None:
    decay = ForwardDecay(1.0)
    decay.advance(1e6)
    landmark = decay.landmark
    assert decay.advance(0.0) is None
    assert decay.landmark == landmark


def test_equal_times_give_equal_landmarks_whatever_came_before() -> None:
    one, other = ForwardDecay(HALF_LIFE), ForwardDecay(HALF_LIFE)
    for at in range(0, 50_000, 7):
        one.advance(at)
    other.advance(49_999)
    one.advance(49_999)
    assert one.landmark == other.landmark > 1
    assert one.weight(49_999) == other.weight(49_999)


def test_rows_of_shards_on_different_landmarks_are_aligned() -> None:
    behind, ahead = ForwardDecay(HALF_LIFE), ForwardDecay(HALF_LIFE)
    behind.advance(4000.0)
    ahead.advance(4600.0)
    assert behind.landmark < ahead.landmark
    one = Levels(behind.landmark, {"a": behind.weight(4000.0)})
    two = Levels(ahead.landmark, {"a": ahead.weight(4600.0)})
    aligned = align([one, two])
    assert aligned[0]["a"] / aligned[1]["a"] == pytest.approx(decayed(4600.0, 4000.0))
    assert align([]) == []

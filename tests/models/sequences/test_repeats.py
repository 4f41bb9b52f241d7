"""How often a view repeats one of the session."""

from __future__ import annotations

import pytest

from models.sequences.repeats import RepeatLags


def test_shares_by_lag() -> None:
    repeats = RepeatLags(2)
    for _ in range(99):
        repeats.learn(["b", "a"], "a")
    assert repeats.share(0) == 0.0
    assert repeats.share(1) == pytest.approx(0.99)


def test_beyond_its_memory_it_knows_nothing() -> None:
    repeats = RepeatLags(1)
    repeats.learn(["b", "a"], "a")
    assert repeats.share(0) == repeats.share(1) == repeats.share(7) == 0.0


def test_short_sessions_are_no_trial_of_long_lags() -> None:
    repeats = RepeatLags(3)
    for _ in range(9):
        repeats.learn(["a"], "a")
    repeats.learn(["a", "b", "c"], "c")
    assert repeats.share(2) == pytest.approx(1 / 2)

"""The latch: one alarm for one trouble."""

from __future__ import annotations

import random

import pytest

from models.alarms.latch import Latch, LatchSettings

SETTINGS = LatchSettings(limit=5.0, deadband=0.6, on_delay=3, off_delay=4, rebaseline_after=50)


def steps(latch: Latch, *scores: float) -> list[str | None]:
    return [latch.step(z, float(turn), SETTINGS) for turn, z in enumerate(scores)]


def test_it_takes_some_samples_in_a_row_to_raise() -> None:
    latch = Latch()
    assert steps(latch, 5, 5, 4.9, 5, 5) == [None] * 5
    assert not latch.quiet
    assert steps(latch, 5) == ["active"]
    assert (latch.active, latch.occurrence, latch.quiet) == (True, 1, False)
    assert steps(Latch(), 5.0, 5.0, 5.0)[-1] == "active"


def test_it_takes_some_quiet_samples_in_a_row_to_clear() -> None:
    latch = Latch()
    steps(latch, 9, 9, 9)
    assert steps(latch, 2, 2, 2, 3.0, 2, 2, 2) == [None] * 7, "3.0 is not below the deadband"
    assert steps(latch, 2.9) == ["cleared"]
    assert latch.quiet
    assert steps(latch, 5, 5) == [None, None], "counts begin anew"


def test_between_limit_and_deadband_nothing_changes() -> None:
    latch = Latch()
    assert set(steps(latch, *[4.9] * 100)) == {None}
    assert latch.quiet
    steps(latch, 5, 5, 5)
    assert set(steps(latch, *[3.1] * 100)) == {None}
    assert latch.active


def test_a_sudden_sample_is_enough_and_holds() -> None:
    latch = Latch()
    assert latch.step(1.0, 7.0, SETTINGS, sudden=True) == "active"
    assert latch.since == 7.0
    for _ in range(20):
        assert latch.step(1.0, 8.0, SETTINGS, sudden=True) is None
    assert latch.active
    assert [latch.step(1.0, 9.0, SETTINGS) for _ in range(4)] == [None, None, None, "cleared"]


def test_occurrences_count_up() -> None:
    latch = Latch()
    for expected in (1, 2, 3):
        steps(latch, 9, 9, 9)
        assert latch.occurrence == expected
        steps(latch, 0, 0, 0, 0)


def test_it_expires_only_while_it_stands() -> None:
    latch = Latch()
    steps(latch, 9, 9, 9)
    steps(latch, *[9] * 49)
    assert not latch.expired(9.0, SETTINGS)
    steps(latch, 9)
    assert latch.expired(9.0, SETTINGS)
    assert not latch.expired(2.0, SETTINGS), "about to clear by itself"
    assert latch.clear() == "cleared"
    assert not latch.expired(9.0, SETTINGS)
    steps(latch, 9, 9, 9)
    assert not latch.expired(9.0, SETTINGS), "a new alarm stands anew"


@pytest.mark.parametrize("seed", range(5))
def test_noise_on_the_limit_does_not_chatter(seed: int) -> None:
    rng, latch, settings = random.Random(seed), Latch(), LatchSettings()
    scores = [rng.gauss(settings.limit, 1.0) for _ in range(36_000)]  # an hour at 10 Hz
    changes = [latch.step(z, 0.0, settings) for z in scores]
    assert sum(change is not None for change in changes) == 1

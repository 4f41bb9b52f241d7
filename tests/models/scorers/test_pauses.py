"""Which silences are usual pauses, and which are not."""

from __future__ import annotations

import pytest

from models.scorers.pauses import LONGEST_S, Pauses

USUAL_S = 30.0


def fed(
    silences: list[float], speaks: float = 0.0, own: Pauses | None = None, start: float = 1e6
) -> Pauses:
    """Pauses of a sensor that is silent for so long each time, and in between speaks for a while."""
    found, at = own or Pauses(), start if own is None else own.arrived
    found.arrive(at, USUAL_S)
    for silent in silences:
        at += silent
        found.arrive(at, USUAL_S)
        for _ in range(int(speaks)):
            at += 1.0
            found.arrive(at, USUAL_S)
    return found


def test_three_in_a_row_are_usual() -> None:
    assert [fed([60.0] * n).allowed_s for n in range(5)] == [0.0, 0.0, 0.0, 90.0, 90.0]


def test_without_pauses_nothing_is_allowed() -> None:
    assert fed([29.9] * 1000).allowed_s == 0.0
    assert fed([], speaks=1000).allowed_s == 0.0


def test_the_longest_of_late_counts_and_fades() -> None:
    own = fed([60.0, 60.0, 80.0])
    assert own.allowed_s == 120.0
    assert fed([60.0], own=own).allowed_s == pytest.approx(1.5 * 78.0)
    assert fed([60.0] * 60, own=own).allowed_s == pytest.approx(90.0, abs=0.1)


@pytest.mark.parametrize(("speaks", "allowed"), [(59, 90.0), (61, 0.0), (3600, 0.0)])
def test_what_speaks_for_longer_than_it_is_silent_has_no_usual_pauses(
    speaks: float, allowed: float
) -> None:
    own = fed([60.0] * 20, speaks)
    own.arrive(own.arrived + 60.0, USUAL_S)
    assert own.allowed_s == allowed


def test_pauses_that_no_longer_come_are_forgotten() -> None:
    own = fed([60.0] * 20)
    for n in range(100):
        own.arrive(own.arrived + 1.0, USUAL_S)
        assert own.allowed_s == (90.0 if n < 60 else 0.0)
    assert fed([60.0] * 2, own=own).allowed_s == 0.0, "they have to become usual again"
    assert fed([60.0], own=own).allowed_s == 90.0


def test_a_long_pause_of_then_allows_none_once_pauses_are_usual_again() -> None:
    own = fed([500.0], speaks=600.0)
    assert fed([60.0] * 3, own=own).allowed_s == 90.0


def test_an_outage_is_no_pause_and_takes_none_away() -> None:
    own = fed([LONGEST_S + 1.0] * 10)
    assert own.allowed_s == 0.0
    own = fed([60.0] * 3)
    assert fed([5000.0, 60.0], own=own).allowed_s == 90.0


def test_a_dead_sensor_is_told_in_bounded_time() -> None:
    assert fed([LONGEST_S] * 5).allowed_s == LONGEST_S


def test_a_time_in_which_nothing_was_expected_is_no_pause() -> None:
    own = fed([60.0] * 2)
    own.resume(own.arrived + 300.0)
    own.arrive(own.arrived + 10.0, USUAL_S)
    assert own.allowed_s == 0.0
    never = Pauses()
    never.resume(1e6)
    assert never == Pauses()

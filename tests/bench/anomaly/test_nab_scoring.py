"""NAB's scoring, held against figures worked out by hand."""

from __future__ import annotations

import math

import pytest

from bench.anomaly.nab.scoring import Outcome, Profile, Window, probation, score, sigmoid, total

STANDARD, LOW_FP, LOW_FN = Profile(1, 0.11, 1), Profile(1, 0.22, 1), Profile(1, 0.11, 2)
WINDOW = Window(40, 49)


def test_every_window_hit_at_its_begin_is_100_and_silence_0() -> None:
    windows = [WINDOW, Window(70, 79)]
    perfect, silent = score([40, 70], 100, windows), score([], 100, windows)
    for profile in (STANDARD, LOW_FP, LOW_FN):
        assert perfect.normalised(profile) == pytest.approx(100, abs=1e-12)
        assert silent.normalised(profile) == 0
    assert perfect.windows_hit == 2
    assert silent.raw(LOW_FN) == -4


def test_early_is_better_than_late_and_only_the_first_in_a_window_counts() -> None:
    # Positions -1/10 and -6/10; 2 / (1 + exp(5 y)) - 1 is tanh(-5 y / 2).
    assert score([49], 100, [WINDOW]).gained == pytest.approx(0.24491866 / 0.98661430)
    assert score([44], 100, [WINDOW]).gained == pytest.approx(0.90514825 / 0.98661430)
    both = score([49, 44, 44], 100, [WINDOW])
    assert both.gained == score([44], 100, [WINDOW]).gained
    assert (both.windows_hit, both.activations, both.false_activations) == (1, 2, 0)


def test_a_window_missed_costs_what_the_profile_says() -> None:
    half = score([40], 100, [WINDOW, Window(70, 79)])
    assert half.raw(STANDARD) == pytest.approx(0)
    assert half.raw(LOW_FN) == pytest.approx(-1)
    # -1 on the way from -4 to 2.
    assert half.normalised(LOW_FN) == pytest.approx(50)


def test_a_false_alarm_before_any_window_costs_its_whole_weight() -> None:
    found = score([20, 40], 100, [WINDOW])
    assert found.lost == 1
    assert found.normalised(STANDARD) == pytest.approx(100 * (1 - 0.11 + 1) / 2)
    assert found.normalised(LOW_FP) == pytest.approx(100 * (1 - 0.22 + 1) / 2)
    assert found.false_per_1000 == pytest.approx(1000 / 85)


def test_a_false_alarm_right_behind_a_window_costs_less_than_one_far_from_it() -> None:
    # Position 1/9, 3 and beyond.
    assert score([50], 100, [WINDOW]).lost == pytest.approx(math.tanh(5 / 18))
    assert score([76], 100, [WINDOW]).lost == pytest.approx(0.99999939, abs=1e-8)
    assert score([77], 100, [WINDOW]).lost == 1


def test_a_false_alarm_is_measured_by_the_window_it_follows() -> None:
    windows = [Window(20, 24), WINDOW]
    # 28 follows 20 to 24 by one width of 4, not the window that is still to come: tanh(2.5).
    assert score([28], 100, windows).lost == pytest.approx(0.98661430)
    assert score([50], 100, windows).lost == score([50], 100, [WINDOW]).lost


def test_behind_a_window_of_one_record_a_false_alarm_costs_all() -> None:
    found = score([40, 41], 100, [Window(40, 40)])
    assert (found.gained, found.lost) == (1, 1)


def test_the_probation_is_not_scored() -> None:
    assert probation(100) == 15
    assert probation(106) == 15
    assert probation(4_000) == 600
    assert probation(100_000) == 750
    found = score([0, 14], 100, [WINDOW])
    assert (found.lost, found.activations, found.scored) == (0, 0, 85)
    assert score([15], 100, [WINDOW]).false_activations == 1


def test_a_window_within_the_probation_is_none_but_an_alarm_can_follow_it() -> None:
    early = Window(5, 14)
    found = score([15], 100, [early])
    assert found.windows == 0
    assert found.normalised(STANDARD) is None
    assert found.lost == pytest.approx(math.tanh(5 / 18))


def test_of_a_window_that_begins_in_the_probation_the_rest_can_be_hit() -> None:
    window = Window(10, 20)
    assert score([12], 100, [window]) == Outcome(windows=1, scored=85)
    found = score([12, 15], 100, [window])
    assert found.gained == pytest.approx(sigmoid(-6 / 11) / sigmoid(-1))
    assert found.false_activations == 0
    assert score([], 100, [Window(10, 15)]).windows == 1  # its last record is the first scored


def test_files_add_up() -> None:
    one, other = score([20, 40], 100, [WINDOW]), score([30], 50, [])
    both = total([one, other])
    assert (both.windows, both.windows_hit, both.activations, both.scored) == (1, 1, 3, 128)
    assert both.false_activations == 2
    assert both.raw(STANDARD) == pytest.approx(one.raw(STANDARD) + other.raw(STANDARD))
    assert both.normalised(STANDARD) == pytest.approx(100 * (1 - 0.22 + 1) / 2)


@pytest.mark.parametrize("alarms", [[100], [-1, 40]])
def test_an_alarm_at_no_record_is_a_bug_of_the_detector(alarms: list[int]) -> None:
    with pytest.raises(ValueError, match="100 records"):
        score(alarms, 100, [WINDOW])


def test_the_delay_is_that_of_the_first_alarm_in_each_window_hit() -> None:
    windows = [Window(30, 39), Window(50, 59), Window(80, 89)]
    found = score([20, 37, 32, 50, 70, 90], 100, windows)
    assert found.delays == (2, 0)
    assert found.delay == 1
    assert score([20], 100, windows).delay is None


def test_a_window_that_begins_within_the_probation_is_late_from_its_begin() -> None:
    """As its gain is; what alarms in the probation do does not count."""
    assert score([11, 17], 100, [Window(10, 19)]).delays == (7,)


def test_the_delay_of_several_files_is_the_median_of_all_their_windows() -> None:
    several = [score([at], 100, [WINDOW]) for at in (40, 41, 49)]
    assert total(several).delays == (0, 1, 9)
    assert total(several).delay == 1
    assert total([score([], 100, [WINDOW]), *several[1:]]).delay == 5

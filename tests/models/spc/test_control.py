"""A control chart from its first subgroup on."""

from __future__ import annotations

import pickle
import random

import numpy as np
import pytest

from models.spc.arl import ChartSettings
from models.spc.charts import CusumSettings, EwmaSettings, ShewhartSettings, Signal
from models.spc.control import Baseline, ControlChart, ControlSettings
from models.spc.rules import NELSON, RuleSettings
from models.spc.subgroups import Subgroup

SETTINGS = ControlSettings()
ALL: list[ChartSettings] = [
    ShewhartSettings(),
    CusumSettings(),
    EwmaSettings(),
    RuleSettings(),
    RuleSettings(NELSON),
]


def subgroups(
    seed: int, number: int, *, mean: float = 70.0, sigma: float = 2.0, size: int = 5
) -> list[Subgroup]:
    rng = random.Random(seed)
    return [
        Subgroup.of([rng.gauss(mean, sigma) for _ in range(size)], at=60.0 * n)
        for n in range(number)
    ]


def charted(
    groups: list[Subgroup], settings: ControlSettings = SETTINGS
) -> tuple[ControlChart, list[tuple[int, Signal]]]:
    chart = ControlChart()
    found = [(n, chart.take(group, settings)) for n, group in enumerate(groups)]
    return chart, [(n, signal) for n, signal in found if signal is not None]


@pytest.mark.parametrize("size", [1, 2, 5])
def test_phase_one_learns_centre_and_sigma_and_then_ends(size: int) -> None:
    """Over 400 charts: sigma is unbiased, and no chart learns longer than it should."""
    learnt = []
    for seed in range(400):
        chart, _ = charted(subgroups(seed, 24, size=size))
        assert chart.baseline is None
        for group in subgroups(seed + 1000, 1, size=size):
            assert chart.take(group, SETTINGS) is None
        assert chart.baseline is not None
        learnt.append((chart.baseline.centre, chart.baseline.sigma))
    assert np.mean(learnt, axis=0) == pytest.approx([70.0, 2.0], rel=0.02)


def test_nothing_signals_in_phase_one() -> None:
    wild = [Subgroup.of([x, x + 1.0]) for x in (0.0, 1e3, -1e6) * 8]
    chart, found = charted(wild)
    assert not found
    assert (chart.baseline, chart.quiet) == (None, 0)


def test_a_mean_counts_the_more_the_more_values_it_is_of() -> None:
    baseline = Baseline(10.0, 2.0)
    assert baseline.standard(Subgroup(11.0, 1)) == 0.5
    assert baseline.standard(Subgroup(11.0, 16)) == 2.0
    assert baseline.standard(Subgroup(1e300)) == 1e6
    assert baseline.standard(Subgroup(10 + 2e-15)) == 0.0, "what arithmetic leaves is no side"
    assert baseline.standard(Subgroup(-1e300)) == -1e6


def test_a_known_baseline_spares_phase_one() -> None:
    chart = ControlChart(Baseline(10.0, 2.0))
    settings = ControlSettings(ShewhartSettings())
    assert chart.take(Subgroup(12.9, 4), settings) is None
    assert chart.take(Subgroup(13.1, 4), settings) == Signal(
        "shewhart", pytest.approx(3.1), 3.0, "upper", pytest.approx(3.1)
    )
    assert chart.signals == 1


@pytest.mark.parametrize("kind", ALL, ids=lambda each: str(each)[:40])
@pytest.mark.parametrize("value", [0.0, 0.1, 1e6])
def test_a_signal_that_stands_still_never_signals(kind: ChartSettings, value: float) -> None:
    still = [Subgroup.of([value] * 5)] * 300
    chart, found = charted(still, ControlSettings(kind))
    assert not found
    assert chart.baseline is None
    assert chart.phi is None
    assert chart.spread.subgroups < 25, "it keeps nothing of what it could not learn from"


@pytest.mark.parametrize("kind", ALL[:3], ids=lambda each: str(each)[:40])
def test_a_flicker_of_the_last_digit_is_no_signal(kind: ChartSettings) -> None:
    """Neither if nothing was learnt from it, nor if the resolution is known."""
    rng = random.Random(6)
    groups = [Subgroup.of([20.0] * 4 + [20.1 if rng.random() < 0.1 else 20.0]) for _ in range(1000)]
    chart, found = charted(groups, ControlSettings(kind))
    assert not found
    assert chart.baseline is None
    chart, found = charted(groups, ControlSettings(kind, min_sigma=0.1 / 12**0.5))
    assert not found
    assert chart.baseline == Baseline(pytest.approx(20.003, abs=0.003), 0.1 / 12**0.5)


@pytest.mark.parametrize("kind", ALL, ids=lambda each: str(each)[:40])
def test_with_a_floor_a_signal_that_stands_still_never_signals_either(kind: ChartSettings) -> None:
    """Though its subgroups are of several sizes, so their means differ by what arithmetic leaves."""
    values = [0.1, 0.1 + 1e-16, 0.1 - 1e-16]
    still = [Subgroup.of([values[n % 3]] * (2 + n % 4)) for n in range(300)]
    settings = ControlSettings(kind, min_sigma=0.01)
    chart, found = charted(still, settings)
    assert not found
    assert chart.baseline is not None


def test_a_floor_lets_a_constant_signal_be_charted_and_its_jump_be_seen() -> None:
    settings = ControlSettings(min_sigma=0.5)
    chart, found = charted([Subgroup.of([20.0] * 4)] * 60, settings)
    assert not found
    assert chart.baseline == Baseline(20.0, 0.5)
    assert chart.take(Subgroup.of([22.0] * 4), settings) is not None


def test_the_floor_does_not_lower_what_was_learnt() -> None:
    chart, _ = charted(subgroups(1, 25), ControlSettings(min_sigma=0.5))
    assert chart.baseline is not None
    assert chart.baseline.sigma > 1.5


def test_a_shift_is_found_and_after_it_the_process_is_not_in_control() -> None:
    quiet, shifted = subgroups(2, 75), subgroups(3, 12, mean=72.0)
    chart, found = charted(quiet)
    assert not found
    assert (chart.in_control(SETTINGS), chart.quiet, chart.spread.subgroups) == (True, 50, 75)
    signals = [chart.take(group, SETTINGS) for group in shifted]
    first = next(signal for signal in signals if signal)
    assert (first.rule, first.side) == ("cusum", "upper")
    assert not chart.in_control(SETTINGS)
    assert chart.signals == len([signal for signal in signals if signal])
    assert chart.spread.subgroups == chart.quiet < 12, "that of before says nothing any more"


def test_being_in_control_must_have_been_shown() -> None:
    chart, _ = charted(subgroups(2, 49))
    assert not chart.in_control(SETTINGS)
    chart, _ = charted(subgroups(2, 50))
    assert chart.in_control(SETTINGS)
    assert not ControlChart(quiet=99).in_control(SETTINGS)


def test_the_charts_false_alarms_are_about_as_rare_as_stated() -> None:
    """500 charts over 100 subgroups at a baseline that is known: Shewhart signals once in 370."""
    values = np.random.default_rng(9).normal(70, 2 / 5**0.5, (500, 100)).tolist()
    settings, alarms = ControlSettings(ShewhartSettings()), 0
    for means in values:
        chart = ControlChart(Baseline(70.0, 2.0))
        alarms += sum(chart.take(Subgroup(mean, 5), settings) is not None for mean in means)
    assert 50_000 / alarms == pytest.approx(370, rel=0.2)


def test_phi_stands_beside_the_chart() -> None:
    rng, x, groups = random.Random(7), 0.0, []
    for _ in range(300):
        x = 0.8 * x + rng.gauss(0, 1)
        groups.append(Subgroup.of([x + rng.gauss(0, 0.1) for _ in range(3)]))
    chart, _ = charted(groups)
    assert chart.phi == pytest.approx(0.8, abs=0.12)
    chart, _ = charted(subgroups(4, 300))
    assert chart.phi == pytest.approx(0.0, abs=0.15)
    chart, _ = charted(subgroups(4, 24))
    assert chart.baseline is None
    assert chart.phi is not None, "it is known before phase I is over"


def test_of_a_mean_alone_phase_one_cannot_learn_but_phase_two_can_chart_it() -> None:
    chart = ControlChart()
    with pytest.raises(ValueError, match="variance"):
        chart.take(Subgroup(1.0, 5), SETTINGS)
    assert chart == ControlChart()
    chart, _ = charted(subgroups(5, 25))
    assert chart.take(Subgroup(70.0, 5), SETTINGS) is None
    assert (chart.quiet, chart.spread.subgroups) == (1, 25)
    assert chart.take(Subgroup(90.0, 5), SETTINGS) is not None


def test_another_kind_of_chart_starts_anew_on_the_same_baseline() -> None:
    chart, _ = charted(subgroups(6, 40))
    baseline = chart.baseline
    signal = chart.take(Subgroup(90.0, 5), ControlSettings(ShewhartSettings()))
    assert signal is not None
    assert signal.rule == "shewhart"
    assert chart.baseline is baseline


def test_a_new_normal_is_learnt_from_the_start() -> None:
    chart, _ = charted(subgroups(7, 80))
    chart.rebaseline()
    assert chart == ControlChart()
    for group in subgroups(8, 25, mean=200.0):
        assert chart.take(group, SETTINGS) is None
    assert chart.baseline is not None
    assert chart.baseline.centre == pytest.approx(200, abs=1)


@pytest.mark.parametrize("kind", ALL, ids=lambda each: str(each)[:40])
def test_a_restored_chart_goes_on_as_the_other(kind: ChartSettings) -> None:
    settings = ControlSettings(kind)
    chart, _ = charted(subgroups(9, 60), settings)
    restored = pickle.loads(pickle.dumps(chart))
    for group in subgroups(10, 60, mean=72.0):
        assert restored.take(group, settings) == chart.take(group, settings)
        # By repr, as what run rules keep before five points came is NaN, which equals nothing.
        assert repr(restored) == repr(chart)
    assert chart.signals


def test_settings_and_baselines_that_cannot_be_are_errors() -> None:
    assert ControlSettings(phase_one=2).phase_one == 2
    for figures in ({"phase_one": 1}, {"min_sigma": -1.0}):
        with pytest.raises(ValueError, match="Phase I"):
            ControlSettings(**figures)
    for sigma in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="variation"):
            Baseline(1.0, sigma)


def test_what_a_chart_can_say_of_the_process() -> None:
    """It is shifted at the 61st and 62nd subgroup, and signals at both."""
    steady = subgroups(2, 100)
    chart, said = ControlChart(), []
    for group in (*steady[:60], *subgroups(8, 2, mean=76.0), *steady[60:]):
        chart.take(group, SETTINGS)
        said.append(chart.standing(SETTINGS))
    assert said == (
        ["learning"] * 24 + ["unproven"] * 25 + ["in_control"] * 11
        + ["out_of_control"] * 26 + ["in_control"] * 16
    )  # fmt: skip
    chart.rebaseline()
    for group in subgroups(10, 25):
        chart.take(group, SETTINGS)
    assert chart.standing(SETTINGS) == "unproven", "what it signalled before is forgotten"

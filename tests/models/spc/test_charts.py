"""The charts: worked examples, and that arrays of them do what one alone does."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from models.spc.arl import ChartSettings
from models.spc.charts import (
    Chart,
    Cusum,
    CusumSettings,
    Ewma,
    EwmaSettings,
    Shewhart,
    ShewhartSettings,
    Signal,
)
from models.spc.rules import NELSON, WESTERN_ELECTRIC, RuleSettings, RunRules
from tests.models.spc.simulated import start, step

KINDS: list[tuple[type[Chart], ChartSettings]] = [
    (Shewhart, ShewhartSettings()),
    (Cusum, CusumSettings()),
    (Ewma, EwmaSettings()),
    (RunRules, RuleSettings(WESTERN_ELECTRIC)),
    (RunRules, RuleSettings(NELSON)),
]
MONTGOMERY = [
    *(9.45, 7.99, 9.29, 11.66, 12.16, 10.18, 8.04, 11.46, 9.20, 10.34),
    *(9.03, 11.47, 10.51, 9.40, 10.08, 9.37, 10.62, 10.31, 8.52, 10.84),
    *(10.90, 9.33, 12.29, 11.50, 10.60, 11.08, 10.38, 11.62, 11.31, 10.52),
]
"""Table 9.1: of mean 10 and sigma 1, and from the 21st value on of mean 11."""


def signals(chart: Chart, values: list[float], settings: ChartSettings) -> list[int]:
    """Return after how many values the chart signals, restarts included."""
    return [n for n, z in enumerate(values, 1) if chart.step(z, settings)]


def test_cusum_of_the_textbook() -> None:
    chart, settings = Cusum(), CusumSettings()
    found = []
    for n, x in enumerate(MONTGOMERY, 1):
        signal = chart.step(x - 10, settings)
        if n in (5, 20):
            expected = {5: (2.82, 0.0), 20: (0.34, 0.0)}[n]
            assert (chart.upper, chart.lower) == pytest.approx(expected, abs=5e-3)
        if signal:
            found.append((n, signal.statistic))
    # Table 9.2: the upper sum is 5.28 at the 29th value.
    assert found == [(29, pytest.approx(5.28))]
    assert (chart.upper, chart.lower) == (pytest.approx(0.02), 0), "it started anew"


def test_ewma_of_the_same_data() -> None:
    """By hand: 0.1 of the newest and 0.9 of the level before; the limit is 2.7 * sqrt(0.1 / 1.9)."""
    chart, settings = Ewma(), EwmaSettings(0.1, 2.7)
    found, levels = [], []
    for n, x in enumerate(MONTGOMERY, 1):
        signal = chart.step(x - 10, settings)
        levels.append(chart.level)
        if signal:
            found.append((n, signal.statistic, signal.limit, signal.side))
    assert levels[:5] == pytest.approx([-0.055, -0.2505, -0.2965, -0.1008, 0.1253], abs=5e-5)
    assert levels[27] == pytest.approx(0.5731, abs=5e-5)
    statistic, limit = pytest.approx(0.6468, abs=5e-5), pytest.approx(0.6194, abs=5e-5)
    assert found == [(29, statistic, limit, "upper")]
    assert levels[28] == 0.0, "it starts anew"


@pytest.mark.parametrize(("side", "sign"), [("upper", 1), ("lower", -1)])
def test_a_signal_says_which_limit_on_which_side(side: str, sign: int) -> None:
    assert Shewhart().step(sign * 3.5, ShewhartSettings()) == Signal(
        "shewhart", 3.5, 3.0, side, sign * 3.5
    )
    assert Cusum().step(sign * 6.0, CusumSettings()) == Signal("cusum", 5.5, 5.0, side, sign * 6.0)
    limit = EwmaSettings(0.5, 3.0).limit
    assert Ewma().step(sign * 4.0, EwmaSettings(0.5, 3.0)) == Signal(
        "ewma", 2.0, limit, side, sign * 4.0
    )


def test_on_the_limit_is_not_over_it() -> None:
    assert Shewhart().step(3.0, ShewhartSettings()) is None
    assert Shewhart().step(-3.0, ShewhartSettings()) is None
    assert Cusum().step(5.5, CusumSettings()) is None
    assert Ewma().step(1.0, EwmaSettings(1.0, 1.0)) is None


def test_small_shifts_that_last_are_found_by_cusum_and_ewma_but_not_by_shewhart() -> None:
    values = [1.0] * 40
    assert signals(Shewhart(), values, ShewhartSettings()) == []
    assert signals(Cusum(), values, CusumSettings()) == [11, 22, 33]
    assert signals(Ewma(), values, EwmaSettings()) == [10, 20, 30, 40]


def test_both_sums_are_kept_and_neither_falls_below_zero() -> None:
    chart = Cusum()
    for z, expected in ((2.0, (1.5, 0.0)), (-1.0, (0.0, 0.5)), (-1.0, (0.0, 1.0)), (0.0, (0, 0.5))):
        chart.step(z, CusumSettings())
        assert (chart.upper, chart.lower) == expected


@pytest.mark.parametrize(("kind", "settings"), KINDS, ids=lambda each: str(each)[:60])
def test_a_signal_that_stands_on_its_centre_line_never_signals(
    kind: type[Chart], settings: ChartSettings
) -> None:
    assert signals(kind(), [0.0] * 500, settings) == []


@pytest.mark.parametrize(("kind", "settings"), KINDS, ids=lambda each: str(each)[:60])
def test_arrays_of_charts_signal_when_each_alone_does(
    kind: type[Chart], settings: ChartSettings
) -> None:
    values = np.random.default_rng(4).standard_normal((120, 200)) * 1.2
    state, first = start(settings, 200), np.zeros(200)
    for n, z in enumerate(values, 1):
        state, over = step(settings, state, z)
        first[over & (first == 0)] = n
    alone = [signals(kind(), list(column), settings) for column in values.T]
    assert [int(n) for n in first] == [found[0] if found else 0 for found in alone]
    assert np.count_nonzero(first) > 40


@pytest.mark.parametrize(("kind", "settings"), KINDS, ids=lambda each: str(each)[:60])
def test_after_a_signal_a_chart_is_as_new(kind: type[Chart], settings: ChartSettings) -> None:
    rng = random.Random(5)
    chart = kind()
    while chart.step(rng.gauss(0.5, 1), settings) is None:
        pass
    assert chart == kind()


@pytest.mark.parametrize(
    ("kind", "figures"),
    [
        (ShewhartSettings, [(0.0,), (-1.0,), (math.nan,)]),
        (CusumSettings, [(-0.1, 5.0), (0.5, 0.0), (math.nan, 5.0), (0.5, math.nan)]),
        (EwmaSettings, [(0.0, 3.0), (1.1, 3.0), (0.1, 0.0), (math.nan, 3.0)]),
    ],
)
def test_settings_that_cannot_be_are_errors(
    kind: type[ChartSettings], figures: list[tuple[float, ...]]
) -> None:
    for each in figures:
        with pytest.raises(ValueError, match="0"):
            kind(*each)


def test_settings_at_the_edge_of_what_can_be_are_none() -> None:
    assert ShewhartSettings(0.5).limit == 0.5
    assert CusumSettings(0.0, 0.5).h == 0.5
    assert EwmaSettings(1.0, 0.5).limit == 0.5

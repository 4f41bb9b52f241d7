"""How long charts run: worked out, simulated with the charts' own code, and in the textbooks."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest

from models.spc.arl import ChartSettings, arl, arl0
from models.spc.charts import CusumSettings, EwmaSettings, ShewhartSettings
from models.spc.rules import NELSON, WESTERN_ELECTRIC, RuleSettings
from tests.models.spc.simulated import CHARTS, run_lengths

PAGE = Path(__file__).resolve().parents[3] / "docs" / "spc.md"
IN_CONTROL: list[tuple[ChartSettings, float]] = [
    (ShewhartSettings(), 370.4),
    (CusumSettings(0.5, 5.0), 465.0),
    (EwmaSettings(0.1, 2.814), 500.0),
    (EwmaSettings(0.2, 2.962), 500.0),
    (RuleSettings(WESTERN_ELECTRIC), 91.75),
    (RuleSettings(NELSON), 73.5),
]
"""Montgomery (2013), tables 9.3 and 9.11; Champ and Woodall (1987). Nelson's are our own."""


def check(settings: ChartSettings, expected: float, within: float, **case: float) -> None:
    """Hold the mean of 30,000 runs against a figure, and against its own standard error."""
    lengths = run_lengths(settings, 30_000, seed=7, **case)
    error = lengths.std() / np.sqrt(len(lengths))
    assert error < 0.01 * expected
    assert lengths.mean() == pytest.approx(expected, rel=within)


@pytest.mark.parametrize(("settings", "expected"), IN_CONTROL, ids=lambda each: str(each)[:60])
def test_false_alarms_are_as_rare_as_the_textbooks_say(
    settings: ChartSettings, expected: float
) -> None:
    check(settings, expected, within=0.02)
    assert arl0(settings) == pytest.approx(expected, rel=0.002)


@pytest.mark.parametrize(
    ("settings", "shift", "expected"),
    [
        (ShewhartSettings(), 1.0, 43.9),
        (CusumSettings(), 0.5, 38.0),
        (CusumSettings(), 1.0, 10.4),
        (CusumSettings(), 2.0, 4.01),
        (CusumSettings(), -1.0, 10.4),
        (EwmaSettings(0.1, 2.814), 0.5, 31.3),
        (EwmaSettings(0.1, 2.814), 1.0, 10.3),
        (EwmaSettings(0.1, 2.814), -2.0, 4.36),
    ],
    ids=lambda each: str(each)[:60],
)
def test_shifts_are_found_as_soon_as_the_textbooks_say(
    settings: ChartSettings, shift: float, expected: float
) -> None:
    check(settings, expected, within=0.02, shift=shift)
    assert arl(settings, shift) == pytest.approx(expected, rel=0.006)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (CusumSettings(0.25, 8.01), 370.0),  # Hawkins (1993), table 2
        (CusumSettings(0.75, 3.34), 370.0),
        (EwmaSettings(0.4, 3.054), 500.0),  # Lucas and Saccucci (1990)
        (EwmaSettings(0.05, 2.615), 500.0),
        (EwmaSettings(1.0, 3.0), 370.4),  # which is Shewhart's
    ],
)
def test_other_settings_have_the_published_run_lengths(
    settings: ChartSettings, expected: float
) -> None:
    assert arl0(settings) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize(
    "settings", [CusumSettings(), CusumSettings(0.25, 8.0), EwmaSettings(0.05)]
)
def test_the_chain_is_fine_enough(settings: ChartSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    stated = arl0(settings)
    monkeypatch.setattr("models.spc.arl._STATES", 1201)
    assert stated == pytest.approx(arl0(settings), rel=0.001)


def test_a_large_shift_is_found_at_once() -> None:
    for settings in (ShewhartSettings(), CusumSettings(), EwmaSettings()):
        for shift in (20.0, -60.0):
            assert arl(settings, shift) == pytest.approx(1.0)


def test_limits_that_nothing_reaches_are_never_reached() -> None:
    for settings in (
        ShewhartSettings(40.0),
        CusumSettings(5.0, 40.0),
        CusumSettings(2.0, 9.0),
        EwmaSettings(0.1, 9.0),
        EwmaSettings(0.1, 40.0),
    ):
        assert arl0(settings) == math.inf


def test_autocorrelation_shortens_run_lengths() -> None:
    """So much that the stated ARL0 is worth nothing: which is why phi stands beside it."""
    for phi, cusum, ewma in ((0.3, 97.0, 115.0), (0.6, 41.5, 47.0)):
        check(CusumSettings(), cusum, within=0.05, phi=phi)
        check(EwmaSettings(), ewma, within=0.05, phi=phi)


def test_run_lengths_of_rules_are_stated_as_far_as_they_are_known() -> None:
    assert arl0(RuleSettings(("nelson_1",))) == arl0(ShewhartSettings())
    assert arl0(RuleSettings(("nelson_1", "western_electric_1"))) == arl0(ShewhartSettings())
    assert arl(RuleSettings(("western_electric_1",)), 1.0) == arl(ShewhartSettings(), 1.0)
    assert arl0(RuleSettings(WESTERN_ELECTRIC[::-1])) == 91.75
    assert arl(RuleSettings(NELSON), 1.0) is None
    assert arl0(RuleSettings(("nelson_1", "nelson_2"))) is None


def test_the_page_states_these_figures() -> None:
    """Its ARL0, and those that were simulated, of 5,000 runs here: so within 6 %."""
    lines = re.findall(r"^\| ([^|]+) \|([\d. |]+)\|$", PAGE.read_text("utf-8"), re.MULTILINE)
    rows = {name: [float(cell) for cell in cells.split("|")] for name, cells in lines}
    assert rows.keys() >= CHARTS.keys()
    for name, settings in CHARTS.items():
        stated = rows[name]
        assert stated[0] == pytest.approx(arl0(settings), abs=0.06)
        for figure, case in zip(
            stated[1:],
            ({}, {"phi": 0.3}, {"phi": 0.6}, {"shift": 0.5}, {"shift": 1.0}, {"shift": 2.0}),
            strict=True,
        ):
            assert run_lengths(settings, 5000, seed=8, **case).mean() == pytest.approx(
                figure, rel=0.06
            )

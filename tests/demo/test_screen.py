"""The live view at the sizes that it must look good at."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from streams.demo.screen import Screen, milliseconds, status_line
from streams.demo.snapshot import Snapshot
from tests.demo.sample import busy


def rendered(screen: Screen, width: int, height: int) -> list[str]:
    out = io.StringIO()
    console = Console(
        file=out, width=width, height=height, force_terminal=False, legacy_windows=False
    )
    console.print(screen)
    return out.getvalue().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 30), (200, 60)])
def test_it_fits_and_nothing_is_left_out(width: int, height: int) -> None:
    screen = Screen("simulation, seed 7, 500 events/s", "0:35 of 1:00", snapshot=busy())
    lines = rendered(screen, width, height)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    for part in (
        "0:35 of 1:00", "1,000,107", "12,346", "1,234", "trouser-00", "line-1/cutter/temperature",
        "shirt-01 → belt-02", "34/60", "3/6 faults found", "9/12 planted", "invalid 60",
        "AUC 0.70", "ready, 6 partitions",
    ):  # fmt: skip
        assert part in text


def test_before_anything_has_happened() -> None:
    lines = rendered(Screen("simulation"), 80, 24)
    assert len(lines) <= 24
    assert "Dead letters none" in "\n".join(lines)


def test_markup_in_data_is_shown_as_it_is() -> None:
    assert "[red]" in "\n".join(rendered(Screen("x", snapshot=busy()), 160, 40))


def test_the_status_line_says_what_matters() -> None:
    line = status_line(Screen("x", "0:35", snapshot=busy()))
    assert "\n" not in line
    assert "0:35 · read 1,000,107 (12,346/s) · lag 0 · p95 61 ms · offers 20" in line
    assert "found 3 of 6 faults, 9 of 12 pairs" in line
    assert "found" not in status_line(Screen("x", snapshot=busy(planted=None)))
    assert status_line(Screen("x", snapshot=Snapshot())).startswith("read 0")


def test_latencies() -> None:
    assert [milliseconds(value) for value in (None, 3.14, 42.4, 1234.5)] == [
        "-",
        "3.1",
        "42",
        "1,234",
    ]

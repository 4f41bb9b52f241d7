"""Tables of benchmarks, at the widths that they are read at."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from bench.report import Metrics, comparison

LONG = "realKnownCause/ambient_temperature_system_failure"
COLUMNS = {f"detection_{fault:02}": f"fault {fault:02}" for fault in range(1, 21)}
ROWS: dict[str, Metrics] = {
    label: {name: 1000 * row + place for place, name in enumerate(COLUMNS)}
    for row, label in enumerate(("tailorline", "alarm_after_20_percent", LONG), 1)
}


def printed(width: int, columns: dict[str, str] = COLUMNS) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    console.print(comparison("Faults", ROWS, columns))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("width", [40, 80, 100, 200, 500])
def test_nothing_vanishes_however_narrow_the_terminal_is(width: int) -> None:
    lines = printed(width)
    assert max(map(len, lines)) <= width
    found = "\n".join(lines)
    assert "…" not in found
    for head in COLUMNS.values():
        assert found.count(head) == 1
    for metrics in ROWS.values():
        for value in metrics.values():
            assert found.count(f" {value:,} ") == 1


def test_what_fits_is_one_table() -> None:
    assert printed(500)[0].strip() == "Faults"
    few = dict(list(COLUMNS.items())[:2])
    one = printed(80, few)
    assert one[0].strip() == "Faults"
    assert sum(LONG in line for line in one) == 1


def test_each_part_has_all_rows_and_says_which_part_it_is() -> None:
    lines = printed(200)
    titles = [line.strip() for line in lines if line.startswith("Faults")]
    assert titles == ["Faults (1 of 2)", "Faults (2 of 2)"]
    for label in ROWS:
        assert sum(f" {label} " in line for line in lines) == 2


def test_a_table_is_as_wide_as_the_terminal_lets_it_be() -> None:
    """A column more would not fit."""
    whole = max(map(len, printed(500)))
    assert printed(whole)[0].strip() == "Faults"
    assert printed(whole - 1)[0].strip() == "Faults (1 of 2)"


def test_a_metric_that_nobody_has_is_no_column_and_one_that_some_lack_a_dash() -> None:
    rows: dict[str, Metrics] = {"tailorline": {"f1": 0.5, "delay": None}, "published": {"f1": 0.25}}
    console = Console(file=io.StringIO(), width=80)
    heads = {"f1": "F1", "delay": "delay s", "later": "later"}
    console.print(comparison("x", rows, heads))
    assert isinstance(console.file, io.StringIO)
    found = console.file.getvalue()
    assert "later" not in found
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in found.splitlines()]
    assert [row for row in cells if row] == [
        ["tailorline", "0.5000", "-"],
        ["published", "0.2500", "-"],
    ]

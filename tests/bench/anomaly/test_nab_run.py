"""NAB's baselines and the whole bench, with placeholders for the detector."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from bench.anomaly import gaussian
from bench.anomaly.gaussian import deviations
from bench.anomaly.nab.baselines import BASELINES, every_record, latch, once
from bench.anomaly.nab.run import PUBLISHED, bench_nab, show
from tests.bench.anomaly.folders import series

QUIET = Console(quiet=True)
METRICS = {
    "standard", "low_fp", "low_fn", "false_per_1000", "activations", "false_activations", "windows",
    "windows_hit", "delay_records", "us_per_sample",
}  # fmt: skip


def perfect(times, values):
    return [40] if len(values) == 100 else []


def test_the_whole_bench(nab) -> None:
    report = bench_nab(nab, QUIET, perfect)
    show(report, QUIET)
    assert report.bench == "anomaly_nab"
    assert report.data == ["plant/pump.csv", "plant/quiet.csv"]
    assert report.settings["scored"] == 85 + 43
    found = report.results
    assert found.keys() >= METRICS
    assert [found[name] for name in ("standard", "low_fp", "low_fn")] == pytest.approx([100] * 3)
    assert (found["windows"], found["windows_hit"], found["activations"]) == (1, 1, 1)
    assert found["false_per_1000"] == 0
    assert found["us_per_sample"] >= 0
    assert set(report.baselines) == set(BASELINES)
    assert all(own.keys() == METRICS for own in report.baselines.values())


def test_each_file_has_its_score(nab) -> None:
    found = bench_nab(nab, QUIET, lambda times, values: [20, 49][: len(values) // 50]).results
    assert found["standard_plant/pump"] == pytest.approx(100 * (0.24824155 - 0.11 + 1) / 2)
    assert found["standard_plant/quiet"] is None
    assert found["false_activations_plant/quiet"] == 1
    assert found["windows_hit_plant/pump"] == 1
    assert found["standard"] == pytest.approx(100 * (0.24824155 - 0.22 + 1) / 2)
    assert found["false_per_1000"] == pytest.approx(2000 / 128)


def test_baselines_are_scored_by_the_same_scorer(nab) -> None:
    found = bench_nab(nab, QUIET, perfect).baselines
    # 20 of 100 is before the window; 10 of 50 is scored too: the probation is 7.
    assert found["alarm_at_20_percent"]["standard"] == pytest.approx(-100 * 0.22 / 2)
    assert found["always_alarm"]["activations"] == 85 + 43
    assert found["always_alarm"]["windows_hit"] == 1
    assert found["always_alarm"]["low_fp"] < found["always_alarm"]["standard"] < 0


def test_the_published_stand_beside_31_files_only(nab) -> None:
    assert not any(
        name.startswith("published") for name in bench_nab(nab, QUIET, perfect).baselines
    )
    labels = nab / "labels/combined_windows.json"
    text = labels.read_text()
    for number in range(29):
        series(nab, f"more/{number}.csv", ["1", "2"])
        text = text.replace("{", f'{{"more/{number}.csv": [],', 1)
    labels.write_text(text)
    report = bench_nab(nab, QUIET, perfect)
    assert report.baselines["published_artime"] == {"standard": 78.1}
    assert {f"published_{name}" for name in PUBLISHED} <= report.baselines.keys()
    console = Console(file=io.StringIO(), width=200)
    show(report, console)
    assert "not measured here" in console.file.getvalue()


def test_alarms_that_look_at_nothing() -> None:
    values = np.zeros(57)
    assert every_record(values, values) == list(range(57))
    assert once(values, values) == [11]


def naive(values: list[float], window: int, step: int) -> list[float]:
    """Deviations one by one, as NAB's detector keeps its window."""
    held: list[float] = []
    buffer: list[float] = []
    found = []
    mean, std = 0.0, 1.0
    for value in values:
        if np.isnan(value):
            found.append(0.0)
            continue
        found.append(abs(value - mean) / std if held else 0.0)
        if len(held) < window:
            held.append(value)
        else:
            buffer.append(value)
            if len(buffer) < step:
                continue
            held, buffer = held[step:] + buffer, []
        mean, std = float(np.mean(held)), float(np.std(held)) or 1e-6
    return found


@pytest.mark.parametrize("length", [0, 1, 2, 39, 40, 41, 49, 50, 51, 200])
def test_the_windowed_gaussian_is_nabs(monkeypatch, length: int) -> None:
    monkeypatch.setattr(gaussian, "WINDOW", 40)
    monkeypatch.setattr(gaussian, "STEP", 10)
    values = np.random.default_rng(length).normal(1e6, 3, length)
    values[5:8] = np.nan
    assert deviations(values) == pytest.approx(naive(values.tolist(), 40, 10), rel=1e-6, abs=1e-6)


def test_a_constant_is_no_deviation_and_the_step_after_it_is_one() -> None:
    found = deviations(np.array([5.0] * 20 + [5.1]))
    assert found[:20].tolist() == [0] * 20
    assert found[20] == pytest.approx(0.1 / 1e-6)


def test_both_tails_are_alarms() -> None:
    values = np.tile([-1.0, 1.0], 300)
    values[200], values[400] = 10, -10
    # One value alone has no deviation, so the second is an alarm; nobody scores it.
    assert BASELINES["windowed_gaussian"](values, values) == [1, 200, 400]


def test_an_alarm_lasts_until_ten_records_below_the_limit() -> None:
    def begins(*over: int) -> list[int]:
        scores = np.zeros(1_000)
        scores[list(over)] = 3.0
        return latch(scores, 3.0)

    assert begins(5, 6, 15) == [5]
    # Kept up over more than the rest, it is still the same alarm ...
    assert begins(*range(5, 205, 10)) == [5]
    # ... with ten below between, another; but none within 100 records of the last.
    assert begins(*range(5, 205, 10), 206) == [5, 206]
    assert begins(5, 104) == [5]
    assert begins(5, 105) == [5, 105]
    # Who begins within the rest is passed over, and stays so while it lasts.
    assert begins(5, 100, 106) == [5]


def test_the_delay_is_told_of_all_of_each_file_and_of_each_baseline(nab) -> None:
    report = bench_nab(nab, QUIET, lambda times, values: [43] if len(values) == 100 else [])
    assert report.results["delay_records"] == 3
    assert report.results["delay_records_plant/pump"] == 3
    assert report.results["delay_records_plant/quiet"] is None
    assert report.baselines["always_alarm"]["delay_records"] == 0
    assert report.baselines["alarm_at_20_percent"]["delay_records"] is None
    shown = Console(file=io.StringIO(), width=200)
    show(report, shown)
    assert isinstance(shown.file, io.StringIO)
    heads = [line for line in shown.file.getvalue().splitlines() if "standard" in line]
    assert len(heads) == 2
    assert all(" delay " in head for head in heads)

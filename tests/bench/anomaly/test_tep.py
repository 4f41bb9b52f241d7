"""The Tennessee Eastman process: how runs are split, what is counted, the charts, the bench."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from bench.anomaly.tep.baselines import BASELINES, Chart, full_t2, pca_t2, shewhart
from bench.anomaly.tep.files import load
from bench.anomaly.tep.run import bench_tep, show
from bench.anomaly.tep.scoring import metrics
from bench.data import DataError

QUIET = Console(quiet=True)
METRICS = {
    "detection", "false_alarm", "pre_fault", "false_activations", "delay_rows", "missed",
    "detection_01", "detection_02", "us_per_sample",
}  # fmt: skip


def active(*spans: tuple[int, int], rows: int = 200) -> np.ndarray:
    found = np.zeros(rows, dtype=bool)
    for begin, end in spans:
        found[begin:end] = True
    return found


class Above:
    """An alarm where the first variable is above a limit; keeps what it was given."""

    def __init__(self, normal, calibration) -> None:
        self.learnt = (normal, calibration)
        self.runs: list[np.ndarray] = []

    def run(self, rows):
        self.runs.append(rows)
        return rows[:, 0] > 25


def test_the_normal_test_run_is_cut_in_halves(tep: Path) -> None:
    process = load(tep)
    with np.load(tep / "d00_te.npz") as held:
        assert (process.calibration == held["x"][:200]).all()
        assert (process.quiet == held["x"][200:]).all()
    assert process.normal.shape == (300, 3)
    assert list(process.faults) == ["01", "02"]


def test_what_is_not_finite_is_nan_and_runs_with_a_fault_are_not_learnt(tep: Path) -> None:
    np.savez(tep / "d01.npz", x=np.zeros((1, 1)))  # not read: its shape would be refused
    run = np.zeros((200, 3))
    run[0] = [np.inf, -np.inf, np.nan]
    np.savez(tep / "d02_te.npz", x=run)
    found = load(tep).faults["02"]
    assert np.isnan(found[0]).all()
    assert np.isfinite(found[1:]).all()


@pytest.mark.parametrize(
    ("name", "arrays", "message"),
    [
        ("d00", {"y": np.zeros((300, 3))}, "d00.npz: no array 'x'"),
        ("d00", {"x": np.zeros(300)}, r"d00.npz: 'x' has the shape \(300,\)"),
        ("d02_te", {"x": np.zeros((160, 3))}, "d02_te.npz: .*at least 161 rows"),
        ("d02_te", {"x": np.zeros((200, 4))}, "d02_te.npz: 4 variables, but d00.npz has 3"),
        ("d02_te", {"x": np.full((200, 3), "a")}, "d02_te.npz: no .npz with an array of numbers"),
    ],
)
def test_a_run_of_another_shape_is_said(tep: Path, name: str, arrays, message: str) -> None:
    np.savez(tep / f"{name}.npz", **arrays)
    with pytest.raises(DataError, match=message):
        load(tep)


def test_what_is_lacking_is_said(tep: Path) -> None:
    for path in tep.glob("d0[12]_te.npz"):
        path.unlink()
    with pytest.raises(DataError, match="no run with a fault"):
        load(tep)
    (tep / "d00_te.npz").write_bytes(b"no zip")
    with pytest.raises(DataError, match=r"d00_te.npz: no .npz"):
        load(tep)
    (tep / "d00_te.npz").unlink()
    with pytest.raises(DataError, match=r"d00_te.npz is not there; DIR holds"):
        load(tep)


def test_rows_are_counted_from_the_fault_on() -> None:
    faults = {"01": active((10, 12), (150, 180)), "02": active((199, 200))}
    found = metrics(active((0, 5), (7, 8), rows=50), faults)
    assert found["detection_01"] == 20 / 40
    assert found["detection_02"] == 1 / 40
    assert found["detection"] == pytest.approx(21 / 80)
    assert found["false_alarm"] == 6 / 50
    assert found["pre_fault"] == 12 / 320
    assert found["false_activations"] == 4
    assert found["delay_rows"] == 39 / 2  # 0, for it was in alarm already, and 39
    assert found["missed"] == 0


def test_a_fault_never_found_is_an_infinite_delay() -> None:
    hit, missed = active((165, 166)), active((159, 160))
    quiet = active()
    assert metrics(quiet, {"01": hit, "02": hit, "03": missed})["delay_rows"] == 5
    found = metrics(quiet, {"01": hit, "02": missed})
    assert (found["delay_rows"], found["missed"]) == (None, 1)


def test_the_limit_of_a_chart_is_set_where_it_was_not_fitted() -> None:
    rng = np.random.default_rng(3)
    normal, calibration = rng.normal(size=(500, 4)), 3 * rng.normal(size=(1_000, 4))
    for fit in (pca_t2, full_t2, shewhart):
        chart = Chart(normal, calibration, fit=fit)
        assert chart.run(calibration).mean() == pytest.approx(0.01, abs=0.001)


def test_full_t2_sees_what_no_single_variable_shows() -> None:
    rng = np.random.default_rng(4)
    level = rng.normal(size=(2_000, 1))
    normal = np.hstack([level, level]) + 0.01 * rng.normal(size=(2_000, 2))
    apart = np.array([[1.0, -1.0], [1.0, 1.0]])
    assert Chart(normal[:1000], normal[1000:], fit=full_t2).run(apart).tolist() == [True, False]
    assert Chart(normal[:1000], normal[1000:], fit=shewhart).run(apart).tolist() == [False, False]


def test_t2_is_the_textbooks() -> None:
    rng = np.random.default_rng(5)
    normal = rng.normal(size=(400, 14)) @ rng.normal(size=(14, 14))
    rows = rng.normal(size=(5, 14))
    inverse = np.linalg.inv(np.cov(normal, rowvar=False))
    assert full_t2(normal)(rows) == pytest.approx([row @ inverse @ row for row in rows])
    variances, directions = np.linalg.eig(np.cov(normal, rowvar=False))
    best = np.argsort(variances)[-11:]
    expected = [sum((row @ directions[:, k]) ** 2 / variances[k] for k in best) for row in rows]
    assert pca_t2(normal)(rows) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["pca_t2_11", "full_t2", "shewhart"])
def test_a_chart_bears_dead_sensors_and_constants(name: str) -> None:
    rng = np.random.default_rng(6)
    normal, calibration = rng.normal(size=(300, 4)), rng.normal(size=(300, 4))
    for run in (normal, calibration):
        run[:, 1], run[:, 2] = np.nan, 7.0
    watcher = BASELINES[name](normal, calibration)
    rows = np.array([[0.0, np.nan, 7.0, 0.0], [np.nan, 3.0, 7.0, np.nan], [0.0, np.nan, 7.0, 99.0]])
    assert watcher.run(rows).tolist() == [False, False, True]


def test_the_whole_bench(tep: Path) -> None:
    made = []

    def watch(normal, calibration):
        made.append(Above(normal, calibration))
        return made[-1]

    report = bench_tep(tep, QUIET, watch)
    show(report, QUIET)
    (watcher,) = made
    assert [len(run) for run in (*watcher.learnt, *watcher.runs)] == [300, 200, 200, 200, 200]
    assert report.bench == "anomaly_tep"
    assert report.data == ["d00.npz", "d00_te.npz", "d01_te.npz", "d02_te.npz"]
    found = report.results
    assert found.keys() == METRICS
    assert (found["detection_01"], found["detection_02"], found["detection"]) == (1, 0, 0.5)
    assert (found["false_alarm"], found["pre_fault"], found["false_activations"]) == (0, 0, 0)
    assert (found["missed"], found["delay_rows"]) == (1, None)
    assert set(report.baselines) == set(BASELINES)
    assert {"always_alarm", "alarm_after_20_percent", "windowed_gaussian"} < set(BASELINES)
    assert report.baselines["always_alarm"]["false_alarm"] == 1
    assert report.baselines["always_alarm"]["false_activations"] == 3
    for name in ("pca_t2_11", "full_t2", "shewhart"):
        own = report.baselines[name]
        assert own.keys() == METRICS
        assert own["detection_01"] == 1
        assert own["false_alarm"] < 0.1


def test_a_watcher_that_answers_otherwise_is_stopped(tep: Path) -> None:
    class Short(Above):
        def run(self, rows):
            return super().run(rows)[1:]

    with pytest.raises(ValueError, match="200 rows"):
        bench_tep(tep, QUIET, Short)


def test_an_alarm_after_a_fifth_looks_at_nothing() -> None:
    rows = np.zeros((10, 3))
    active = BASELINES["alarm_after_20_percent"](rows, rows).run(rows)
    assert active.tolist() == [False] * 2 + [True] * 8


def test_the_windowed_gaussian_goes_on_from_the_normal_runs() -> None:
    rng = np.random.default_rng(1)
    normal, calibration = rng.standard_normal((2, 200, 3))
    watcher = BASELINES["windowed_gaussian"](normal, calibration)
    rows = np.zeros((5, 3))
    rows[2, 1] = 6.0
    rows[4, 2] = np.nan
    assert watcher.run(rows).tolist() == [False, False, True, False, False]
    assert watcher.run(rows[:1]).tolist() == [False], "each run begins afresh"

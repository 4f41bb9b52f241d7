"""SKAB: counts worked out by hand, the folder, and the whole bench with placeholders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from bench.anomaly.skab.files import SENSORS, load
from bench.anomaly.skab.run import BASELINES, LATER, PUBLISHED, after_a_while, bench_skab, show
from bench.anomaly.skab.scoring import metrics, score
from bench.data import DataError
from tests.bench.anomaly.folders import HEAD, machine

QUIET = Console(quiet=True)
METRICS = {
    "f1", "far", "mar", "activations", "false_activations", "delay_s", "intervals", "missed",
    "us_per_sample",
}  # fmt: skip


def rows(text: str) -> np.ndarray:
    """Flags from a text of 0 and 1, behind 400 rows of 1 that must not count."""
    return np.array([True] * 400 + [letter == "1" for letter in text])


def scored(active: str, labelled: str, step: float = 2.0):
    return score(np.arange(400 + len(active)) * step, rows(active), rows(labelled))


def test_rows_are_counted_behind_the_400_that_are_learnt() -> None:
    found = scored("0110110010", "0011110000")
    assert (found.hits, found.false, found.missed, found.quiet) == (3, 2, 1, 4)
    # Begin at 1 and 8, where nothing is labelled, and at 4.
    assert (found.activations, found.false_activations) == (3, 2)
    assert found.delays_s == (0.0,)
    assert metrics([found]) == {
        "f1": pytest.approx(6 / 9), "far": pytest.approx(100 * 2 / 6), "mar": pytest.approx(25),
        "activations": 3, "false_activations": 2, "delay_s": 0.0, "intervals": 1, "missed": 0,
    }  # fmt: skip


def test_the_delay_is_in_seconds_from_the_begin_of_each_interval() -> None:
    found = scored("0001000000", "0111000111")
    assert found.delays_s == (4.0, np.inf)
    assert scored("0000000001", "0111000111").delays_s == (np.inf, 4.0)


def test_an_alarm_that_is_on_at_the_first_scored_row_is_an_activation_there() -> None:
    found = scored("1100", "1100")
    assert (found.activations, found.false_activations, found.delays_s) == (1, 0, (0.0,))


def test_a_missed_interval_is_an_infinite_delay() -> None:
    hit, missed = scored("0010", "0110"), scored("0000", "0110")
    assert metrics([hit, hit, missed])["delay_s"] == 2.0
    found = metrics([hit, missed, missed])
    assert (found["delay_s"], found["missed"], found["intervals"]) == (None, 2, 3)
    assert metrics([hit, missed])["delay_s"] is None


def test_there_is_no_rate_of_nothing() -> None:
    assert metrics([scored("00", "00")]) == {
        "f1": None, "far": 0.0, "mar": None, "activations": 0, "false_activations": 0,
        "delay_s": None, "intervals": 0, "missed": 0,
    }  # fmt: skip
    assert metrics([scored("00", "11")])["far"] is None
    assert metrics([scored("00", "11")])["f1"] == 0


def test_files_come_with_sensors_labels_and_times(skab: Path) -> None:
    other, valve = load(skab)  # anomaly-free has no labels
    assert (other.name, valve.name) == ("other/1.csv", "valve/0.csv")
    assert other.rows.shape == (410, len(SENSORS))
    assert other.rows[409].tolist() == [409, 1, 2, 3, 4, 5, 6, 7]
    assert np.flatnonzero(other.labelled).tolist() == [404, 405, 406, 407]
    assert other.times[1] - other.times[0] == 2


def test_sensors_that_send_no_number_are_nan_and_bad_labels_are_rejected(skab: Path) -> None:
    path = skab / "data/other/1.csv"
    text = path.read_text()
    path.write_text(text.replace(";0;1;2;", ";;bad;nan;", 1))
    assert np.isnan(load(skab)[0].rows[0]).tolist() == [True] * 3 + [False] * 5
    for bad in ("", "2", "nan", "yes"):
        path.write_text(text.replace("7;1.0;0.0", f"7;{bad};0.0", 1))
        with pytest.raises(DataError, match=r"other/1.csv: line 406: "):
            load(skab)
    path.write_text(text.replace("2014-05-13 16:53:22", "noon"))
    with pytest.raises(DataError, match=r"other/1.csv: line 3: .*noon"):
        load(skab)


def test_what_is_lacking_is_said(skab: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="layout of waico/SKAB"):
        load(tmp_path)
    path = skab / "data/other/1.csv"
    path.write_text(HEAD.replace(";anomaly", "") + "\n")
    with pytest.raises(DataError, match=r"other/1.csv: no column anomaly.*changepoint"):
        load(skab)
    path.write_text(HEAD.replace(";", ",") + "\n")
    with pytest.raises(DataError, match=r"with ';' between"):
        load(skab)
    machine(path, ["0"] * 400)
    with pytest.raises(DataError, match=r"other/1.csv: 400 rows"):
        load(skab)


def test_the_whole_bench(skab: Path) -> None:
    def watch(times, sensors):
        assert len(times) == len(sensors) == 410
        return sensors[:, 0] >= 406

    report = bench_skab(skab, QUIET, watch)
    show(report, QUIET)
    assert report.bench == "anomaly_skab"
    assert report.data == ["other/1.csv", "valve/0.csv"]
    assert (report.settings["scored"], report.settings["labelled"]) == (20, 8)
    found = report.results
    assert found.keys() == METRICS
    # Of each file two of four labelled rows are hit, and the two behind are false.
    assert (found["f1"], found["mar"]) == (0.5, 50)
    assert found["far"] == pytest.approx(100 * 4 / 12)
    assert (found["activations"], found["false_activations"]) == (2, 0)
    assert found["delay_s"] == 4.0
    assert set(report.baselines) == set(BASELINES)
    assert report.baselines["always_alarm"]["far"] == 100
    assert report.baselines["always_alarm"]["false_activations"] == 2
    assert all(own.keys() == METRICS for own in report.baselines.values())


def test_files_may_begin_later_which_changes_no_row_that_is_scored(skab: Path) -> None:
    lengths = []

    def watch(times, sensors):
        lengths.append(len(times))
        assert len(times) == len(sensors)
        return sensors[:, 0] >= (406 if len(times) == 410 else 407)

    report = bench_skab(skab, QUIET, watch, later=True)
    assert lengths == [410, 410, *(410 - rows for rows in LATER for _ in range(2))]
    later = report.baselines["tailorline_later"]
    assert later.keys() == METRICS
    # One run in five hits two of four rows after 4 s, the others one after 6.
    assert later["mar"] == pytest.approx((50 + 4 * 75) / 5)
    assert later["delay_s"] == pytest.approx((4 + 4 * 6) / 5)
    assert report.results["mar"] == 50
    assert set(report.baselines) == {*BASELINES, "tailorline_later"}


def test_an_alarm_after_a_fifth_looks_at_nothing() -> None:
    active = after_a_while(np.arange(500), np.zeros((500, 8)))
    assert np.flatnonzero(active).tolist() == list(range(420, 500))


def test_the_windowed_gaussian_is_in_alarm_for_any_sensor() -> None:
    rows = np.random.default_rng(2).standard_normal((300, 8))
    rows[250:] = 0.0
    rows[260, 3] = -9.0
    active = BASELINES["windowed_gaussian"](np.arange(300.0), rows)
    assert np.flatnonzero(active[250:]).tolist() == [10]


def test_a_detector_that_answers_otherwise_is_stopped(skab: Path) -> None:
    with pytest.raises(ValueError, match="410 rows"):
        bench_skab(skab, QUIET, lambda times, sensors: np.zeros(409, dtype=bool))
    with pytest.raises(ValueError, match="not bool"):
        bench_skab(skab, QUIET, lambda times, sensors: np.zeros(410))


def test_the_published_stand_beside_all_34_files_only(skab: Path) -> None:
    watch = BASELINES["always_alarm"]
    assert set(bench_skab(skab, QUIET, watch).baselines) == set(BASELINES)
    for number in range(2, 34):
        machine(skab / f"data/other/{number}.csv", ["0"] * 401)
    report = bench_skab(skab, QUIET, watch)
    assert report.settings["files"] == 34
    assert set(report.baselines) == {*BASELINES, *(f"published_{name}" for name in PUBLISHED)}
    assert report.baselines["published_conv_ae"] == {"f1": 0.78, "far": 13.55, "mar": 28.02}

"""``tailorline bench anomaly``: the commands, with stubs in the detector's place."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from bench.anomaly import ours
from bench.cli import app


class Silent:
    def run(self, rows):
        return np.zeros(len(rows), dtype=bool)


STUBS = {
    "nab": ("detect_nab", lambda times, values: []),
    "skab": ("watch_skab", lambda times, rows: np.zeros(len(rows), dtype=bool)),
    "tep": ("watch_tep", lambda normal, calibration: Silent()),
}


@pytest.fixture(autouse=True)
def _stubs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, stub in STUBS.values():
        monkeypatch.setattr(ours, name, stub)


@pytest.mark.parametrize("name", STUBS)
def test_a_report_is_shown_and_written(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    folder: Path = request.getfixturevalue(name)
    path = tmp_path / "out" / "report.json"
    result = CliRunner().invoke(app, ["anomaly", name, str(folder), "--json", str(path)])
    assert result.exit_code == 0, result.output
    assert "always_alarm" in result.output
    found = json.loads(path.read_text())
    assert found.keys() == {"bench", "data", "settings", "results", "baselines", "series"}
    assert found["bench"] == f"anomaly_{name}"
    assert found["results"].keys() >= found["baselines"]["always_alarm"].keys()


def test_what_never_comes_is_null_and_what_is_silent_zero(
    nab: Path, skab: Path, tep: Path, tmp_path: Path
) -> None:
    results = {}
    for name, folder in (("nab", nab), ("skab", skab), ("tep", tep)):
        path = tmp_path / f"{name}.json"
        CliRunner().invoke(app, ["anomaly", name, str(folder), "--json", str(path)])
        results[name] = json.loads(path.read_text())["results"]
    assert results["nab"]["standard"] == 0
    assert results["nab"]["standard_plant/quiet"] is None
    assert results["skab"]["delay_s"] is None
    assert results["skab"]["mar"] == 100
    assert results["tep"]["delay_rows"] is None
    assert results["tep"]["missed"] == 2


@pytest.mark.parametrize(
    ("name", "message"), [("nab", "numenta/NAB"), ("skab", "waico/SKAB"), ("tep", "d00.npz")]
)
def test_a_folder_of_something_else_ends_with_2(name: str, message: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["anomaly", name, str(tmp_path)])
    assert result.exit_code == 2
    assert message in "".join(result.output.split())
    assert "Traceback" not in result.output


def refused(where: str, folder: Path) -> str:
    """What is said of a report that cannot be written."""
    result = CliRunner().invoke(app, ["anomaly", "nab", str(folder), "--json", where])
    assert result.exit_code == 2, result.output
    assert len(result.output.splitlines()) == 1, result.output
    return result.output


def test_a_report_that_cannot_be_written_is_refused_before_the_run(
    nab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def detect(times: object, values: object) -> list[int]:
        pytest.fail("was run")

    monkeypatch.setattr(ours, "detect_nab", detect)
    assert refused(str(nab), nab) == (
        f"--json {nab} is a folder: name a file in it, such as {nab / 'report.json'}. "
        "Nothing was run.\n"
    )
    profiles = nab / "profiles.json"
    for where in ("/proc/x.json", "/proc/nowhere/x.json", f"{profiles}/x.json"):
        said = refused(where, nab)
        assert said.startswith(f"--json {where} cannot be written (")
        assert said.endswith("name a file in a folder that you may write to. Nothing was run.\n")


def test_a_trial_leaves_no_file_behind_and_the_last_report_as_it_was(
    nab: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    last = tmp_path / "last.json"
    last.write_text("{}")
    for path in (last, tmp_path / "new.json"):
        result = CliRunner().invoke(app, ["anomaly", "nab", str(empty), "--json", str(path)])
        assert result.exit_code == 2
    assert last.read_text() == "{}"
    assert not (tmp_path / "new.json").exists()


def test_a_pipe_is_not_tried_for_its_reader_would_take_that_for_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe, empty = tmp_path / "pipe", tmp_path / "empty"
    os.mkfifo(pipe)
    empty.mkdir()
    monkeypatch.setattr(Path, "open", lambda path, mode="r": pytest.fail(f"opened {path}"))
    result = CliRunner().invoke(app, ["anomaly", "nab", str(empty), "--json", str(pipe)])
    assert result.exit_code == 2
    assert "numenta/NAB" in result.output


def test_a_report_that_can_be_written_no_more_when_the_run_ends(
    nab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out" / "report.json"

    def detect(times: object, values: object) -> list[int]:
        path.mkdir(exist_ok=True)
        return []

    monkeypatch.setattr(ours, "detect_nab", detect)
    result = CliRunner().invoke(app, ["anomaly", "nab", str(nab), "--json", str(path)])
    assert result.exit_code == 2
    assert "always_alarm" in result.stdout
    assert result.stderr == (
        f"--json {path} is a folder: name a file in it, such as {path / 'report.json'}. "
        "What was measured is printed above.\n"
    )

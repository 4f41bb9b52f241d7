"""``tailorline bench anomaly``: the commands, with stubs in the detector's place."""

from __future__ import annotations

import json
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

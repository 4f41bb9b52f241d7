"""The benchmark of sensors: a tiny hall, its copies, and the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.cli import app
from bench.sensors import hall as halls
from bench.sensors.hall import SENSORS, Hall
from tests.models.shards import plain


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(halls, "LEARNT_ROWS", 60)


def test_the_other_machines_are_copies_of_those_that_learnt() -> None:
    hall = Hall(2, 60, seed=1)
    hall.learn()
    assert len(hall.shard.machines) == 2
    hall.fill(5 * SENSORS)
    machines = list(hall.shard.machines.values())
    assert len(machines) == 5
    assert plain(machines[2]) == plain(machines[0]) == plain(machines[4])
    assert plain(machines[3]) == plain(machines[1]) != plain(machines[0])
    assert machines[2].sensors["sensor-3"] is not machines[0].sensors["sensor-3"]
    assert hall.shard.report()["sensors", "known"] == 5 * SENSORS


def test_a_report_is_shown_and_written(tmp_path: Path) -> None:
    path = tmp_path / "sensors.json"
    asked = ["sensors", "--sensors", "40", "--machines", "2", "--rows", "4", "--json", str(path)]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    assert "A shard of 40 sensors" in result.output
    found = json.loads(path.read_text())
    assert found["bench"] == "sensors"
    results = found["results"]
    assert results["sensors"] == 40
    assert min(results.values()) > 0
    assert 4_000 < results["bytes_per_sensor"] < results["memory_per_sensor"]
    assert results["snapshot_bytes"] < 40 * results["bytes_per_sensor"] + 100_000

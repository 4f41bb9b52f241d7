"""The benchmark of a shift: what was planted, what counts as found, and the command."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from rich.console import Console
from typer.testing import CliRunner

from bench.cli import app
from bench.line.operators import operators
from bench.line.plant import START, Shift, events, planted, shows_at, spots
from bench.line.run import judged
from models.alarms.kpi import kpis
from schemas.outputs import Alert
from schemas.sensors import Measurement
from streams.simulate.faults import KINDS, Fault

SHIFT = Shift()
DRIFT = Fault("line-1", "machine-2", "pressure", "drift", 1000.0, 500.0, -10.0)
STUCK = Fault("line-2", "machine-2", "pressure", "stuck", 3000.0, 300.0, 0.0)


def alert(
    at: float, line: str = "line-1", sensor: str | None = "pressure", state: str = "active"
) -> Alert:
    moment = datetime.fromtimestamp(START + at, UTC)
    return Alert(
        alert_id="a", alarm_id="b", occurrence=1, state=state, occurred_at=moment, since=moment,
        line=line, machine="machine-2", sensor=sensor, condition="deviation", priority="low",
        value=None, unit=None, expected=None, z=0.0, limit=0.0, text="",
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_faults_of_all_kinds_are_planted_apart_from_each_other(seed: int) -> None:
    shift = Shift(seed=seed)
    faults = planted(shift)
    assert sorted(fault.kind for fault in faults) == sorted([*KINDS, *KINDS])
    assert len({(fault.line, fault.machine, fault.sensor) for fault in faults}) == 12
    assert all(before.end_s <= after.start_s for before, after in pairwise(faults))
    assert faults[0].start_s >= shift.quiet_s
    assert faults[-1].end_s <= shift.seconds


def test_there_are_forty_sensors_and_each_speaks_in_turn() -> None:
    assert len(spots()) == 40
    shift = Shift(hours=0.01)
    samples = [each for each in events(shift, ()) if isinstance(each, Measurement)]
    assert len(samples) == 18 * 40
    assert len({each.event_id for each in samples}) == len(samples)
    times = [each.occurred_at for each in samples]
    assert times == sorted(times)


def test_a_fault_shows_once_it_is_beyond_what_the_sensor_does_anyway() -> None:
    assert shows_at(DRIFT, 2.0) == pytest.approx(1000.0 + 0.4 * 500.0)
    assert shows_at(STUCK, 2.0) == pytest.approx(3040.0)


def test_what_is_found_late_or_elsewhere_is_not_found() -> None:
    faults = [DRIFT, STUCK]
    told = [
        alert(1150.0), alert(1230.0, state="cleared"), alert(3101.0, "line-2"),
        alert(3050.0, "line-2", "current"), alert(5000.0),
    ]  # fmt: skip
    found = judged(told, faults, SHIFT)
    assert (found["faults"], found["found"], found["delay_s_most"]) == (2, 1, 0.0)
    assert (found["alarms"], found["alarms_outside"]) == (4, 2)
    in_time = judged([*told, alert(3095.0, "line-2", None)], faults, SHIFT)
    assert (in_time["found"], in_time["delay_s_most"]) == (2, pytest.approx(55.0))
    assert in_time["outside_per_hour"] == pytest.approx(2 / 8)


def test_what_operators_hear_stands_beside_what_is_acceptable() -> None:
    told = [
        msgspec.structs.replace(
            alert(1000.0 + 20.0 * n + after, state=state), alert_id=f"{n}{state}", occurrence=n
        )
        for n in (1, 2, 3)
        for after, state in ((0.0, "active"), (5.0, "cleared"))
    ]
    found = kpis(told, START, START + 8 * 3600.0)
    out = io.StringIO()
    Console(width=140, file=out).print(operators(asdict(found)))
    lines = {line[2:32].strip(" │"): line for line in out.getvalue().splitlines()}
    assert "0.4, 3 at most" in lines["an hour"]
    assert "6, 12 at most" in lines["an hour"]
    assert "line-1/machine-2/pressure deviation 3x" in lines["chattering"]
    assert "none" in lines["stand for a day"]
    assert lines["acknowledged"].split("│")[2].strip() == "0"


def test_a_report_is_shown_and_written(tmp_path: Path) -> None:
    path = tmp_path / "line.json"
    asked = ["line", "--hours", "1", "--every-s", "60", "--faults", "1", "--json", str(path)]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    assert "A shift on a made-up line" in result.output
    assert "ISA-18.2" in result.output
    page = json.loads(path.read_text())
    assert page["bench"] == "line"
    assert page["results"]["faults"] == page["baselines"]["three sigma"]["faults"] == 1
    assert page["settings"]["kpis"]["annunciated"] == page["results"]["alarms"]

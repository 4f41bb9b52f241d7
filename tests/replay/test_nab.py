"""NAB: one measurement a row, one machine a file."""

from __future__ import annotations

from pathlib import Path

from streams.replay import nab
from tests.replay.samples import reasons, split, write


def test_a_row_becomes_a_measurement(tmp_path: Path) -> None:
    path = write(tmp_path / "taxi.csv", "timestamp,value", "2014-07-01 00:00:00,10844")
    records, bad = split(nab.read(path, name="known-taxi"))
    assert bad == []
    event = records[0].event
    assert (event.line, event.machine, event.sensor) == ("nab", "taxi", "value")
    assert (event.value, event.unit, event.event_id) == (10844.0, "1", "nab-known-taxi-2")
    assert records[0].key == b"nab/taxi"


def test_bad_rows(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "timestamp,value", ",1", "2014-07-01 00:00:00,x", "", "2014")
    records, bad = split(nab.read(path, name="a"))
    assert records == []
    assert reasons(bad) == [(2, "missing"), (3, "not_a_number"), (5, "columns")]

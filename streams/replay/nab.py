"""Numenta Anomaly Benchmark: one value over time a file; every file is a machine of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from streams.replay.cells import utc
from streams.replay.measurements import Machine, measurements
from streams.replay.reading import Meter
from streams.replay.records import BadRow, Record
from streams.replay.tables import table

LINE = "nab"
_SENSORS = {"value": ("value", "1")}


def read(path: Path, *, name: str, meter: Meter | None = None) -> Iterator[Record | BadRow]:
    """Yield one measurement a row, in the order of the file; times are taken as UTC."""
    stem = path.name.removesuffix(".gz").removesuffix(".csv")
    machine = Machine("nab", name, LINE, stem)
    for row in table(path, needed=("timestamp", "value"), meter=meter):
        if isinstance(row, BadRow):
            yield row
            continue
        moment = row.parsed("timestamp", utc, "bad_time")
        if isinstance(moment, BadRow):
            yield moment
        else:
            yield from measurements(row, moment, machine, _SENSORS)

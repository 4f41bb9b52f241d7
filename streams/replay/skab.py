"""Skoltech Anomaly Benchmark: a water circuit with eight sensors, one file an experiment.

Every file is a machine of its own, named after its folder and itself: ``valve2-0``. The labels
(anomaly, changepoint) are not sent: they are what a detector is measured against.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from streams.replay.cells import utc
from streams.replay.measurements import Machine, measurements
from streams.replay.reading import Meter
from streams.replay.records import BadRow, Record
from streams.replay.tables import table

TIME = "datetime"
LINE = "skab"
UNITS = {
    "Accelerometer1RMS": "m/s2",
    "Accelerometer2RMS": "m/s2",
    "Current": "A",
    "Pressure": "bar",
    "Temperature": "Cel",
    "Thermocouple": "Cel",
    "Voltage": "V",
    "Volume Flow RateRMS": "L/min",
}
_SENSORS = {column: (column, unit) for column, unit in UNITS.items()}


def machine_of(path: Path) -> str:
    """Return the machine of a file: ``valve2/0.csv`` is ``valve2-0``."""
    stem = path.name.removesuffix(".gz").removesuffix(".csv")
    folder = path.resolve().parent.name
    return stem if folder in {stem, ""} else f"{folder}-{stem}"


def read(path: Path, *, name: str, meter: Meter | None = None) -> Iterator[Record | BadRow]:
    """Yield eight measurements a row, in the order of the file; times are taken as UTC.

    ``name`` is the machine's, as `machine_of` gives it.
    """
    machine = Machine("skab", name, LINE, name)
    for row in table(path, delimiter=";", needed=(TIME, *UNITS), meter=meter):
        if isinstance(row, BadRow):
            yield row
            continue
        moment = row.parsed(TIME, utc, "bad_time")
        if isinstance(moment, BadRow):
            yield moment
        else:
            yield from measurements(row, moment, machine, _SENSORS)

"""A folder in SKAB's own layout: data/GROUP/*.csv with semicolons, eight sensors and two labels."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.anomaly.fields import label, moment, number, table
from bench.anomaly.seam import Flags, Floats
from bench.data import DataError

SENSORS = (
    "Accelerometer1RMS", "Accelerometer2RMS", "Current", "Pressure", "Temperature", "Thermocouple",
    "Voltage", "Volume Flow RateRMS",
)  # fmt: skip
LEARNT = 400
"""So many rows at the begin of a file are normal and for learning; the rest is scored."""
_UNLABELLED = "anomaly-free"
_COLUMNS = ("datetime", *SENSORS, "anomaly", "changepoint")


class Machine(NamedTuple):
    """One file: ``times[n]`` in Unix seconds, ``rows[n, 8]``, and which rows are labelled."""

    name: str
    times: Floats
    rows: Floats
    labelled: Flags


def load(folder: Path) -> list[Machine]:
    """Return the labelled files of a folder by name; any subset of the benchmark's will do.

    The folder ``anomaly-free``, which has no labels, is left out. Values that are no numbers are NaN.
    Raises `DataError` if there is no file, a file is too short, or times or labels cannot be read.
    Layout: Katser & Kozitsin 2020.
    """
    found = (folder / "data").glob("*/*.csv")
    paths = sorted(path for path in found if path.parent.name != _UNLABELLED)
    if not paths:
        raise DataError(
            f"{folder}: no data/GROUP/*.csv with labels is there ({_UNLABELLED} has none); DIR is a "
            "folder in the layout of waico/SKAB."
        )
    return [_machine(path) for path in paths]


def _machine(path: Path) -> Machine:
    times, rows, labelled = [], [], []
    for line, row in table(path, _COLUMNS, delimiter=";"):
        try:
            times.append(moment(row["datetime"]))
            labelled.append(label(row["anomaly"]))
        except ValueError as error:
            raise DataError(f"{path}: line {line}: {error}") from error
        rows.append([number(row[name]) for name in SENSORS])
    if len(rows) <= LEARNT:
        raise DataError(
            f"{path}: {len(rows)} rows are there; the first {LEARNT} are for learning, so more are "
            "needed."
        )
    name = f"{path.parent.name}/{path.name}"
    return Machine(name, np.asarray(times), np.asarray(rows), np.asarray(labelled))

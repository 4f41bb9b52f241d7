"""A folder of Tennessee Eastman runs: dNN.npz and dNN_te.npz, key x, 00 the normal ones."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.anomaly.seam import Floats
from bench.data import DataError

ONSET = 160
"""The row at which the fault begins in each test run: eight hours, at a row every three minutes."""
_TEST = re.compile(r"d(\d\d)_te\.npz")
_KEY = "x"


class Process(NamedTuple):
    """The runs, each ``[n, variables]``, a row every three minutes."""

    normal: Floats
    """To learn from."""
    calibration: Floats
    """Normal too, and never learnt from: limits are set here."""
    quiet: Floats
    """Normal too: false alarms are counted here."""
    faults: dict[str, Floats]
    """Test runs by the two digits of their fault, which begins at row 160."""


def load(folder: Path) -> Process:
    """Return the runs of a folder; any subset of the faults will do.

    The normal test run is cut in halves: the first calibrates, in the second false alarms are
    counted. Training runs with a fault are not read: nobody has them beforehand. What is not finite
    is NaN. Raises `DataError` if a run is not there, too short or of another shape. Sources: Downs &
    Vogel 1993; Chiang, Russell & Braatz 2001.
    """
    normal = _run(folder / "d00.npz", 2)
    test = _run(folder / "d00_te.npz", 4)
    faults = {
        match[1]: _run(path, ONSET + 1)
        for path in sorted(folder.glob("*.npz"))
        if (match := _TEST.fullmatch(path.name)) and match[1] != "00"
    }
    if not faults:
        raise DataError(f"{folder}: no run with a fault, d01_te.npz to d21_te.npz, is there.")
    widths = {"d00": normal, "d00_te": test, **{f"d{n}_te": run for n, run in faults.items()}}
    for name, run in widths.items():
        if run.shape[1] != normal.shape[1]:
            raise DataError(
                f"{folder / name}.npz: {run.shape[1]} variables, but d00.npz has {normal.shape[1]}."
            )
    half = len(test) // 2
    return Process(normal, test[:half], test[half:], faults)


def _run(path: Path, least: int) -> Floats:
    if not path.is_file():
        raise DataError(
            f"{path} is not there; DIR holds d00.npz, d00_te.npz and dNN_te.npz of the faults."
        )
    try:
        with np.load(path, allow_pickle=False) as held:
            run = np.asarray(held[_KEY], dtype=np.float64)
    except KeyError:
        raise DataError(f"{path}: no array {_KEY!r} is in it.") from None
    except (OSError, ValueError, TypeError, zipfile.BadZipFile, EOFError) as error:
        raise DataError(f"{path}: no .npz with an array of numbers {_KEY!r}: {error}") from error
    if run.ndim != 2 or len(run) < least or not run.shape[1]:
        raise DataError(
            f"{path}: {_KEY!r} has the shape {run.shape}; [rows, variables] with at least {least} rows "
            "is expected."
        )
    return np.where(np.isfinite(run), run, np.nan)

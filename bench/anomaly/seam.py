"""What a detector has to be for each benchmark, and how its answer is taken and timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
P = ParamSpec("P")
R = TypeVar("R")

SHARE = 0.2
"""How much of a file passes until the alarm that looks at nothing, of each benchmark."""


class DetectSeries(Protocol):
    """NAB: finds where alarms begin in one series."""

    def __call__(self, times: Floats, values: Floats, /) -> list[int]:
        """Return the indices of the records where an alarm begins.

        ``times[n]`` are Unix seconds, ``values[n]`` in the unit of the file, NaN where none can be
        read. Record i may be judged by records 0 to i only.
        """
        ...


class WatchMachine(Protocol):
    """SKAB: watches the sensors of one machine."""

    def __call__(self, times: Floats, rows: Floats, /) -> Flags:
        """Return for each row whether the alarm is active.

        ``times[n]`` are Unix seconds, ``rows[n, 8]`` the sensors in their own units, NaN where none
        can be read. The first 400 rows are normal and for learning. Row i may be judged by rows 0
        to i only.
        """
        ...


class Watcher(Protocol):
    """TEP: a detector that has learnt what is normal."""

    def run(self, rows: Floats, /) -> Flags:
        """Return for each of ``rows[n, 52]`` whether the alarm is active; each run begins afresh."""
        ...


class WatchProcess(Protocol):
    """TEP: learns what is normal from one run and its limits from another."""

    def __call__(self, normal: Floats, calibration: Floats, /) -> Watcher:
        """Return the watcher; both are normal runs, ``[n, 52]``, a row every three minutes."""
        ...


def flags(found: npt.ArrayLike, rows: int) -> Flags:
    """Return a detector's answer as ``rows`` booleans; raises `ValueError` if it is anything else."""
    array = np.asarray(found)
    if array.shape != (rows,) or array.dtype != np.bool_:
        raise ValueError(f"A detector gave {array.dtype}{array.shape} for {rows} rows, not bool.")
    return array


def starts(active: Flags) -> npt.NDArray[np.intp]:
    """Return the rows where a run of true ones begins, the first row included."""
    return np.flatnonzero(active & ~np.concatenate(([False], active[:-1])))


class Stopwatch:
    """Adds up the processor time of this process alone: others' work on the machine is not in it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def timed(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what the call returns."""
        began = time.process_time()
        try:
            return call(*args, **kwargs)
        finally:
            self.seconds += time.process_time() - began

    def us_per(self, samples: int) -> float:
        """Return microseconds a sample."""
        return self.seconds * 1e6 / max(samples, 1)

"""The product's detector behind the seam of each benchmark; nothing else here knows it."""

from __future__ import annotations

from bench.anomaly.seam import Flags, Floats, Watcher


def detect_nab(times: Floats, values: Floats) -> list[int]:
    """Return where alarms begin in one series, as `DetectSeries` says."""
    raise NotImplementedError


def watch_skab(times: Floats, rows: Floats) -> Flags:
    """Return for each row whether the machine's alarm is active, as `WatchMachine` says."""
    raise NotImplementedError


def watch_tep(normal: Floats, calibration: Floats) -> Watcher:
    """Return the watcher of the process, as `WatchProcess` says."""
    raise NotImplementedError

"""What NAB's figures are held against: no detector at all, and NAB's own simplest one."""

from __future__ import annotations

import numpy as np

from bench.anomaly.gaussian import LIMIT, deviations
from bench.anomaly.seam import SHARE, DetectSeries, Floats

CLEAR, REST = 10, 100


def every_record(times: Floats, values: Floats) -> list[int]:
    """Return an alarm at each record: what "always alarm" is under NAB's rules."""
    del times
    return list(range(len(values)))


def once(times: Floats, values: Floats) -> list[int]:
    """Return one alarm, behind a fifth of the file."""
    del times
    return [int(SHARE * len(values))]


def windowed_gaussian(times: Floats, values: Floats) -> list[int]:
    """Return alarms of NAB's windowed Gaussian with a limit fixed beforehand, latched.

    In NAB the limit is fitted to the labels, and each record over it is an alarm.
    """
    del times
    return latch(deviations(values), LIMIT)


def latch(scores: Floats, limit: float) -> list[int]:
    """Return where alarms begin: one while scores keep coming to the limit.

    An alarm clears after 10 records below it, and none begins within 100 records of the last.
    """
    found: list[int] = []
    over: int | None = None
    for index in np.flatnonzero(scores >= limit).tolist():
        cleared = over is None or index - over > CLEAR
        over = index
        if cleared and (not found or index - found[-1] >= REST):
            found.append(index)
    return found


BASELINES: dict[str, DetectSeries] = {
    "always_alarm": every_record,
    "alarm_at_20_percent": once,
    "windowed_gaussian": windowed_gaussian,
}

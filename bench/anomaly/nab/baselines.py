"""What NAB's figures are held against: no detector at all, and NAB's own simplest one."""

from __future__ import annotations

import numpy as np

from bench.anomaly.seam import DetectSeries, Floats

WINDOW, STEP = 6_400, 100
"""Records that mean and deviation are of, and after how many they are renewed."""
LIMIT = 3.0
"""Deviations to either side: a choice of textbooks, not of labels."""
CLEAR, REST = 10, 100
SHARE = 0.2
"""Where in a file the alarm comes that has seen nothing of it."""


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


def deviations(values: Floats) -> Floats:
    """Return how many deviations each value is from the mean of those before it, in ``[n]``.

    The window grows to 6,400 values and then moves on by 100, as in NAB's detector, whose tail
    probability is a function of this. NaN values are 0 and not learnt, the first value is 0.
    """
    good = np.isfinite(values)
    known = values[good]
    mean, std = np.zeros(len(known)), np.ones(len(known))
    growing = min(WINDOW, len(known) - 1)  # record i of these has i values before it, all of them
    if growing > 0:
        shifted = known[:growing] - known[0]  # or squares of large values would leave no digits
        count = np.arange(1, growing + 1)
        sums, squares = np.cumsum(shifted), np.cumsum(shifted**2)
        mean[1 : growing + 1] = known[0] + sums / count
        variance = squares / count - (sums / count) ** 2
        std[1 : growing + 1] = np.sqrt(np.maximum(variance, 0.0))
    for first in range(WINDOW, len(known), STEP):
        window = known[first - WINDOW : first]
        mean[first : first + STEP], std[first : first + STEP] = window.mean(), window.std()
    found = np.zeros(len(values))
    found[good] = np.abs(known - mean) / np.where(std == 0, 1e-6, std)
    if len(known):
        found[np.flatnonzero(good)[0]] = 0.0
    return found


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

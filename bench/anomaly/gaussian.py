"""The windowed Gaussian, NAB's own simplest detector: how far values are off the mean of those before them."""

from __future__ import annotations

import numpy as np

from bench.anomaly.seam import Flags, Floats

WINDOW, STEP = 6_400, 100
"""Records that mean and deviation are of, and after how many they are renewed."""
LIMIT = 3.0
"""Deviations to either side: a choice of textbooks, not of labels."""


def any_beyond(rows: Floats) -> Flags:
    """Return for each of ``rows[n, sensors]`` whether any sensor of it is beyond the limit."""
    off = np.column_stack([deviations(values) for values in rows.T])
    return np.asarray((off >= LIMIT).any(axis=1))


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

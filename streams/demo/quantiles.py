"""Quantiles out of Prometheus histograms: buckets added up over workers, read by interpolation."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

Buckets = Mapping[float, float]
"""Upper bound -> how many observations were at most that; the last bound is infinite."""


def add_up(histograms: Iterable[Buckets]) -> dict[float, float]:
    """Return the histogram of all observations; the histograms must have the same bounds."""
    total: dict[float, float] = {}
    for histogram in histograms:
        for bound, count in histogram.items():
            total[bound] = total.get(bound, 0.0) + count
    return total


def quantile(histogram: Buckets, q: float) -> float | None:
    """Return the value that a share ``q`` of the observations does not exceed; None without any.

    Within a bucket the observations are taken to be spread evenly, as Prometheus does. Beyond the
    last finite bound nothing is known, so that bound is the answer.
    """
    if not 0.0 <= q <= 1.0:
        raise ValueError(f"{q} is not a share between 0 and 1")
    bounds = sorted(histogram)
    count = histogram[bounds[-1]] if bounds else 0.0
    if count <= 0:
        return None
    rank = q * count
    lower, below = 0.0, 0.0
    for bound in bounds:
        upto = histogram[bound]
        if upto >= rank and upto > below:
            if math.isinf(bound):
                return lower
            return lower + (bound - lower) * max(rank - below, 0.0) / (upto - below)
        lower, below = bound, upto
    return lower

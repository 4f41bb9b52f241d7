"""Charts of textbooks (Chiang, Russell & Braatz 2001), each with its limit from the calibration run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from bench.anomaly.gaussian import any_beyond
from bench.anomaly.seam import SHARE, Flags, Floats, Watcher, WatchProcess

COMPONENTS = 11
"""As in Chiang, Russell & Braatz 2001, chosen there by parallel analysis."""
LIMIT = 0.99
"""The quantile of the statistic over the calibration run; of normal rows one in 100 is above it."""

Statistic = Callable[[Floats], Floats]
"""From standardised rows ``[n, variables]`` to one figure a row."""
Fit = Callable[[Floats], Statistic]
"""From the standardised normal run to the statistic."""


class Always:
    """An alarm in each row: what detection is worth without false alarms beside it."""

    def run(self, rows: Floats) -> Flags:
        """Return true for each row."""
        return np.ones(len(rows), dtype=bool)


class AfterAWhile:
    """An alarm from a fifth of a run to its end: faults begin at a sixth."""

    def run(self, rows: Floats) -> Flags:
        """Return true for each row from there on."""
        return np.arange(len(rows)) >= SHARE * len(rows)


class WindowedGaussian:
    """A variable three deviations off its mean so far, from the normal runs on."""

    def __init__(self, before: Floats) -> None:
        self._before = before

    def run(self, rows: Floats) -> Flags:
        """Return for each row whether there is one."""
        return any_beyond(np.vstack([self._before, rows]))[len(self._before) :]


def after_a_while(normal: Floats, calibration: Floats) -> Watcher:
    """Return what learns nothing, and knows how tests of faults are recorded."""
    del normal, calibration
    return AfterAWhile()


def windowed_gaussian(normal: Floats, calibration: Floats) -> Watcher:
    """Return NAB's simplest detector, one for each variable."""
    return WindowedGaussian(np.vstack([normal, calibration]))


def always(normal: Floats, calibration: Floats) -> Watcher:
    """Return what is in alarm all the time and learns nothing."""
    del normal, calibration
    return Always()


class Chart:
    """A statistic of standardised rows, with its limit set on rows that it was not fitted to.

    Mean and deviation are those of ``normal[n, variables]``; a value that is NaN counts as its mean.
    """

    def __init__(self, normal: Floats, calibration: Floats, *, fit: Fit) -> None:
        known = np.isfinite(normal).sum(axis=0)
        count = np.maximum(known, 1)
        self._mean: Floats = np.nansum(normal, axis=0) / count
        std = np.sqrt(np.nansum((normal - self._mean) ** 2, axis=0) / count)
        # What never varied has no scale; a sensor that was dead all along has no say.
        self._std = np.where(known > 0, np.where(std > 0, std, 1.0), np.inf)
        self._statistic = fit(self._standardised(normal))
        found = self._statistic(self._standardised(calibration))
        self.limit = float(np.quantile(found, LIMIT))

    def run(self, rows: Floats) -> Flags:
        """Return for each row whether the statistic is above its limit."""
        return np.asarray(self._statistic(self._standardised(rows)) > self.limit)

    def _standardised(self, rows: Floats) -> Floats:
        return np.nan_to_num((rows - self._mean) / self._std)


def pca_t2(normal: Floats) -> Statistic:
    """Return Hotelling's T² of the first 11 principal components of standardised rows."""
    variances, directions = np.linalg.eigh(np.cov(normal, rowvar=False))
    # Ascending; what does not vary has no T².
    kept = np.flatnonzero(variances > 1e-9)[-COMPONENTS:]
    scale = directions[:, kept] / np.sqrt(variances[kept])
    return lambda rows: np.asarray(((rows @ scale) ** 2).sum(axis=1))


def full_t2(normal: Floats) -> Statistic:
    """Return Hotelling's T² of all variables, by the inverse of their covariance."""
    inverse = np.linalg.pinv(np.atleast_2d(np.cov(normal, rowvar=False)), hermitian=True)
    return lambda rows: np.asarray(np.einsum("ij,jk,ik->i", rows, inverse, rows))


def shewhart(normal: Floats) -> Statistic:
    """Return the largest deviation of any one variable, in standard deviations."""
    del normal
    return lambda rows: np.asarray(np.abs(rows).max(axis=1))


BASELINES: dict[str, WatchProcess] = {
    "always_alarm": always,
    "alarm_after_20_percent": after_a_while,
    "windowed_gaussian": windowed_gaussian,
    "pca_t2_11": partial(Chart, fit=pca_t2),
    "full_t2": partial(Chart, fit=full_t2),
    "shewhart": partial(Chart, fit=shewhart),
}

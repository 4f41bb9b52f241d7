"""What a machine's next row of samples should be, given the last one: a vector autoregression.

What is left over, the innovations, hangs together neither in time nor, once it is divided by its
covariance, across the sensors; so Hotelling's T-squared of it is a fair score for any machine.
Each sensor's own persistence is the prior, and how strongly it is believed is chosen by leave-one-out
error on the rows themselves: no label, no setting by plant.
Sources: Doan, Litterman and Sims (1984) for the prior; Allen (1974), PRESS, and Breiman and others
(1984), standard errors, for the choice; Harris and Ross (1991) for charts of residuals.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RIDGES: tuple[float, ...] = (1.0, 3.0, 10.0, 30.0, 100.0)
_CLIP_FIT = 6.0
_CLIP = 30.0
"""In standard deviations: one wild sample says no more than that something is very wrong."""
_WILD = 5.0
_CLEARLY = 2.0
_JITTER = 1e-3
_LEAST = 1e-9


class Model(NamedTuple):
    """What rows of ``p`` sensors are expected to be."""

    mean: Floats
    scale: Floats
    """Standard deviations of the sensors, by which all is divided."""
    weights: Floats
    """``p + 1`` by ``p``: the next row from the last one and 1."""
    inverse: Floats
    """Of the covariance of the innovations."""
    sigma: Floats
    """The innovations' standard deviations."""
    ridge: float
    """How strongly the prior was believed."""

    def scaled(self, row: Floats) -> Floats:
        """Return a row in standard deviations from the mean."""
        found: Floats = np.clip((row - self.mean) / self.scale, -_CLIP, _CLIP)
        return found

    def innovation(self, last: Floats, row: Floats) -> Floats:
        """Return what is new in a scaled row, given the scaled one before it."""
        found: Floats = row - (last @ self.weights[:-1] + self.weights[-1])
        return found


def fit(rows: Floats, least: Floats) -> Model:
    """Fit rows (time by sensor, in the sensors' units).

    ``least`` is the least standard deviation of each sensor, in its unit: that of its last digit. A
    sensor that stood still all the time must not make a machine's score infinite.
    """
    mean = rows.mean(axis=0)
    scale: Floats = np.maximum(rows.std(axis=0), np.maximum(least, _LEAST))
    scaled = np.clip((rows - mean) / scale, -_CLIP_FIT, _CLIP_FIT)
    weights, left, ridge = _regression(scaled)
    covariance = left.T @ left / len(left)
    sigma: Floats = np.sqrt(np.maximum(np.diag(covariance), _LEAST))
    # The floor of the innovations, too: predicted by others, a sensor must not be held to nothing.
    floor = np.maximum((least / scale) ** 2, _JITTER * sigma**2) + _LEAST
    inverse: Floats = np.asarray(np.linalg.inv(covariance + np.diag(floor)), dtype=np.float64)
    spread: Floats = np.sqrt(sigma**2 + floor)
    return Model(mean, scale, weights, inverse, spread, ridge)


def _regression(scaled: Floats) -> tuple[Floats, Floats, float]:
    """Return weights, leave-one-out residuals, and the ridge that was chosen by those."""
    last, following = scaled[:-1], scaled[1:]
    power = (last**2).mean(axis=0)
    own = np.clip((last * following).mean(axis=0) / np.maximum(power, _LEAST), 0.0, 1.0)
    regressors = np.hstack([last, np.ones((len(last), 1))])
    prior = np.vstack([np.diag(own), np.zeros((1, scaled.shape[1]))])
    target = following - regressors @ prior
    left, singular, right = np.linalg.svd(regressors, full_matrices=False)
    tried = []
    for ridge in RIDGES:
        hat = (left * (singular**2 / (singular**2 + ridge))) @ left.T
        tried.append((target - hat @ target) / np.maximum(1 - np.diag(hat), _LEAST)[:, None])
    chosen = _strongest_as_good(tried)
    ridge = RIDGES[chosen]
    found = right.T @ ((singular / (singular**2 + ridge))[:, None] * (left.T @ target))
    return prior + found, tried[chosen], ridge


def _strongest_as_good(tried: list[Floats]) -> int:
    """Return which residuals are of the strongest prior that is not clearly worse than the best one.

    Not clearly: by less than two standard errors of the difference, row by row.
    """
    squares = []
    for residuals in tried:
        bound = _WILD * residuals.std(axis=0)  # one wild row must not decide
        squares.append(np.clip(residuals, -bound, bound) ** 2)
    losses = [float(np.log(own.mean(axis=0) + _LEAST).sum()) for own in squares]
    chosen = int(np.argmin(losses))
    best = squares[chosen]
    scale = best.mean(axis=0) + _LEAST
    for place in range(chosen + 1, len(tried)):
        worse = ((squares[place] - best) / scale).sum(axis=1)
        if worse.mean() > _CLEARLY * worse.std() / math.sqrt(len(worse)):
            break
        chosen = place
    return chosen

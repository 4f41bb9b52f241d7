"""What a machine's next row of samples should be, given the last one: a vector autoregression.

What is left over, the innovations, hangs together neither in time nor, once it is divided by its
covariance, across the sensors; so Hotelling's T-squared of it is a fair score for any machine.
Each sensor's own persistence is the prior, and how strongly it is believed is chosen by leave-one-out
error on the rows themselves: no label, no setting by plant. A sensor that hardly moves from row to row,
a temperature, is a random walk: where it stands says nothing of itself or others, only that it moves, unless
that error says clearly otherwise. Some hundred rows cannot tell a level it will return to from the stretch it
happened to be on, and if it leaves that, all that is predicted from there is wrong.
Sources: Doan, Litterman and Sims (1984) for the prior, and for random walks in it; Allen (1974), PRESS, and Breiman and others
(1984), standard errors, for the choice; Harris and Ross (1991) for charts of residuals.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

RIDGES: tuple[float, ...] = (1.0, 3.0, 10.0, 30.0, 100.0)
_CLIP_FIT = 6.0
_CLIP = 30.0
"""In standard deviations: one wild sample says no more than that something is very wrong."""
_WALKS = 0.9
"""From this lag-1 autocorrelation on a sensor is a random walk."""
_TELLS = 0.03
"""By this share more must be left over without the levels of random walks, in the mean over sensors."""
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

    def expected(self, last: Floats) -> Floats:
        """Return what the next scaled row should be, given the scaled one before it."""
        found: Floats = last @ self.weights[:-1] + self.weights[-1]
        return found

    def completed(self, left: Floats, absent: Flags) -> Floats:
        """Return innovations with those of ``absent`` sensors as the others' make them most likely.

        So T-squared is that of the others alone: the conditional mean of a normal distribution.
        """
        found = np.where(absent, 0.0, left)
        if not absent.all():
            own = self.inverse[np.ix_(absent, absent)]
            found[absent] = -np.linalg.solve(own, self.inverse[absent] @ found)
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


class _Fitted(NamedTuple):
    weights: Floats
    left: Floats
    """Leave-one-out residuals."""
    ridge: float


def _regression(scaled: Floats) -> _Fitted:
    """Return the regression of each row on the one before that predicts best and asks least of it."""
    last, following = scaled[:-1], scaled[1:]
    power = (last**2).mean(axis=0)
    own = np.clip((last * following).mean(axis=0) / np.maximum(power, _LEAST), 0.0, 1.0)
    # What stood still all the time may stand elsewhere next: it has no level that it returns to.
    own = np.where(power > _LEAST, own, 1.0)
    walks = own > _WALKS
    found = _ridge(last, following, own, np.ones_like(own))
    if not walks.any():
        return found
    of_moves = _ridge(last, following, np.where(walks, 1.0, own), np.where(walks, 0.0, 1.0))
    least = _squares(found.left).mean(axis=0) + _LEAST
    more = (_squares(of_moves.left).mean(axis=0) - least) / least
    return found if more.mean() > _TELLS else of_moves


def _ridge(last: Floats, following: Floats, own: Floats, tells: Floats) -> _Fitted:
    """Regress; ``own`` are the sensors' persistences, and ``tells`` is 0 of a sensor whose level says nothing."""
    prior = np.vstack([np.diag(own), np.zeros((1, len(own)))])
    ones = np.ones((len(last), 1))
    target = following - np.hstack([last, ones]) @ prior
    left, singular, right = np.linalg.svd(np.hstack([last * tells, ones]), full_matrices=False)
    onto = left.T @ target
    tried = []
    for ridge in RIDGES:
        kept = singular**2 / (singular**2 + ridge)
        leverage = (left**2 * kept).sum(axis=1)
        off = target - (left * kept) @ onto
        tried.append(off / np.maximum(1 - leverage, _LEAST)[:, None])
    chosen = _strongest_as_good(tried)
    ridge = RIDGES[chosen]
    found = right.T @ ((singular / (singular**2 + ridge))[:, None] * onto)
    return _Fitted(prior + found, tried[chosen], ridge)


def _strongest_as_good(tried: list[Floats]) -> int:
    """Return which residuals are of the strongest prior that is not clearly worse than the best one.

    Not clearly: by less than two standard errors of the difference, row by row.
    """
    squares = [_squares(residuals) for residuals in tried]
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


def _squares(residuals: Floats) -> Floats:
    bound = _WILD * residuals.std(axis=0)  # one wild row must not decide
    return np.clip(residuals, -bound, bound) ** 2

"""Policies without context, a column of chances per position, and the reward model beside them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.bandit.impressions import Log
from models.offers.evaluation import Floats

Shape = tuple[int, int]
"""Items, positions."""

PRIOR_SHOWN = 50.0
"""A click rate is drawn to the log's as if by so many more impressions."""
FOLDS = 5


def frequencies(log: Log, shape: Shape) -> Floats:
    """Return how often each item was shown, by position: the policy of a log, averaged over it.

    The column of a position without impressions is 0.
    """
    shown = _sums(log, shape, np.ones(len(log)))
    return np.asarray(shown / np.maximum(shown.sum(axis=0), 1))


def click_rates(log: Log, shape: Shape) -> Floats:
    """Return the smoothed click rate of each item, by position."""
    return _smoothed(_sums(log, shape, log.click), _sums(log, shape, np.ones(len(log))))


def top(log: Log, shape: Shape, size: int) -> Floats:
    """Return the policy that shows the items with the best smoothed click rates, each as often.

    Rates are over all positions; ties go to the lower number.
    """
    clicked = _sums(log, shape, log.click).sum(axis=1)
    shown = _sums(log, shape, np.ones(len(log))).sum(axis=1)
    best = np.argsort(-_smoothed(clicked, shown), kind="stable")[:size]
    policy = np.zeros(shape)
    policy[best] = 1 / len(best)
    return policy


def predictions(log: Log, policy: Floats) -> tuple[Floats, Floats]:
    """Return the click rate predicted of each logged item, and of the policy in its place.

    Cross-fitted: each fifth of the log, in the order of time so that neighbours stay together, is
    predicted from the other four.
    """
    predicted, expected = np.empty(len(log)), np.empty(len(log))
    fold = np.arange(len(log)) * FOLDS // len(log)
    for number in range(FOLDS):
        held: npt.NDArray[np.bool_] = fold == number
        rates = click_rates(log.part(~held), (policy.shape[0], policy.shape[1]))
        part = log.part(held)
        predicted[held] = rates[part.item, part.position]
        expected[held] = (policy * rates).sum(axis=0)[part.position]
    return predicted, expected


def _sums(log: Log, shape: Shape, weights: Floats) -> Floats:
    cell = log.item * shape[1] + log.position
    return np.bincount(cell, weights, shape[0] * shape[1]).astype(np.float64).reshape(shape)


def _smoothed(clicked: Floats, shown: Floats) -> Floats:
    mean = clicked.sum() / max(shown.sum(), 1.0)
    return np.asarray((clicked + PRIOR_SHOWN * mean) / (shown + PRIOR_SHOWN))

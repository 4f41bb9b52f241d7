"""Ranking learnt online from lists of which one article was chosen: softmax with AdaGrad.

The chance of an article is the softmax of its features times the weights; the weights go up the
gradient of the chosen one's log-likelihood. Sources: Cao and others (2007), "ListNet" (its top-one
probability); McFadden (1974), the conditional logit; Duchi, Hazan, Singer (2011), AdaGrad.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_FIRST = 0.01
"""What each sum of squared gradients starts from, so that the first steps are no leaps."""


class Listwise:
    """Weights of features, started from a prior so that the first list is ranked already."""

    __slots__ = ("_squares", "_step", "lists", "weights")

    def __init__(self, prior: Sequence[float], step: float = 0.05) -> None:
        self.weights = [float(weight) for weight in prior]
        self._squares = [_FIRST] * len(self.weights)
        self._step = step
        self.lists = 0
        """How many lists were learnt from."""

    def scores(self, features: Floats) -> Floats:
        """Return the log-odds of the rows of ``features`` (articles by features)."""
        scores: Floats = features @ np.array(self.weights)
        return scores

    def chances(self, features: Floats) -> Floats:
        """Return the chance of each row to be the one that is chosen; they add up to 1."""
        if not len(features):
            return np.zeros(0)
        scores = self.scores(features)
        odds = np.exp(scores - scores.max())
        chances: Floats = odds / odds.sum()
        return chances

    def learn(self, features: Floats, chosen: Sequence[int]) -> None:
        """Learn that the rows ``chosen`` were, each as likely as the other."""
        if not chosen:
            return
        self.lists += 1
        wanted = features[list(chosen)].mean(axis=0)
        gradient = features.T @ self.chances(features) - wanted
        squares = np.array(self._squares) + gradient * gradient
        self._squares = squares.tolist()
        self.weights = (np.array(self.weights) - self._step * gradient / np.sqrt(squares)).tolist()

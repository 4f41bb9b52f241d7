"""Will this session buy? A linear model learnt online, scored before it learns (prequential)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from river import linear_model, optim, preprocessing

from models.customers import Customer, Example
from models.propensity.features import session_features

_SCORED_AT = frozenset({2, 4, 8, 16, 32})
"""At which views of a session an example is logged: powers of two, so that a long session does not
outvote many short ones."""
_BINS = 100


class Propensity:
    """One shard's purchase classifier and its progressive validation.

    An example's features are those of the moment it was scored, its label what the stream brought
    within the session window: bought or not. Every example is scored before it is learnt
    (Gama, Sebastiao, Rodrigues 2013).
    """

    __slots__ = (
        "_bought", "_classifier", "_left", "_scaler", "base", "base_loss", "learnt", "loss",
        "positives",
    )  # fmt: skip

    def __init__(self) -> None:
        self._scaler: Any = preprocessing.StandardScaler()
        self._classifier: Any = linear_model.LogisticRegression(optimizer=optim.AdaGrad(0.1))
        self._bought = [0] * _BINS
        """How many examples of either outcome had which score: all that an AUC needs."""
        self._left = [0] * _BINS
        self.loss = 0.0
        self.base_loss = 0.0
        self.base = 0.5
        self.learnt = 0
        self.positives = 0

    def score(self, features: dict[str, float]) -> float:
        """Return the probability that the session buys; changes nothing."""
        scaled = self._scaler.transform_one(features)
        return float(self._classifier.predict_proba_one(scaled)[True])

    def observe(self, customer: Customer, at: float) -> None:
        """Log an example if this view of the session is one that is scored."""
        if customer.views in _SCORED_AT:
            features = session_features(customer, at)
            customer.examples.append(Example(features, self.score(features)))

    def close(self, customer: Customer, *, bought: bool) -> None:
        """Learn the outcome of a session from the examples that were logged in it."""
        for example in customer.examples:
            self._validate(example.score, bought=bought)
            self._scaler.learn_one(example.features)
            self._classifier.learn_one(self._scaler.transform_one(example.features), bought)
            self.learnt += 1
            self.positives += bought
            self.base += (bought - self.base) / (self.learnt + 1)
        customer.examples.clear()

    def _validate(self, score: float, *, bought: bool) -> None:
        counts = self._bought if bought else self._left
        counts[min(int(score * _BINS), _BINS - 1)] += 1
        self.loss += log_loss(score, bought=bought)
        self.base_loss += log_loss(self.base, bought=bought)

    def report(self) -> dict[str, float]:
        """Return the progressive validation so far, with the base rate's loss beside it."""
        examples = max(self.learnt, 1)
        return {
            "examples": float(self.learnt),
            "positives": float(self.positives),
            "auc": area_under_curve(self._bought, self._left),
            "log_loss": self.loss / examples,
            "base_rate_log_loss": self.base_loss / examples,
        }


def log_loss(score: float, *, bought: bool) -> float:
    """Return the negative log-likelihood of an outcome under a probability."""
    share = score if bought else 1 - score
    return -math.log(max(share, 1e-9))


def area_under_curve(hits: Sequence[int], misses: Sequence[int]) -> float:
    """Return how often a hit scores above a miss, from both their histograms; 0.5 if unknown."""
    won, below = 0.0, 0
    for hit, miss in zip(hits, misses, strict=True):
        won += hit * (below + miss / 2)
        below += miss
    pairs = sum(hits) * below
    return won / pairs if pairs else 0.5

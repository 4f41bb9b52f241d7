"""A linear classifier learnt online, and the scale of its numbers."""

from __future__ import annotations

from typing import Any

from river import linear_model, optim, preprocessing

from models.propensity.features import Features, flags_of, numbers_of
from models.propensity.signals import Signals


class Classifier:
    """Logistic regression with AdaGrad (Duchi, Hazan, Singer 2011) on scaled, gated features."""

    __slots__ = ("_model", "_scaler")

    def __init__(self) -> None:
        self._scaler: Any = preprocessing.StandardScaler()
        self._model: Any = linear_model.LogisticRegression(optimizer=optim.AdaGrad(0.1))

    def meet(self, signals: Signals) -> Features:
        """Learn the scale of an example and return its features, as they are to be learnt later.

        The scale knows nothing of the outcome, so an example may be scaled by itself.
        """
        numbers = numbers_of(signals)
        self._scaler.learn_one(numbers)
        return self._scaled(numbers, signals)

    def features(self, signals: Signals) -> Features:
        """Return the features of signals; changes nothing."""
        return self._scaled(numbers_of(signals), signals)

    def score(self, features: Features) -> float:
        """Return the probability of the outcome; changes nothing."""
        return float(self._model.predict_proba_one(features)[True])

    def learn(self, features: Features, *, hit: bool) -> None:
        """Learn what became of an example."""
        self._model.learn_one(features, hit)

    def _scaled(self, numbers: Features, signals: Signals) -> Features:
        scaled: Features = self._scaler.transform_one(numbers)
        return scaled | flags_of(signals)

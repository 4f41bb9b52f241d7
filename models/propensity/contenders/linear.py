"""Linear contenders: logistic regression, and a support vector machine with Platt's scaling."""

from __future__ import annotations

import math
from typing import Any

from models.propensity.contenders.contender import sigmoid
from models.propensity.features import Features

_RATE = 0.1
_SURE = 1e-9
_FADED = 0.25
"""What is left of the sums of squared gradients when what was learnt holds no longer."""


class Logistic:
    """Logistic regression with AdaGrad (Duchi, Hazan, Singer 2011)."""

    __slots__ = ("_model",)

    def __init__(self) -> None:
        from river import linear_model, optim

        self._model: Any = linear_model.LogisticRegression(optimizer=optim.AdaGrad(_RATE))

    def score(self, features: Features) -> float:
        """Return the probability of the outcome; changes nothing."""
        return float(self._model.predict_proba_one(features)[True])

    def learn(self, features: Features, *, hit: bool) -> None:
        """Learn what became of an example."""
        self._model.learn_one(features, hit)


class Scaling:
    """A probability out of a margin: ``sigmoid(slope * margin + offset)``, learnt online by AdaGrad.

    Source: Platt (1999), "Probabilistic outputs for support vector machines". He fits the two on held
    out examples; here each example is one, for its margin is taken before the machine learns it.
    """

    __slots__ = ("_offset", "_offset_squares", "_slope", "_slope_squares")

    def __init__(self) -> None:
        self._slope, self._offset = 1.0, 0.0
        self._slope_squares = self._offset_squares = 1e-8
        """Sums of the gradients' squares, not zero at the start."""

    def probability(self, margin: float) -> float:
        """Return the probability of the outcome."""
        return sigmoid(self._slope * margin + self._offset)

    def learn(self, margin: float, *, hit: bool) -> None:
        """Take a step down the log loss of an example with this margin."""
        error = self.probability(margin) - hit
        self._slope_squares += (error * margin) ** 2
        self._offset_squares += error**2
        self._slope -= _RATE * error * margin / math.sqrt(self._slope_squares)
        self._offset -= _RATE * error / math.sqrt(self._offset_squares)

    def fade(self) -> None:
        """Learn faster from now on."""
        self._slope_squares *= _FADED
        self._offset_squares *= _FADED


class LinearSvm:
    """A linear support vector machine: hinge loss with AdaGrad, and without a penalty on weights."""

    __slots__ = ("_model", "_scaling")

    def __init__(self) -> None:
        from river import linear_model, optim

        self._model: Any = linear_model.LogisticRegression(
            optimizer=optim.AdaGrad(_RATE), loss=optim.losses.Hinge()
        )
        self._scaling = Scaling()

    def score(self, features: Features) -> float:
        """Return the probability of the outcome; changes nothing."""
        return self._scaling.probability(self._margin(features))

    def learn(self, features: Features, *, hit: bool) -> None:
        """Learn the scaling from the margin before, then the margin."""
        margin = self._margin(features)
        self._scaling.learn(margin, hit=hit)
        # Well on its side the gradient is zero, but River would still go through all weights: most
        # of the time of most examples.
        if (margin if hit else -margin) < 1:
            self._model.learn_one(features, hit)

    def fade(self) -> None:
        """Learn twice as fast from now on: AdaGrad's steps only ever become smaller."""
        squares = self._model.optimizer.g2
        for name in list(squares):
            squares[name] *= _FADED
        self._scaling.fade()

    def _margin(self, features: Features) -> float:
        # River squeezes the margin through a sigmoid, which under this loss is no probability: back.
        squeezed = self._model.predict_proba_one(features)[True]
        share = min(max(squeezed, _SURE), 1 - _SURE)
        return math.log(share / (1 - share))

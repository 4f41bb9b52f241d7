"""A small neural network as a contender: scikit-learn's, which has to be installed for it."""

from __future__ import annotations

import importlib
import pickle
from importlib.metadata import version
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from models.propensity.contenders.contender import sigmoid
from models.propensity.features import Features

_WIDTH = 128
_HIDDEN = 16
_BATCH = 16
_SIGN = 1 << 31
_MOST = 5.0
"""Scaled features beyond are cut off: one odd session must not throw the weights about."""


class Mlp:
    """A perceptron with one hidden layer, over features hashed into a vector of fixed width.

    Hashing with signs is that of Weinberger and others (2009). It learns from batches of examples:
    a call of scikit-learn costs as much for one as for sixteen. Scores are its own forward pass.
    """

    __slots__ = ("_hits", "_made_by", "_model", "_rows")

    def __init__(self) -> None:
        """Begin anew; raises `ImportError` without scikit-learn, with what to do about it."""
        try:
            networks = importlib.import_module("sklearn.neural_network")
        except ImportError as error:
            raise ImportError(
                "The contender `mlp` needs scikit-learn: pip install 'tailorline[mlp]', or take it "
                "out of TAILORLINE_PROPENSITY__CHAMPION and …__CHALLENGERS."
            ) from error
        self._made_by = version("scikit-learn")
        self._model: Any = networks.MLPClassifier(
            hidden_layer_sizes=(_HIDDEN,), learning_rate_init=0.01, alpha=1e-3, shuffle=False,
            random_state=7,
        )  # fmt: skip
        self._rows: list[NDArray[np.float64]] = []
        """Examples that wait for their batch to be full, and what became of them."""
        self._hits: list[bool] = []

    def __setstate__(self, state: tuple[None, dict[str, Any]]) -> None:
        """Refuse what another minor version of scikit-learn has made: its pickles do not carry over."""
        for name, value in state[1].items():
            setattr(self, name, value)
        here = version("scikit-learn")
        if self._made_by.split(".")[:2] != here.split(".")[:2]:
            raise pickle.UnpicklingError(
                f"its mlp was made by scikit-learn {self._made_by}, here is {here}"
            )

    def score(self, features: Features) -> float:
        """Return the probability of the outcome; changes nothing."""
        if not hasattr(self._model, "coefs_"):
            return 0.5
        (inner, outer), (bias, last) = self._model.coefs_, self._model.intercepts_
        hidden = np.maximum(_hashed(features) @ inner + bias, 0.0)
        return sigmoid(float((hidden @ outer + last)[0]))

    def learn(self, features: Features, *, hit: bool) -> None:
        """Keep an example until there is a batch, then learn that."""
        self._rows.append(_hashed(features))
        self._hits.append(hit)
        if len(self._rows) == _BATCH:
            self._model.partial_fit(
                np.array(self._rows), np.array(self._hits), classes=[False, True]
            )
            self._rows.clear()
            self._hits.clear()


def _hashed(features: Features) -> NDArray[np.float64]:
    vector = np.zeros(_WIDTH)
    for name, value in features.items():
        code = crc32(name.encode())
        cut = min(max(value, -_MOST), _MOST)
        vector[code % _WIDTH] += -cut if code & _SIGN else cut
    return vector

"""Who predicts: the system's own classifier, and what one would take instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from river import linear_model, optim, preprocessing, tree

from models.propensity.classifier import Classifier
from models.propensity.signals import Signals


class Contender(Protocol):
    """Scores an example, then learns what became of it."""

    def score(self, signals: Signals) -> float:
        """Return the probability of a purchase."""

    def learn(self, signals: Signals, *, hit: bool) -> None:
        """Learn the outcome of the example scored last."""


class Ours:
    """`models.propensity.classifier.Classifier`, called as a shard calls it."""

    def __init__(self) -> None:
        self._classifier = Classifier()
        self._features: dict[str, float] = {}

    def score(self, signals: Signals) -> float:
        """Score, and keep the features for the outcome."""
        self._features = self._classifier.meet(signals)
        return self._classifier.score(self._features)

    def learn(self, signals: Signals, *, hit: bool) -> None:
        """Learn from the features of the moment of scoring."""
        del signals
        self._classifier.learn(self._features, hit=hit)


class Ungated(Ours):
    """The same classifier, told that the gate is always shut: what the gate is worth."""

    def score(self, signals: Signals) -> float:
        """Score without the gate."""
        return super().score(replace(signals, gate=False))


class BaseRate:
    """The share of purchases so far, for everybody."""

    def __init__(self) -> None:
        self._hits, self._all = 1.0, 2.0

    def score(self, signals: Signals) -> float:
        """Return the same for everybody."""
        del signals
        return self._hits / self._all

    def learn(self, signals: Signals, *, hit: bool) -> None:
        """Count."""
        del signals
        self._hits += hit
        self._all += 1


class GateAlone:
    """The share of purchases so far where pages were worth something, and where not."""

    def __init__(self) -> None:
        self._rates = {False: BaseRate(), True: BaseRate()}

    def score(self, signals: Signals) -> float:
        """Return the rate of its kind."""
        return self._rates[signals.gate].score(signals)

    def learn(self, signals: Signals, *, hit: bool) -> None:
        """Count."""
        self._rates[signals.gate].learn(signals, hit=hit)


class Plain:
    """A River model on the scaled numbers and the categories as they are."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._scaler: Any = preprocessing.StandardScaler()

    def score(self, signals: Signals) -> float:
        """Predict."""
        return float(self._model.predict_proba_one(self._features(signals)).get(True, 0.5))

    def learn(self, signals: Signals, *, hit: bool) -> None:
        """Learn the scale, then the outcome."""
        self._scaler.learn_one(signals.numbers)
        self._model.learn_one(self._features(signals), hit)

    def _features(self, signals: Signals) -> dict[str, Any]:
        kinds = {f"{name}={kind}": 1.0 for name, kind in signals.kinds.items()}
        return {**self._scaler.transform_one(signals.numbers), **kinds}


BASELINES: dict[str, Callable[[], Contender]] = {
    "base_rate": BaseRate,
    "gate_alone": GateAlone,
    "without_gate": Ungated,
    "logistic_plain": lambda: Plain(linear_model.LogisticRegression(optim.SGD(0.01))),
    "hoeffding_adaptive_tree": lambda: Plain(tree.HoeffdingAdaptiveTreeClassifier(seed=7)),
}

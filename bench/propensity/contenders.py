"""Who predicts: the system's own classifier, and what one would take instead."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from river import linear_model, optim, preprocessing, tree

from models.customers import Example
from models.propensity.classifier import Classifier
from models.propensity.contenders.roster import NAMES, Name
from models.propensity.settings import ContestSettings
from models.propensity.signals import Signals


class Contender(Protocol):
    """Scores an example, then learns what became of it."""

    def score(self, signals: Signals) -> float:
        """Return the probability of a purchase."""

    def learn(self, signals: Signals, *, hit: bool) -> None:
        """Learn the outcome of the example scored last."""


class Ours:
    """`models.propensity.classifier.Classifier`, called as a shard calls it; a visit is a session."""

    def __init__(self, settings: ContestSettings | None = None) -> None:
        self._classifier = Classifier(settings)
        self._examples: list[Example] = []

    @property
    def promotions(self) -> int:
        """How often another one has been promoted."""
        return self._classifier.contest.promotions

    def score(self, signals: Signals) -> float:
        """Score, and keep the example for the outcome."""
        self._examples = [self._classifier.meet(signals)]
        return self._examples[0].score

    def learn(self, signals: Signals, *, hit: bool) -> None:
        """Learn from the features of the moment of scoring."""
        del signals
        self._classifier.learn(self._examples, hit=hit)

    def state_bytes(self) -> int:
        """Return the size of the whole state as a snapshot has it, before it is compressed."""
        return len(pickle.dumps(self._classifier, protocol=5))


class Ungated(Ours):
    """The champion alone, told that the gate is always shut: what the gate is worth."""

    def __init__(self) -> None:
        super().__init__(ContestSettings(challengers=""))

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


SLOW: frozenset[str] = frozenset({"adaptive_random_forest", "mlp"})
"""Contenders that are only run when asked for."""
_WRONG = ContestSettings("hoeffding_adaptive_tree", "logistic")


def alone(name: Name) -> Callable[[], Contender]:
    """Return how to make a classifier in which one contender serves and nobody challenges it."""
    return lambda: Ours(ContestSettings(name, ""))


def contenders(*, slow: bool) -> dict[str, Callable[[], Contender]]:
    """Return each contender alone, and a contest that begins with the wrong champion."""
    own = {f"contender_{name}": alone(name) for name in NAMES if slow or name not in SLOW}
    return {**own, "contest_begun_with_the_tree": lambda: Ours(_WRONG)}


BASELINES: dict[str, Callable[[], Contender]] = {
    "base_rate": BaseRate,
    "gate_alone": GateAlone,
    "without_gate": Ungated,
    "logistic_plain": lambda: Plain(linear_model.LogisticRegression(optim.SGD(0.01))),
    "hoeffding_adaptive_tree": lambda: Plain(tree.HoeffdingAdaptiveTreeClassifier(seed=7)),
}

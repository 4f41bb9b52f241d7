"""Two heads on the same features: whether an article is clicked, and whether it is then bought.

The linear head is River's logistic regression, started from a prior; a slate's candidates are scored
in NumPy with its weights, for River scores them one by one. AdaGrad's sums of squared gradients are
the observed Fisher information of its weights, so they also say how certain each weight is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from models.offers.features import NAMES, named
from models.propensity.contenders.contender import Contender, sigmoid
from models.propensity.contenders.linear import LinearSvm
from models.propensity.contenders.roster import ROSTER, Name
from models.propensity.contest import Contest
from models.propensity.settings import ContestSettings

Floats = npt.NDArray[np.float64]

_RATE = 0.1
_PRECISION = 8.0
"""Of the prior of each weight, in units of information: its standard deviation is about a third."""
_FADED = 0.25
"""What is left of the information when what was learnt holds no longer."""
_SURE = 1e-6


class LinearHead:
    """A logistic regression on `NAMES` with weights from a prior."""

    __slots__ = ("_copies", "_model", "examples")

    def __init__(self, prior: Mapping[str, float]) -> None:
        from river import linear_model, optim, utils

        optimizer = optim.AdaGrad(_RATE)
        optimizer.g2 = defaultdict(float, dict.fromkeys(NAMES, _PRECISION))
        # The features have a constant of their own, learnt like the rest.
        model: Any = linear_model.LogisticRegression(optimizer=optimizer, intercept_lr=0.0)
        # River has no way to start from other weights than all alike.
        model._weights = utils.VectorDict({name: float(prior[name]) for name in NAMES}, None)  # noqa: SLF001
        self._model = model
        self._copies: tuple[Floats, Floats] | None = None
        self.examples = 0

    def __getstate__(self) -> dict[str, Any]:
        """Leave the copies for NumPy out: they are made again."""
        return {"model": self._model, "examples": self.examples}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._model, self.examples, self._copies = state["model"], state["examples"], None

    @property
    def weights(self) -> Floats:
        """The weights, in the order of `NAMES`."""
        return self._numbers()[0]

    @property
    def deviations(self) -> Floats:
        """How far each weight may be off: standard deviations, in the order of `NAMES`."""
        return self._numbers()[1]

    def log_odds(self, features: Floats) -> Floats:
        """Return the log-odds of each row."""
        found: Floats = features @ self.weights
        return found

    def learn(self, row: Mapping[str, float], *, hit: bool) -> None:
        """Learn what became of an example."""
        # What is zero teaches a linear model nothing, and most of a row is.
        self._model.learn_one({name: value for name, value in row.items() if value}, hit)
        self.examples += 1
        self._copies = None

    def fade(self) -> None:
        """Trust what was learnt less: learn faster from now on, and explore more."""
        information = self._model.optimizer.g2
        for name in NAMES:
            information[name] = max(information[name] * _FADED, _PRECISION)
        self._copies = None

    def _numbers(self) -> tuple[Floats, Floats]:
        if self._copies is None:
            weights, information = self._model.weights, self._model.optimizer.g2
            self._copies = (
                np.array([weights[name] for name in NAMES]),
                np.array([information[name] for name in NAMES]) ** -0.5,
            )
        return self._copies


class ClickHead:
    """The chance of a click: the linear head, and other classifiers that compete with it.

    Whoever serves, the linear head says how uncertain the features' weights are.
    """

    __slots__ = ("_others", "contest", "linear")

    def __init__(self, prior: Mapping[str, float], settings: ContestSettings) -> None:
        self.linear = LinearHead(prior)
        self.contest = Contest(settings, "clicks")
        self._others: dict[Name, Contender] = {
            name: ROSTER[name]() for name in settings.contenders if name != "logistic"
        }

    @property
    def version(self) -> str:
        """Who serves, and how many examples it has learnt."""
        return f"{self.contest.champion}-{self.linear.examples}"

    def log_odds(self, features: Floats) -> Floats:
        """Return the champion's log-odds of each row."""
        champion = self.contest.champion
        if champion == "logistic":
            return self.linear.log_odds(features)
        own = self._others[champion]
        chances = np.array([own.score(named(row)) for row in features.tolist()])
        chances = np.clip(np.nan_to_num(chances, nan=0.5), _SURE, 1 - _SURE)
        found: Floats = np.log(chances / (1 - chances))
        return found

    def scores(self, row: Sequence[float]) -> dict[Name, float]:
        """Return each contender's chance of a click for one example."""
        features = named(row)
        found: dict[Name, float] = {}
        for name in self.contest.contenders:
            if name == "logistic":
                found[name] = sigmoid(float(np.dot(row, self.linear.weights)))
            else:
                score = self._others[name].score(features)
                found[name] = score if score == score else 0.5  # noqa: PLR0124 - not a number
        return found

    def learn(self, row: Mapping[str, float], *, hit: bool) -> None:
        """Have everybody learn what became of an example."""
        self.linear.learn(row, hit=hit)
        for own in self._others.values():
            own.learn(row, hit=hit)  # type: ignore[arg-type]

    def fade(self) -> None:
        """Have those trust what was learnt less who would not by themselves: the linear ones."""
        self.linear.fade()
        for own in self._others.values():
            if isinstance(own, LinearSvm):
                own.fade()

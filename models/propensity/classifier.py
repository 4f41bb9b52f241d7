"""The purchase classifier as served: features made once, a champion, and challengers beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from models.customers import Example
from models.propensity.contenders.contender import Contender
from models.propensity.contenders.roster import ROSTER, Name
from models.propensity.contest import Contest
from models.propensity.features import Features, flags_of, numbers_of
from models.propensity.settings import ContestSettings
from models.propensity.signals import Signals


class Classifier:
    """Contenders on the same scaled, gated features; the contest's champion serves."""

    __slots__ = ("_contenders", "_scaler", "contest")

    def __init__(self, settings: ContestSettings | None = None) -> None:
        from river import preprocessing

        settings = settings or ContestSettings()
        self.contest = Contest(settings)
        self._scaler: Any = preprocessing.StandardScaler()
        self._contenders: dict[Name, Contender] = {
            name: ROSTER[name]() for name in settings.contenders
        }

    def meet(self, signals: Signals) -> Example:
        """Learn the scale of an example, and return it as it is to be learnt later.

        The scale knows nothing of the outcome, so an example may be scaled by itself. Everybody
        scores it now, knowing as little as whoever serves.
        """
        numbers = numbers_of(signals)
        self._scaler.learn_one(numbers)
        features = self._scaled(numbers, signals)
        scores = {name: _score(own, features) for name, own in self._contenders.items()}
        return Example(features, scores[self.contest.champion], scores)

    def score(self, signals: Signals) -> float:
        """Return the champion's probability of the outcome; changes nothing."""
        features = self._scaled(numbers_of(signals), signals)
        return _score(self._contenders[self.contest.champion], features)

    def learn(self, examples: Sequence[Example], *, hit: bool) -> None:
        """Learn what became of a session, from its examples."""
        self.contest.take([(example.score, example.scores, hit) for example in examples])
        for example in examples:
            for contender in self._contenders.values():
                contender.learn(example.features, hit=hit)

    def _scaled(self, numbers: Features, signals: Signals) -> Features:
        scaled: Features = self._scaler.transform_one(numbers)
        return scaled | flags_of(signals)


def _score(contender: Contender, features: Features) -> float:
    """Return a contender's score. One that has lost its numbers knows nothing, and will lose."""
    score = contender.score(features)
    return score if math.isfinite(score) else 0.5

"""River's anomaly detectors, made fit for one sensor: how unlike what was learnt a sample is.

As shipped they cannot be trusted with sensors. `GaussianScorer` calls the only value it has ever seen
certain to be wrong, for its sigma is zero, and all that is far off equally so; half-space trees look at values
between 0 and 1 only; the score of `OneClassSVM` grows with the signal's level. So each gets values in
sigma of the sensor, with a least sigma, and answers with a number that grows with how unlike the sample
is, that is 0 to about 1 for what is usual, and of which 0.2 is next to nothing.

Left out are `PredictiveAnomalyDetection`, whose `score_one` learns; `LocalOutlierFactor`, which takes
hundreds of microseconds for a window of no more than 64 samples, and to which equal samples, which
sensors give all the time, are infinitely dense; LODA, for its cost too.
"""

from __future__ import annotations

import math
from collections import deque
from statistics import NormalDist
from typing import Any, Literal, Protocol, get_args

from models.scorers.running import Running
from models.scorers.scale import Scale

_MOST = 20.0
"""In sigma: one wild sample says no more than that something is very wrong."""
_LEAST = 1e-9
_FEW = 32
_MEMORY = 2000
"""Samples that the scale is taken of, the older ones fading."""
_SURE = 1 - 1e-15
"""River says 1 for all that is farther out than eight sigma."""
_TREES, _HEIGHT, _WINDOW = 15, 6, 250
_REACH = 8.0
"""In sigma: to half-space trees all is alike that is farther off."""
_LAGS = 7
_BELL = 4.0
"""How wide the bell around the usual is for the support vector machine, in sigma."""


class RiverModel(Protocol):
    """A detector of River's behind one interface; values are finite, whoever calls sees to that."""

    def ready(self) -> bool:
        """Return whether it has learnt enough to say anything."""
        ...

    def unlike(self, x: float) -> float:
        """Return how unlike what was learnt ``x`` is. Changes nothing."""
        ...

    def learn(self, x: float, *, quiet: bool) -> None:
        """Move on to the next sample; learn from it if all is ``quiet``."""
        ...


class AbsoluteDeviation:
    """River's `StandardAbsoluteDeviation`: how many sigma a sample is off the mean of all before.

    Source: Hochenbaum, Vallis and Kejariwal (2017), the 3-sigma rule.
    """

    __slots__ = ("_model", "_scale")

    def __init__(self) -> None:
        from river import anomaly, stats

        # Its median, stats.Quantile, has nothing to say at first, and raises.
        self._model: Any = anomaly.StandardAbsoluteDeviation(stats.Mean())
        self._scale = Scale()

    def ready(self) -> bool:
        """Return whether it has learnt enough to say anything."""
        return self._scale.usual.n >= _FEW

    def unlike(self, x: float) -> float:
        """Return how many sigma, of all that was learnt, ``x`` is off."""
        std = math.sqrt(self._model.variance.get())
        score = self._model.score_one(None, x)
        return float(min(score * (std + 1e-10) / max(std, self._scale.least), _MOST))

    def learn(self, x: float, *, quiet: bool) -> None:
        """Learn a sample."""
        if quiet:
            self._scale.learn(x, _MEMORY)
            self._model.learn_one(None, x)


class GaussianTail:
    """River's `GaussianScorer`: how far out in the tails of a normal distribution a sample is, in sigma."""

    __slots__ = ("_model", "_scale")

    def __init__(self) -> None:
        from river import anomaly

        scorer: Any = anomaly.GaussianScorer
        self._model = scorer(grace_period=_FEW)
        self._scale = Scale()

    def ready(self) -> bool:
        """Return whether it has learnt enough to say anything."""
        return self._scale.usual.n >= _FEW

    def unlike(self, x: float) -> float:
        """Return the sigma of the probability that River gives; it goes up to 8."""
        fitted, least = self._model.gaussian, self._scale.least
        if fitted.sigma < least:
            return float(min(abs(x - fitted.mu) / least, _MOST))
        probability = self._model.score_one(None, x)
        return NormalDist().inv_cdf((1 + min(probability, _SURE)) / 2)

    def learn(self, x: float, *, quiet: bool) -> None:
        """Learn a sample."""
        if quiet:
            self._scale.learn(x, _MEMORY)
            self._model.learn_one(None, x)


class HalfSpaceTrees:
    """River's `HalfSpaceTrees`: how few samples of the last window lay where this one does.

    Source: Tan, Ting and Liu (2011), "Fast anomaly detection for streaming data".
    """

    __slots__ = ("_model", "_scale", "_seen")

    def __init__(self) -> None:
        from river import anomaly

        self._model: Any = anomaly.HalfSpaceTrees(
            n_trees=_TREES, height=_HEIGHT, window_size=_WINDOW, seed=0
        )
        self._scale = Scale()
        self._seen = 0

    def ready(self) -> bool:
        """Return whether it has learnt enough to say anything: the second window, by a scale that holds."""
        return self._seen >= 2 * _WINDOW + _FEW

    def unlike(self, x: float) -> float:
        """Return how many times thinner than at its densest it is around ``x``, as a logarithm."""
        # River's score is 1 less a mass that doubles at each level; nearly all scores are near 1.
        mass = 1 - self._model.score_one({"x": self._place(x)})
        return -math.log(max(mass, _LEAST))

    def learn(self, x: float, *, quiet: bool) -> None:
        """Learn a sample."""
        if not quiet:
            return
        self._seen = min(self._seen + 1, 2 * _WINDOW + _FEW)
        self._scale.learn(x, _MEMORY)
        if self._seen > _FEW:  # before that the scale is none
            self._model.learn_one({"x": self._place(x)})

    def _place(self, x: float) -> float:
        """Return where ``x`` is between 0 and 1; most are around a half, so that there is room outside."""
        return min(max(0.5 + self._scale.of(x) / (2 * _REACH), 0.0), 1.0)


class OneClassSvm:
    """River's `OneClassSVM` over the last samples: how far their margin falls short of the usual.

    A line through values around zero tells nothing from nothing. So a value goes in as a bell around
    the usual: 1 in the middle, next to 0 from ten sigma on. River's weights grow for as long as it learns,
    so a margin is a share of that of a sensor that is in the middle all the time.
    Source: Schoelkopf and others (2001); bells in place of a kernel.
    """

    __slots__ = ("_last", "_model", "_scale", "_usual")

    def __init__(self) -> None:
        from river import anomaly

        self._model: Any = anomaly.OneClassSVM(nu=0.1)
        self._scale = Scale()
        self._last: deque[float] = deque([1.0] * _LAGS, maxlen=_LAGS)
        self._usual = Running()

    def ready(self) -> bool:
        """Return whether it has learnt enough to say anything."""
        return self._usual.n >= _WINDOW

    def unlike(self, x: float) -> float:
        """Return how many tenths of the usual are missing."""
        return 10 * (1 - self._share(self._bell(x)) / max(self._usual.mean, _LEAST))

    def learn(self, x: float, *, quiet: bool) -> None:
        """Learn a sample."""
        bell = self._bell(x)
        if quiet:
            self._scale.learn(x, _MEMORY)
            if self._scale.usual.n > _FEW:
                self._model.learn_one(self._features(bell))
                self._usual.learn(self._share(bell), _MEMORY)
        self._last.append(bell)

    def _share(self, bell: float) -> float:
        margin, most = (
            float(self._model.score_one(features))
            for features in (self._features(bell), dict.fromkeys(range(_LAGS + 1), 1.0))
        )
        return margin / most if most > 0 else 1.0

    def _features(self, bell: float) -> dict[int, float]:
        return dict(enumerate([*self._last, bell]))

    def _bell(self, x: float) -> float:
        z = min(abs(self._scale.of(x)), _MOST) / _BELL
        return math.exp(-z * z / 2)


Name = Literal["standard_absolute_deviation", "gaussian", "half_space_trees", "one_class_svm"]
NAMES: tuple[Name, ...] = get_args(Name)


def river_model(name: Name) -> RiverModel:
    """Return a model that has learnt nothing."""
    models: dict[Name, type[RiverModel]] = {
        "standard_absolute_deviation": AbsoluteDeviation,
        "gaussian": GaussianTail,
        "half_space_trees": HalfSpaceTrees,
        "one_class_svm": OneClassSvm,
    }
    return models[name]()

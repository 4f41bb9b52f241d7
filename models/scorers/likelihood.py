"""Whether a score has become larger than it usually is: the anomaly likelihood.

What counts is not a single score but the mean of the last few, compared with the long history of
the same score. So a signal that is always hard to predict alarms no more often than a smooth one.
Source: Ahmad, Lavin, Purdy and Agha (2017), "Unsupervised real-time anomaly detection for streaming
data"; here in sigma units and not as a probability, which saturates.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field

from models.scorers.running import Running


@dataclass(frozen=True, slots=True)
class LikelihoodSettings:
    """Lengths are in samples."""

    short: int = 10
    """So many scores make a mean."""
    memory: int = 8640
    """How long the history is remembered."""
    warm_up: int = 90
    """So long a history is needed."""
    sluggish: float = 1.5
    """At least so many times as much as the means themselves vary is one sigma.

    Means of scores that hang together in time vary nearly as much as single ones do."""
    least_sigma: float = 0.2


@dataclass(slots=True)
class Likelihood:
    """The recent scores, and moments of those before them."""

    single: Running = field(default_factory=Running)
    means: Running = field(default_factory=Running)
    """Of means that do not overlap: those that do hardly differ, and tell no more."""
    _recent: array[float] = field(default_factory=lambda: array("d"))
    """The last scores."""
    _mean: float | None = None
    """Of a stretch of scores, which becomes history with the next one."""
    _since: int = 0
    """How many scores came after it."""

    def mean(self, score: float, settings: LikelihoodSettings) -> float:
        """Return the mean of the last scores, this one included."""
        recent = self._recent
        if len(recent) < settings.short:
            return (sum(recent) + score) / (len(recent) + 1)
        return (sum(recent) - recent[0] + score) / settings.short

    def z(self, mean: float, settings: LikelihoodSettings) -> float:
        """Return how far the mean of the last scores is off its history, in sigma."""
        single = self.single
        if single.n < settings.warm_up:
            return 0.0
        # Three for each sample: max() of three takes twice as long.
        variance, of_means = single.var, settings.sluggish**2 * self.means.var
        variance = max(variance, of_means)
        least = settings.least_sigma**2
        return (mean - single.mean) / math.sqrt(max(least, variance))

    def learn(self, score: float, mean: float, settings: LikelihoodSettings) -> None:
        """Take a score in, and what `mean` said of it. It becomes history when it is no longer recent."""
        recent = self._recent
        recent.append(score)
        if len(recent) > settings.short:
            self.single.learn(recent.pop(0), settings.memory)
        self._since += 1
        if self._since >= settings.short:
            if self._mean is not None:
                self.means.learn(self._mean, settings.memory // settings.short)
            self._mean, self._since = mean, 0

"""Whether a score has become larger than it usually is: the anomaly likelihood.

What counts is not a single score but the mean of the last few, compared with the long history of
the same score. So a signal that is always hard to predict alarms no more often than a smooth one.
Source: Ahmad, Lavin, Purdy and Agha (2017), "Unsupervised real-time anomaly detection for streaming
data"; here in sigma units and not as a probability, which saturates.
"""

from __future__ import annotations

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
    _recent: list[float] = field(default_factory=list)
    _recent_means: list[float] = field(default_factory=list)

    def z(self, score: float, settings: LikelihoodSettings) -> float:
        """Return how far the mean of the last scores, this one included, is off its history, in sigma."""
        if self.single.n < settings.warm_up:
            return 0.0
        sigma = max(self.single.std, settings.sluggish * self.means.std, settings.least_sigma)
        return (self._mean(score, settings) - self.single.mean) / sigma

    def learn(self, score: float, settings: LikelihoodSettings) -> None:
        """Take a score in. It becomes history when it is no longer recent."""
        self._recent_means.append(self._mean(score, settings))
        self._recent.append(score)
        if len(self._recent) > settings.short:
            self.single.learn(self._recent.pop(0), settings.memory)
            self.means.learn(self._recent_means.pop(0), settings.memory)

    def _mean(self, score: float, settings: LikelihoodSettings) -> float:
        last = self._recent[-(settings.short - 1) :] if settings.short > 1 else []
        return (sum(last) + score) / (len(last) + 1)

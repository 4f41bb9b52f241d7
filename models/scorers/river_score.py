"""How unusual a sample is by one of River's detectors, in sigma units.

An alternative to `models.scorers.sensor`, for comparison and for signals that one of them suits. What a
detector answers is on a scale of its own; its anomaly likelihood, the mean of the last answers in sigma
of all before them, is the score, so that one limit serves for all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from models.scorers.likelihood import Likelihood, LikelihoodSettings
from models.scorers.river_models import Name, river_model


@dataclass(frozen=True, slots=True)
class RiverLikelihood(LikelihoodSettings):
    """Of a detector's answers: one more in a sensor's last digit is no more than two sigma."""

    least_sigma: float = 0.5


@dataclass(frozen=True, slots=True)
class RiverSettings:
    """Which detector, and how its answers become a score."""

    detector: Name = "standard_absolute_deviation"
    likelihood: RiverLikelihood = field(default_factory=RiverLikelihood)


class RiverScored(NamedTuple):
    """A sample that was scored: what `learn` needs to know of it."""

    x: float
    unlike: float | None
    """What the detector says; None: nothing yet, or the value is no number."""
    z: float
    """How unusual it is, in sigma; 0 while nothing can be said."""


class RiverScore:
    """The state of one sensor's detector."""

    __slots__ = ("_likely", "_model")

    def __init__(self, settings: RiverSettings) -> None:
        """Begin without knowing anything of the sensor."""
        self._model = river_model(settings.detector)
        self._likely = Likelihood()

    def score(self, x: float, settings: RiverSettings) -> RiverScored:
        """Return how unusual ``x`` is. Changes nothing."""
        if not math.isfinite(x) or not self._model.ready():
            return RiverScored(x, None, 0.0)
        unlike = self._model.unlike(x)
        mean = self._likely.mean(unlike, settings.likelihood)
        return RiverScored(x, unlike, self._likely.z(mean, settings.likelihood))

    def learn(self, scored: RiverScored, settings: RiverSettings, *, quiet: bool) -> None:
        """Move on to the next sample; the detector learns from it only if all is ``quiet``.

        A value that is no number is passed over.
        """
        if not math.isfinite(scored.x):
            return
        if scored.unlike is not None:
            mean = self._likely.mean(scored.unlike, settings.likelihood)
            self._likely.learn(scored.unlike, mean, settings.likelihood)
        self._model.learn(scored.x, quiet=quiet)

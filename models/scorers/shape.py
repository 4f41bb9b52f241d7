"""How unlike anything before the last samples are: distance to the nearest subsequences of the past.

The last 8, and the last 32, samples are compared with all stretches of that length among the last
thousand samples. How far the second nearest is off, as a share of how far it usually is, is the score;
its anomaly likelihood is the answer. Nothing is assumed of the signal: what came before is normal,
seasons and steps too.
Source: the left discord of the matrix profile, Yeh and others (2016); Yankov, Keogh and Rebbapragada
(2008) for discords in streams.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from models.scorers.likelihood import Likelihood, LikelihoodSettings
from models.scorers.running import Running

Floats = npt.NDArray[np.float64]

_WARM_UP = 50
_WINSOR = 5.0
"""Of the usual distance so many times as much is learnt at most, and `_MOST` is the largest score."""
_MOST = 20.0


@dataclass(frozen=True, slots=True)
class ShapeLikelihood(LikelihoodSettings):
    """Of distances."""

    sluggish: float = 1.2


@dataclass(frozen=True, slots=True)
class ShapeSettings:
    """Lengths are in samples."""

    window: int = 1000
    """So many samples are remembered: 4 bytes each."""
    short: int = 8
    long: int = 32
    """So many of the last samples are compared."""
    memory: int = 8640
    """How long is remembered how far the nearest usually is."""
    likelihood: ShapeLikelihood = field(default_factory=ShapeLikelihood)

    def __post_init__(self) -> None:
        """Refuse lengths that do not fit, with a `ValueError`."""
        if not 2 <= self.short < self.long <= self.window // 3:
            raise ValueError(
                f"short ({self.short}) must be at least 2 and less than long ({self.long}), which "
                f"must fit three times into the window of {self.window} samples."
            )

    @property
    def lengths(self) -> tuple[int, int]:
        """The two lengths."""
        return self.short, self.long


@dataclass(slots=True)
class _Length:
    """What is known of the distances at one length."""

    usual: Running = field(default_factory=Running)
    likely: Likelihood = field(default_factory=Likelihood)


class Shape:
    """The last samples, and how far the nearest subsequences usually are."""

    __slots__ = ("_first", "_lengths", "_n", "_ring")

    def __init__(self, settings: ShapeSettings) -> None:
        # Less the first sample, in single precision: of a large value the small changes are kept.
        self._ring = np.zeros(settings.window, np.float32)
        self._n = 0
        self._first = 0.0
        self._lengths = tuple(_Length() for _ in settings.lengths)

    def remember(self, values: Floats) -> None:
        """Take samples in that came before: they are compared with, and say nothing of what is usual."""
        if not self._n and values.size:
            self._first = float(values[0])
        kept = values[-self._ring.size :] - self._first
        self._ring = np.concatenate([self._ring, kept.astype(np.float32)])[-self._ring.size :]
        self._n += values.size

    def distances(self, x: float, settings: ShapeSettings) -> list[float]:
        """Return, for each length, how far the second nearest stretch is off; nan: too few samples.

        Changes nothing.
        """
        kept = min(self._n, settings.window - 1)
        past = np.empty(kept + 1)
        past[:kept] = self._ring[settings.window - kept :]
        past[kept] = x - self._first if self._n else 0.0
        past -= past[kept]  # near the present level nothing is lost to rounding
        energy = np.empty(kept + 2)
        energy[0] = 0.0
        np.cumsum(past * past, out=energy[1:])
        return [_second_nearest(past, energy, length) for length in settings.lengths]

    def score(self, distances: list[float], digit: float, settings: ShapeSettings) -> float:
        """Return how unusual these distances are, in sigma: the mean over the lengths.

        ``digit`` is what one more in the sensor's last digit is: less than that is no distance.
        """
        found = [
            own.likely.z(_ratio(own.usual, distance, _least(digit, length)), settings.likelihood)
            for own, distance, length in zip(
                self._lengths, distances, settings.lengths, strict=True
            )
        ]
        return sum(found) / len(found)

    def learn(
        self, x: float, distances: list[float], digit: float, settings: ShapeSettings
    ) -> None:
        """Take a sample in, and its distances."""
        for own, distance, length in zip(self._lengths, distances, settings.lengths, strict=True):
            if math.isnan(distance):
                continue
            usual = own.usual
            own.likely.learn(_ratio(usual, distance, _least(digit, length)), settings.likelihood)
            most = _WINSOR * usual.mean if usual.n >= _WARM_UP and usual.mean > 0 else math.inf
            usual.learn(min(distance, most), settings.memory)
        if not self._n:
            self._first = x
        self._ring[:-1] = self._ring[1:]
        self._ring[-1] = x - self._first
        self._n += 1


def _least(digit: float, length: int) -> float:
    return digit * math.sqrt(length) if math.isfinite(digit) else 0.0


def _ratio(usual: Running, distance: float, least: float) -> float:
    of = max(usual.mean, least)
    if math.isnan(distance) or usual.n < _WARM_UP or of <= 0:
        return 1.0
    return min(distance / of, _MOST)


def _second_nearest(past: Floats, energy: Floats, length: int) -> float:
    """Return the distance of the last ``length`` samples to the second nearest stretch before them."""
    stretches = past.size - 2 * length + 1
    if stretches < 2:
        return math.nan
    last = past[-length:]
    # |a - b|^2 = |a|^2 + |b|^2 - 2 a b, for all stretches that do not overlap the last one.
    squares = np.correlate(past[: past.size - length], last)
    squares *= -2.0
    squares += energy[length : length + stretches] - energy[:stretches]
    squares += energy[-1] - energy[-1 - length]
    squares[squares.argmin()] = math.inf
    return math.sqrt(max(float(squares[squares.argmin()]), 0.0))

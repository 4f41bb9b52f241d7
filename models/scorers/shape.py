"""How unlike anything before the last samples are: distance to the nearest subsequences of the past.

The last 8 or the last 32 samples, in turns, are compared with all stretches of that length among the
last thousand samples. How far the second nearest is off, as a share of how far it usually is, is the
score; its anomaly likelihood is the answer. Nothing is assumed of the signal: what came before is normal,
seasons and steps too. Stretches that end with neighbouring samples are nearly the same, so that one length
a sample tells as much as both do.
Source: the left discord of the matrix profile, Yeh and others (2016); Yankov, Keogh and Rebbapragada
(2008) for discords in streams.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.scorers.likelihood import Likelihood, LikelihoodSettings
from models.scorers.running import Running

Floats = npt.NDArray[np.float64]
_State = tuple[bytes, int, int, float, tuple["_Length", ...]]

_WARM_UP = 50
_WINSOR = 5.0
"""Of the usual distance so many times as much is learnt at most, and `_MOST` is the largest score."""
_MOST = 20.0
_SHORT = 1
"""Whose turn it is: the number of samples before it, modulo two."""
_ROOM = 64
"""So many samples come in before all are moved."""
_FARTHEST = 1e18
"""So far off the first sample one is remembered at most: its square is a number."""


@dataclass(frozen=True, slots=True)
class ShapeLikelihood(LikelihoodSettings):
    """Of distances at one length: there is one for every second sample."""

    short: int = 5
    memory: int = 4320
    warm_up: int = 45
    sluggish: float = 1.2


@dataclass(frozen=True, slots=True)
class ShapeSettings:
    """Lengths are in samples."""

    window: int = 1000
    """So many samples are remembered: 4 bytes each."""
    short: int = 8
    long: int = 32
    """So many of the last samples are compared."""
    memory: int = 4320
    """How long is remembered how far the nearest usually is, in samples compared at one length."""
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
        """The two lengths, in turns."""
        return self.long, self.short


@dataclass(slots=True)
class _Length:
    """What is known of the distances at one length."""

    usual: Running = field(default_factory=Running)
    likely: Likelihood = field(default_factory=Likelihood)
    z: float = 0.0
    """How unusual the last distance was."""

    def ratio(self, distance: float, digit: float, length: int) -> float:
        """Return a distance as a share of the usual one; 1 while that is not known."""
        usual = self.usual
        of = usual.mean
        if digit < math.inf:
            of = max(of, digit * math.sqrt(length))
        if usual.n < _WARM_UP or of <= 0 or math.isnan(distance):
            return 1.0
        return min(distance / of, _MOST)

    def at_most(self, distance: float) -> float:
        """Return what is learnt of a distance."""
        usual = self.usual
        if usual.n < _WARM_UP or usual.mean <= 0:
            return distance
        return min(distance, _WINSOR * usual.mean)


class Distance(NamedTuple):
    """How far the stretch that ends with a sample is off, at the length whose turn it is."""

    x: float
    """The sample as it is remembered."""
    squares: Floats
    """Squares of the long stretch's distances, from the oldest stretch on."""
    turn: int
    """The place of the length among both."""
    nearest: float
    """How far the second nearest stretch is off; nan: too few samples."""


class Shaped(NamedTuple):
    """A sample that was scored: what `learn` needs to know of it."""

    z: float
    """How unusual its distances are, in sigma: the mean over the lengths."""
    own: float
    """At the length whose turn it was."""
    distance: Distance
    ratio: float
    """Of the distance to the usual one."""
    mean: float
    """Of the last ratios."""


class Shape:
    """The last samples, and how far the nearest subsequences usually are.

    Squares of the long stretch's distances are kept and moved on with each sample, by one pair that
    comes in and one that goes out (Mueen's and Keogh's recurrence, STOMP, 2016, here for differences
    and not for products, which round). They are summed afresh each time the samples are moved, so they
    follow from the samples alone: a copy need not hold them.
    """

    __slots__ = ("_end", "_first", "_lengths", "_n", "_samples", "_squares")

    def __init__(self, settings: ShapeSettings) -> None:
        # Less the first sample, in single precision: of a large value the small changes are kept.
        # What stands behind the last one is no state.
        self._samples = np.zeros(settings.window + _ROOM, np.float32)
        self._end = settings.window
        """Behind the last sample; from here on there is room."""
        self._n = 0
        self._first = 0.0
        self._squares: Floats | None = None
        """None: to be summed when they are needed."""
        self._lengths = tuple(_Length() for _ in settings.lengths)

    def __getstate__(self) -> _State:
        """Return what a copy needs."""
        samples = self._samples[: self._end].tobytes()
        return samples, self._samples.size, self._n, self._first, self._lengths

    def __setstate__(self, state: _State) -> None:
        """Become the copy."""
        samples, size, self._n, self._first, self._lengths = state
        held = np.frombuffer(samples, np.float32)
        self._samples = np.zeros(size, np.float32)
        self._samples[: held.size] = held
        self._end, self._squares = held.size, None

    def remember(self, values: Floats) -> None:
        """Take samples in that came before: they are compared with, and say nothing of what is usual."""
        if not self._n and values.size:
            self._first = float(values[0])
        window = self._samples.size - _ROOM
        before = self._samples[self._end - window : self._end]
        kept = np.clip(values[-window:] - self._first, -_FARTHEST, _FARTHEST).astype(np.float32)
        self._samples[:window] = np.concatenate([before, kept])[-window:]
        self._end, self._squares = window, None
        self._n += values.size

    def distance(self, x: float, settings: ShapeSettings) -> Distance:
        """Return how far the stretch that ends with ``x`` is off. Changes nothing."""
        end, window, short, long = self._end, settings.window, settings.short, settings.long
        off = x - self._first if self._n else 0.0
        self._samples[end] = max(-_FARTHEST, min(_FARTHEST, off))  # there is room
        samples = self._samples[end - window : end + 1].astype(np.float64)
        now = float(samples[-1])
        last = samples[1:-1] - now
        power = last * last
        squares = self._summed(settings) + power[long - 1 : window - long]
        squares -= _entering(samples, window - long, window, long)
        missing = max(window - 1 - self._n, 0)
        turn = self._n % 2
        if turn == _SHORT:
            shorts, more = _squares_of_short(last, power, short)
            nearest = _second_least(shorts, missing, more)
        else:
            nearest = _second_least(squares, missing, 0.0)
        return Distance(now, squares, turn, nearest)

    def score(self, x: float, digit: float, settings: ShapeSettings) -> Shaped:
        """Return how unusual the stretches that end with ``x`` are. Changes nothing.

        ``digit`` is what one more in the sensor's last digit is: less than that is no distance.
        """
        distance = self.distance(x, settings)
        turn, likelihood = distance.turn, settings.likelihood
        length, other = self._lengths[turn], self._lengths[1 - turn]
        ratio = length.ratio(distance.nearest, digit, settings.lengths[turn])
        mean = length.likely.mean(ratio, likelihood)
        own = length.likely.z(mean, likelihood)
        return Shaped((own + other.z) / 2, own, distance, ratio, mean)

    def learn(self, x: float, shaped: Shaped, settings: ShapeSettings) -> None:
        """Take a sample in, and what `score` said of it."""
        distance = shaped.distance
        length, nearest = self._lengths[distance.turn], distance.nearest
        length.z = shaped.own
        if nearest == nearest:  # noqa: PLR0124 - no nan
            length.likely.learn(shaped.ratio, shaped.mean, settings.likelihood)
            length.usual.learn(length.at_most(nearest), settings.memory)
        if not self._n:
            self._first = x
        self._samples[self._end] = distance.x
        self._end += 1
        self._n += 1
        self._squares = distance.squares
        if self._end == self._samples.size:
            self._end -= _ROOM
            self._samples[: self._end] = self._samples[_ROOM:]
            self._squares = None

    def _summed(self, settings: ShapeSettings) -> Floats:
        """Return the squares as of the last sample; the same ones, kept or summed again."""
        if self._squares is not None:
            return self._squares
        window, long = settings.window, settings.long
        samples = self._samples.astype(np.float64)
        squares = np.zeros(window - 2 * long + 1)
        for end in range(window - long, window):
            squares += _entering(samples, end, window, long)
        for end in range(window, self._end):
            squares += _entering(samples, end, window, long)
            squares -= _entering(samples, end - long, window, long)
        self._squares = squares
        return squares


def _entering(samples: Floats, at: int, window: int, long: int) -> Floats:
    """Return the squares of what is between a sample and those a stretch and more before.

    They are the pairs that come in with the sample, and go out when it leaves the last stretch.
    """
    off: Floats = samples[at - window + long : at - long + 1] - samples[at]
    off *= off
    return off


def _squares_of_short(last: Floats, power: Floats, short: int) -> tuple[Floats, float]:
    """Return squares of the distances of the last ``short`` samples to all stretches before them.

    The second number is to be added to each.

    ``last`` are the samples less the present one, so near the present level nothing is lost to rounding,
    and ``power`` are their squares.
    """
    # |a - b|^2 = |a|^2 + |b|^2 - 2 a b; the present sample itself is 0.
    own = last[1 - short :]
    squares = np.correlate(power[: 1 - short], _ones(short))
    squares += np.correlate(last[:-short], own * -2.0)
    return squares, float(own.dot(own))


@functools.cache
def _ones(length: int) -> Floats:
    return np.ones(length)


def _second_least(squares: Floats, missing: int, more: float) -> float:
    """Return the root of the second least and ``more``; nan: there are none.

    The first ``missing`` are of stretches that never were.
    """
    known = squares[missing:]
    if known.size < 2:
        return math.nan
    first = known.argmin()
    least = known[first]
    known[first] = math.inf
    second = float(known[known.argmin()]) + more
    known[first] = least
    return math.sqrt(second) if second > 0 else 0.0

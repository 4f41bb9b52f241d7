"""Whether a sensor's level has left where it has been for long: drifts too slow for a baseline that follows.

The guarded baseline remembers some hundred samples, so that it follows a shift of recipe or weather, and it
follows a bearing that wears just as well. This remembers ten times as long, and asks of the level smoothed
over some fifty samples: waves that come again and again are part of how much that usually varies.
Source of the chart: Roberts (1959), EWMA with a small lambda, whose limits come from its own history.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from models.scorers.running import Running
from models.scorers.tail import Tail

_EVERY = 10
"""What a level says is looked at, and learnt, so often: it hardly moves from one sample to the next."""
_WINSOR = 5.0
"""A sample counts for no more than so many sigma of the smoothed level."""
_UNEASY_SHARE = 0.1
_MOST_Z = 20.0
_TAIL_SHARE = 0.02
_LEAST_SHARE_OF_SIGMA = 0.1


@dataclass(frozen=True, slots=True)
class SlowSettings:
    """Lengths are in samples, scores in sigma."""

    smoothing: float = 0.02
    memory: int = 3000
    warm_up: int = 2000
    uneasy_z: float = 2.0
    """From here on it is learnt slowly."""
    limit: float = 5.0
    tail: float = 1.5
    """The limit is at least so many times what is exceeded in one of fifty stretches of `smoothing`."""


@dataclass(slots=True)
class Slow:
    """The smoothed level, where it usually is, and how far it goes by itself."""

    level: float = 0.0
    last_z: float = 0.0
    """How far the level was off when that was looked at last."""
    seen: int = 0
    usual: Running = field(default_factory=Running)
    tail: Tail = field(default_factory=Tail)

    def next_level(self, x: float, sigma: float, settings: SlowSettings) -> float:
        """Return the smoothed level with ``x``; ``sigma`` is what single samples scatter by."""
        off = x - self.level
        if self.seen < 1.0 / settings.smoothing:
            return self.level + off / (self.seen + 1)
        most = _WINSOR * sigma
        if most > 0.0:
            off = max(-most, min(most, off))
        return self.level + settings.smoothing * off

    def z(self, level: float, sigma: float, digit: float, settings: SlowSettings) -> float:
        """Return how far a smoothed level is off the usual one, in sigma; 0 while that is not known.

        It is looked at with every tenth sample, and stays so until the next one. ``sigma`` is what single samples scatter by, ``digit`` what one more in the last digit is.
        """
        if self.seen % _EVERY or self.seen < settings.warm_up:
            return self.last_z
        least = digit if math.isfinite(digit) else 0.0
        sigma = max(self.usual.std, _LEAST_SHARE_OF_SIGMA * sigma, least)
        return min(abs(level - self.usual.mean) / sigma, _MOST_Z) if sigma > 0.0 else 0.0

    def limit(self, settings: SlowSettings) -> float:
        """Return from which z on a level is told."""
        return max(settings.limit, settings.tail * self.tail.quantile)

    def learn(self, level: float, z: float, settings: SlowSettings, *, quiet: bool) -> None:
        """Move on to the next sample; where the level usually is is learnt while all is ``quiet``."""
        self.level, self.last_z = level, z
        seen = self.seen
        self.seen = seen + 1
        if seen % _EVERY or not (quiet or seen < settings.warm_up):
            return
        stretch = round(1.0 / settings.smoothing)
        if seen <= stretch:
            return
        share = 1.0 if z < settings.uneasy_z else _UNEASY_SHARE
        self.usual.learn(level, settings.memory // _EVERY, share)
        # Once in a stretch: levels of neighbouring samples are nearly the same, and a drift that begins
        # must not raise its own limit.
        if seen % stretch < _EVERY and seen >= settings.warm_up:
            self.tail.learn(z, _TAIL_SHARE)

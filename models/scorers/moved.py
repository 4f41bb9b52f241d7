"""Whether a sensor's level has moved for good: ADWIN on means of blocks of quiet samples.

A baseline that learns follows a level that moves slowly, and no alarm tells. This does: from where to
where, and when; it is information, and no alarm. Samples that follow each other are alike, for which
ADWIN has no allowance: it takes means of blocks, which are less so.
ADWIN says that there was a move, once it is sure; of the last blocks, that split is it which leaves the
least squares.
Sources: Bifet and Gavalda (2007), "Learning from time-changing data with adaptive windowing"; Hawkins
(1977) for the split.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

from models.scorers.scale import Scale

_WARM_UP = 300
"""The first samples, of which sigma is taken."""
_BLOCK = 50
_CONFIDENCE = 1e-4
"""With blocks of 50, AR(1) noise with phi 0.9 moved not once in four million samples, with 0.98 once in
half a million; a move of one sigma is told after about a thousand samples."""
_KEPT = 200
"""Means of the last blocks, to look for the move among."""
_FEWEST = 5
"""Blocks on either side of a move; ADWIN has it so, too."""


class Move(NamedTuple):
    """A level that moved; values are in the sensor's unit."""

    before: float
    after: float
    sigma: float
    """What one sigma of the sensor was."""
    at: int
    """The number of the first sample after it, to a block, counted as `LevelWatch.taken`."""


class LevelWatch:
    """Watches one sensor's level. Give it samples that were quiet: good, and in no alarm."""

    __slots__ = ("_adwin", "_blocks", "_many", "_scale", "_sum", "taken")

    def __init__(self) -> None:
        self.taken = 0
        """How many samples were taken in so far."""
        self._scale = Scale()
        self._sum, self._many = 0.0, 0
        self._adwin = _adwin()
        self._blocks: deque[float] = deque(maxlen=_KEPT)

    def take(self, x: float) -> Move | None:
        """Take a sample in; return a move when it has become sure. A value that is no number is passed over."""
        if not math.isfinite(x):
            return None
        self.taken += 1
        if self._scale.usual.n < _WARM_UP:
            self._scale.learn(x, _WARM_UP)
            return None
        self._sum += x
        self._many += 1
        if self._many < _BLOCK:
            return None
        mean, self._sum, self._many = self._sum / _BLOCK, 0.0, 0
        return self._take_block(self._scale.of(mean))

    def _take_block(self, mean: float) -> Move | None:
        self._blocks.append(mean)
        self._adwin.update(mean)
        if not self._adwin.drift_detected:
            return None
        blocks, scale = list(self._blocks), self._scale
        split = _split(blocks)
        before, after = sum(blocks[:split]) / split, sum(blocks[split:]) / (len(blocks) - split)
        middle, sigma = scale.usual.mean, scale.sigma
        # River's ADWIN forgets all after a drift, and sigma may be another, too.
        self._scale, self._adwin = Scale(), _adwin()
        self._blocks.clear()
        at = self.taken - (len(blocks) - split) * _BLOCK + 1
        return Move(middle + before * sigma, middle + after * sigma, sigma, at)


def _split(blocks: Sequence[float]) -> int:
    """Return how many blocks came before the move."""
    n, whole = len(blocks), sum(blocks)
    best, found, left = -1.0, _FEWEST, sum(blocks[: _FEWEST - 1])
    for split in range(_FEWEST, n - _FEWEST + 1):
        left += blocks[split - 1]
        # What a split takes off the squares around the one mean.
        gain = (left - whole * split / n) ** 2 / (split * (n - split))
        if gain > best:
            best, found = gain, split
    return found


def _adwin() -> Any:
    from river import drift

    adwin: Any = drift.ADWIN
    return adwin(delta=_CONFIDENCE, clock=1)

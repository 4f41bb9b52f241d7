"""Whether all that a sensor sends has been of no use for so long that somebody has to be told."""

from __future__ import annotations

from dataclasses import dataclass

_SAMPLES = 10
_LASTS_S = 600.0
"""A gateway that sends what it had stored does so for a while, and a clock that was set back is soon where
it was: what ends by itself is not told."""


@dataclass(slots=True)
class Unfit:
    """Samples in a row that are of no use, by the clock of whoever takes them."""

    since: float = 0.0
    """Unix seconds of the first one."""
    number: int = 0
    told: bool = False

    def take(self, at: float) -> bool:
        """Take another one in at ``at`` (unix seconds); return, once, that this has gone on for too long."""
        if not self.number:
            self.since = at
        self.number += 1
        if self.told or self.number < _SAMPLES or at - self.since < _LASTS_S:
            return False
        self.told = True
        return True

    def end(self) -> None:
        """Begin anew, for one was fit. What was told is not told again: a sensor on the edge would call for ever."""
        self.number = 0

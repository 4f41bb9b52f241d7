"""How long a sensor usually says nothing before more of it arrives: gateways store samples and send many at once."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST_S = 600.0
"""What lasts longer is an outage and no pause, however often it happens: a dead sensor is silent for no longer
than this before it is told."""
_USUAL = 3
"""With so many pauses in a row they are usual."""
LEEWAY = 1.5
"""A silence may be so many times as long as the longest pause of late."""
_FORGET = 0.1
"""With each pause that is shorter, the longest one gets nearer to it by this share of what lies between them."""


@dataclass(slots=True)
class Pauses:
    """The pauses of one sensor, by the clock that its silence is judged by: not that of its samples.

    They are usual if it is silent for longer than it speaks, and so one time after the other. A sensor that
    fails now and then speaks for longer than it is silent, and is not excused.
    """

    arrived: float = 0.0
    """Unix seconds when the last sample arrived; 0: none has yet."""
    _over: float = 0.0
    """When the last pause was over."""
    _longest: float = 0.0
    _number: int = 0
    """How many there were in a row, counted to what is usual."""

    def arrive(self, at: float, usual_s: float) -> None:
        """Note that a sample arrived; what is silent for ``usual_s`` without a pause is overdue."""
        silent, self.arrived = at - self.arrived, at
        if silent < usual_s:
            if self._number and at - self._over > self._longest:
                self._number = 0  # by now it speaks for longer than it was silent
            return
        if silent <= LONGEST_S:
            if not self._number or silent > self._longest:
                self._longest = silent
            else:
                self._longest += _FORGET * (silent - self._longest)
            self._number = min(self._number + 1, _USUAL)
        self._over = at

    def resume(self, at: float) -> None:
        """Note that until ``at`` nothing was expected of it: that was no pause."""
        if self.arrived:
            self.arrived, self._over = max(self.arrived, at), max(self._over, at)

    @property
    def allowed_s(self) -> float:
        """How long it may be silent by what is usual of it; 0: nothing is known of pauses."""
        return min(LEEWAY * self._longest, LONGEST_S) if self._number >= _USUAL else 0.0

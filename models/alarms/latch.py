"""When a run of unusual samples becomes an alarm, and when it is over: a latch with delays.

On-delay, off-delay and deadband as in ISA-18.2 and OPC UA Part 9: one alarm for one trouble, not one
for each sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Change = Literal["active", "cleared"]


@dataclass(frozen=True, slots=True)
class LatchSettings:
    """Limits in sigma; delays in samples."""

    limit: float = 5.0
    deadband: float = 0.6
    """An alarm begins to clear below this share of the limit."""
    on_delay: int = 4
    off_delay: int = 20
    rebaseline_after: int = 3600
    """After so many samples in alarm the new level is the normal one, and it says so."""


@dataclass(slots=True)
class Latch:
    """The alarm of one sensor. Times in unix seconds."""

    active: bool = False
    occurrence: int = 0
    since: float = 0.0
    condition: str = ""
    _above: int = 0
    _below: int = 0
    samples: int = 0

    @property
    def quiet(self) -> bool:
        """Nothing is wrong, nor about to be: the baseline may learn."""
        return not self.active and self._above == 0

    def step(
        self, z: float, at: float, settings: LatchSettings, *, sudden: bool = False
    ) -> Change | None:
        """Take a score; return what changed, if anything did."""
        if not self.active:
            self._above = self._above + 1 if z >= settings.limit else 0
            if self._above >= settings.on_delay or sudden:
                return self._raise(at)
            return None
        self.samples += 1
        self._below = self._below + 1 if z < settings.limit * settings.deadband else 0
        if self._below >= settings.off_delay:
            return self._clear()
        return None

    def expired(self, settings: LatchSettings) -> bool:
        """Return whether the alarm has stood so long that its state is the new normal."""
        return self.active and self.samples >= settings.rebaseline_after

    def clear(self) -> Change:
        """Clear the alarm at once (the baseline was learnt anew)."""
        return self._clear()

    def _raise(self, at: float) -> Change:
        self.active, self.since = True, at
        self.occurrence += 1
        self._above = self._below = self.samples = 0
        return "active"

    def _clear(self) -> Change:
        self.active = False
        self._above = self._below = self.samples = 0
        return "cleared"

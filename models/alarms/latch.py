"""When a run of unusual samples becomes an alarm, and when it is over: a latch with delays.

On-delay, off-delay and deadband as in ISA-18.2 and OPC UA Part 9: one alarm for one trouble, not one
for each sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models.scorers.sensor import Condition

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
    condition: Condition = "deviation"
    """What the alarm was raised for."""
    samples: int = 0
    """How many samples the alarm has stood."""
    _above: int = 0
    _below: int = 0

    @property
    def quiet(self) -> bool:
        """Nothing is wrong, nor about to be: the baseline may learn."""
        return not self.active and self._above == 0

    def step(
        self, z: float, at: float, settings: LatchSettings, *, sudden: bool = False
    ) -> Change | None:
        """Take a score; return what changed, if anything did.

        ``sudden`` is so clear that it raises an alarm at once, and holds one.
        """
        if not self.active:
            self._above = self._above + 1 if z >= settings.limit else 0
            return self._raise(at) if sudden or self._above >= settings.on_delay else None
        self.samples += 1
        below = z < settings.limit * settings.deadband and not sudden
        self._below = self._below + 1 if below else 0
        return self.clear() if self._below >= settings.off_delay else None

    def expired(self, z: float, settings: LatchSettings) -> bool:
        """Return whether the alarm has stood so long, and still does, that this is the new normal."""
        return (
            self.active
            and self.samples >= settings.rebaseline_after
            and z >= settings.limit * settings.deadband
        )

    def clear(self) -> Change:
        """Clear the alarm at once."""
        self.active = False
        self._above = self._below = 0
        return "cleared"

    def _raise(self, at: float) -> Change:
        self.active, self.since = True, at
        self.occurrence += 1
        self._above = self._below = self.samples = 0
        return "active"

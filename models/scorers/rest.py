"""Whether a sensor stands still that normally moves, or has said nothing useful for a while."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from models.cleaning.quality import Quality
from models.scorers.pauses import Pauses
from models.scorers.running import Running
from models.scorers.silences import Silences
from models.scorers.unfit import Unfit

_CHANCE = 1e-9
"""How unlikely a run of equal samples must be to be called a flat line."""
_MOST_RESTS = 0.9
"""A sensor that repeats itself more often than this may stand still for any time."""
_WARM_UP = 32


@dataclass(frozen=True, slots=True)
class RestSettings:
    """Lengths are in samples but where a time is named."""

    flat_line: int = 20
    """Least number of equal samples in a row that is a flat line; more for sensors that often rest."""
    memory: int = 2000
    bad_run: int = 5
    """So many samples of bad quality in a row are an alarm."""
    stale_intervals: float = 5.0
    """So many usual intervals without a sample, and `stale_s` at least, are an alarm; more for sensors whose
    intervals are irregular."""
    stale_s: float = 30.0


@dataclass(slots=True)
class Rest:
    """When a sensor last moved and spoke."""

    moves: Running = field(default_factory=Running)
    """How often the value is another one than before."""
    last: float | None = None
    same: int = 0
    bad: int = 0
    heard_at: float = 0.0
    """Unix seconds of the last sample, of whatever quality; 0: none yet."""
    interval: float = 0.0
    """Seconds between two samples, usually."""
    pauses: Pauses = field(default_factory=Pauses)
    silences: Silences = field(default_factory=Silences)
    excused_s: float = 0.0
    """For how long since then only late samples came: signs of life, and no more."""
    unsure: Unfit | None = None
    """The samples in a row that none of good quality came among; None: it never began."""
    late: Unfit | None = None
    """The samples in a row that were too late to be of use; None: none ever was."""

    def is_flat(self, x: float, settings: RestSettings) -> bool:
        """Return whether ``x`` is one more of so many equal samples as chance does not make.

        A sensor that rests most of the time is never called flat.
        """
        run = self._run(x)
        if run < settings.flat_line or self.moves.n < _WARM_UP:
            return False
        rests = 1 - self.moves.mean
        if rests > _MOST_RESTS:
            return False
        by_chance = math.log(_CHANCE) / math.log(rests) if rests > 0 else 0.0
        return run >= by_chance

    def learn(self, x: float, settings: RestSettings, *, quiet: bool) -> None:
        """Take a sample of good quality in."""
        moved = x != self.last
        self.same = self._run(x)
        self.last = x
        if quiet or self.moves.n < _WARM_UP:
            self.moves.learn(float(moved), settings.memory)

    def bad_sample(self) -> int:
        """Count a sample of bad quality; return how many came in a row.

        Whoever takes another one in sets `bad` to zero.
        """
        self.bad += 1
        return self.bad

    def doubt(self, quality: Quality, clock: float) -> bool:
        """Note the quality of a sample of a sensor that is not known yet, which came at ``clock``.

        Return, once, that for long none was good: nothing can be learnt of it.
        """
        if quality == "good":
            if self.unsure is not None:
                self.unsure.end()
            return False
        if self.unsure is None:
            self.unsure = Unfit()
        return self.unsure.take(clock)

    def hear(self, at: float) -> None:
        """Note that the sensor said something at ``at`` (unix seconds)."""
        if self.heard_at and at > self.heard_at:
            passed = at - self.heard_at
            # A pause is no interval: it counts for twice the usual at most.
            self.interval += (
                0.1 * (min(passed, 2 * self.interval) - self.interval)
                if (self.interval)
                else passed
            )
        self.heard_at = max(self.heard_at, at)
        self.excused_s = 0.0
        if self.late is not None:
            self.late.end()

    def hear_late(self, at: float, clock: float) -> bool:
        """Note a sample that is too late to be of use, but a sign of life.

        It came at ``clock`` (unix seconds), which is ``at`` by the sensor's own. Return, once, that for
        long no other ones have come.
        """
        if self.heard_at:
            self.excused_s = max(at - self.heard_at, self.excused_s)
        if self.late is None:
            self.late = Unfit()
        return self.late.take(clock)

    def arrive(self, at: float, settings: RestSettings) -> None:
        """Note when (unix seconds) a sample arrived, by the clock that silence is judged by; then `hear` it."""
        overdue_s = self._overdue_s(settings)
        if self.interval:
            self.silences.learn(at - self.pauses.arrived, overdue_s, settings.stale_s)
        self.pauses.arrive(at, overdue_s)

    def resume(self, at: float) -> None:
        """Note that until ``at`` (unix seconds) nothing was expected of it."""
        self.pauses.resume(at)
        if self.heard_at:
            self.heard_at = max(self.heard_at, at)
            self.excused_s = 0.0

    def stale_at(self, settings: RestSettings) -> float:
        """Return when (unix seconds) the sensor will have been silent for too long."""
        if not self.interval:
            return math.inf
        overdue_s = self._overdue_s(settings)
        by_itself_s = self.silences.allowed_s(self.interval, overdue_s)
        return self.heard_at + self.excused_s + max(overdue_s, self.pauses.allowed_s, by_itself_s)

    def _overdue_s(self, settings: RestSettings) -> float:
        """Return how long it may say nothing by how often it speaks."""
        return max(settings.stale_intervals * self.interval, settings.stale_s)

    def _run(self, x: float) -> int:
        return self.same + 1 if x == self.last else 0

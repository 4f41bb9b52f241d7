"""More alarms than anybody can read: when a flood begins, and when it is over.

Source: ANSI/ISA-18.2-2016 and EEMUA 191: a flood begins with ten alarms in ten minutes, and ends when
fewer than five came in ten minutes.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from models.alarms.alarm import Alarm, AlarmSettings, Change

WINDOW_S = 600.0
BEGINS = 10
ENDS = 5
_MOST_KEPT = 1000
_AT_ONCE = AlarmSettings()


@dataclass(frozen=True, slots=True)
class FloodSettings:
    """When alarms of a line are a flood; at most 1,000 are counted."""

    begins: int = BEGINS
    """With so many in ten minutes; 0: never."""
    ends: int = ENDS
    """With fewer than so many."""

    def __post_init__(self) -> None:
        """Refuse a flood that ends before it begins, with a `ValueError`."""
        if self.begins and not 0 < self.ends <= self.begins <= _MOST_KEPT:
            raise ValueError(
                f"A flood must end with no more alarms than it begins with: ends ({self.ends}) from 1 to "
                f"begins ({self.begins}), and that is {_MOST_KEPT:,} at most."
            )


USUAL = FloodSettings()


@dataclass(slots=True)
class Flood:
    """The activations of one line within the last ten minutes, in event time."""

    alarm: Alarm = field(default_factory=Alarm)
    """Of the flood itself."""
    _recent: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=_MOST_KEPT))

    @property
    def on(self) -> bool:
        """Whether there is one."""
        return self.alarm.present

    def activated(self, at: float, machine: str, settings: FloodSettings = USUAL) -> Change | None:
        """Note that an alarm came; return the change of the flood's own alarm, if it begins."""
        self._recent.append((at, machine))
        return self.pass_time(at, settings)

    def pass_time(self, at: float, settings: FloodSettings = USUAL) -> Change | None:
        """Let time pass; return the change of the flood's own alarm."""
        while self._recent and self._recent[0][0] <= at - WINDOW_S:
            self._recent.popleft()
        number = len(self._recent)
        over = 0 < settings.begins <= number
        return self.alarm.step(at, _AT_ONCE, over=over, under=number < settings.ends)

    def shares(self) -> tuple[tuple[str, float], ...]:
        """Return which machines they are of, with their shares, the largest first."""
        number = len(self._recent)
        counted = Counter(machine for _, machine in self._recent)
        ranked = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
        return tuple((machine, count / number) for machine, count in ranked)

    def __len__(self) -> int:
        return len(self._recent)


def floods(times: Iterable[float]) -> list[tuple[float, float]]:
    """Return from when to when there was a flood, of the times (unix seconds, in order) of alarms.

    The ten minutes are those before each moment, not those of a clock: a flood begins with its tenth alarm.
    """
    found: list[tuple[float, float]] = []
    began: float | None = None
    recent: deque[float] = deque()
    for at in times:
        while recent and recent[0] + WINDOW_S <= at:
            over = recent.popleft() + WINDOW_S
            if began is not None and len(recent) < ENDS:
                found.append((began, over))
                began = None
        recent.append(at)
        if began is None and len(recent) >= BEGINS:
            began = at
    if began is not None:
        # With nothing more to come it ends when all but four are ten minutes old.
        found.append((began, recent[-ENDS] + WINDOW_S))
    return found

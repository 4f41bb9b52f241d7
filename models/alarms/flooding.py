"""When operators are flooded: more alarms than anybody can look at.

A flood begins with more than ten alarms within ten minutes, and ends with fewer than five.
Source: ANSI/ISA-18.2-2016, 16.5; IEC 62682; EEMUA 191.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

WINDOW_S = 600.0
BEGINS_ABOVE = 10
ENDS_BELOW = 5


def floods(times: Iterable[float]) -> list[tuple[float, float]]:
    """Return from when to when there was a flood, of the times (unix seconds, in order) of alarms.

    The ten minutes are those before each moment, not those of a clock: a flood begins with its eleventh
    alarm.
    """
    found: list[tuple[float, float]] = []
    began: float | None = None
    recent: deque[float] = deque()
    for at in times:
        while recent and recent[0] + WINDOW_S <= at:
            over = recent.popleft() + WINDOW_S
            if began is not None and len(recent) < ENDS_BELOW:
                found.append((began, over))
                began = None
        recent.append(at)
        if began is None and len(recent) > BEGINS_ABOVE:
            began = at
    if began is not None:
        # With nothing more to come it ends when all but four are ten minutes old.
        found.append((began, recent[-ENDS_BELOW] + WINDOW_S))
    return found

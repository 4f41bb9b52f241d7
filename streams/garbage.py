"""The collector's long pauses: what has lived for some seconds is taken out of its sight.

A shard of 50,000 customers is millions of objects that live for hours and hang in no cycle. Python's
collector goes through all of them again and again: a second and more, in which no event is decided.
Frozen, they are freed like anything else once nothing refers to them, and not looked at.

Between two freezes the collector goes through what is new in small pieces, and never through all of it: what
lives for some seconds is thousands of events' worth, and would be looked at in the middle of one.
"""

from __future__ import annotations

import gc

EVERY_S = 2.0
_WHOLE_EVERY = 1_800
"""Once an hour everything is looked at after all: what was frozen may be in a dead cycle by then."""
_THRESHOLDS = (2_000, 10, 1_000_000)
"""A look at 2,000 new objects takes a tenth of a millisecond, one at ten times that one or two; the last
generation is `Garbage.tend`'s."""


class Garbage:
    """Collects what is young, then freezes what is left; to be tended every `EVERY_S` seconds."""

    def __init__(self) -> None:
        self._turn = 0
        self._before = gc.get_threshold()
        gc.set_threshold(*_THRESHOLDS)

    def leave(self) -> None:
        """Leave the collector to itself, as it was."""
        gc.set_threshold(*self._before)
        gc.unfreeze()

    async def tend(self) -> None:
        """Collect and freeze; takes tens of milliseconds in a busy worker."""
        self._turn += 1
        if self._turn % _WHOLE_EVERY == 0:
            gc.unfreeze()
        gc.collect()
        gc.freeze()

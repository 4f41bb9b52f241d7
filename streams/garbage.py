"""The collector's long pauses: what has lived for some seconds is taken out of its sight.

A shard of 50,000 customers is millions of objects that live for hours and hang in no cycle. Python's
collector goes through all of them again and again: a second and more, in which no event is decided.
Frozen, they are freed like anything else once nothing refers to them, and not looked at.

Nor does it go through what is new in the middle of an event: that is done between two batches, often and
so in small pieces. Only should that not come about does the collector step in.
"""

from __future__ import annotations

import gc

EVERY_S = 0.5
_WHOLE_EVERY = 7_200
"""Once an hour everything is looked at after all: what was frozen may be in a dead cycle by then."""
_THRESHOLDS = (100_000, 10, 1_000_000)
"""So many new objects are more than a busy worker has between two freezes."""


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
        """Collect and freeze; takes some milliseconds in a busy worker."""
        self._turn += 1
        if self._turn % _WHOLE_EVERY == 0:
            gc.unfreeze()
        gc.collect()
        gc.freeze()

"""The collector's long pauses: what has lived for some seconds is taken out of its sight.

A shard of 50,000 customers is millions of objects that live for hours and hang in no cycle. Python's
collector goes through all of them again and again: a second and more, in which no event is decided.
Frozen, they are freed like anything else once nothing refers to them, and not looked at.
"""

from __future__ import annotations

import gc

EVERY_S = 10.0
_WHOLE_EVERY = 360
"""Once an hour everything is looked at after all: what was frozen may be in a dead cycle by then."""


class Garbage:
    """Collects what is young, then freezes what is left; to be tended every `EVERY_S` seconds."""

    def __init__(self) -> None:
        self._turn = 0

    async def tend(self) -> None:
        """Collect and freeze; takes tens of milliseconds in a busy worker."""
        self._turn += 1
        if self._turn % _WHOLE_EVERY == 0:
            gc.unfreeze()
        gc.collect()
        gc.freeze()

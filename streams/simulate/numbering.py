"""Names of events, orders and sessions: unique within a run, equal for equal runs."""

from __future__ import annotations


class Numbering:
    """Counts up, and puts the name of the run in front."""

    __slots__ = ("_last", "run")

    def __init__(self, run: str) -> None:
        """Start counting for ``run``; two runs into one broker must differ in it."""
        self.run = run
        self._last = 0

    def next(self) -> str:
        """Return the next name."""
        self._last += 1
        return f"{self.run}-{self._last:x}"

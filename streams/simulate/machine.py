"""A made-up machine: it runs, and now and then stops for a change-over."""

from __future__ import annotations

from collections.abc import Iterator
from math import log
from random import Random

from schemas.sensors import State

_CHANGEOVER_S = 4.0
_BETWEEN_S = 300.0


class Machine:
    """Knows when it changes its state; its sensors go on as before, so that it looks healthy."""

    __slots__ = ("_next_at", "_rng", "line", "name", "state")

    def __init__(self, line: str, name: str, rng: Random) -> None:
        """Start it."""
        self.line = line
        self.name = name
        self.state: State = "running"
        self._rng = rng
        self._next_at = self._pause()

    def changes(self, elapsed: float, *, faulty: bool) -> Iterator[tuple[float, State]]:
        """Yield the changes of state up to ``elapsed``; nobody changes over a faulty machine."""
        while self._next_at <= elapsed:
            at = self._next_at
            if self.state == "changeover":
                self.state = "running"
                self._next_at += self._pause()
            elif faulty:
                self._next_at += _CHANGEOVER_S
                continue
            else:
                self.state = "changeover"
                self._next_at += _CHANGEOVER_S
            yield at, self.state

    def _pause(self) -> float:
        return 20.0 - _BETWEEN_S * log(1.0 - self._rng.random())

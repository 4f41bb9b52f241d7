"""A machine's sensors speak one by one: their samples put together to rows.

A row is full as soon as every sensor of the machine has spoken since the last one. A sensor that speaks
again before that begins the next row, and those that had not spoken count with their last value.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_LOOKED_AT = 20
"""After so many rounds it is known which sensors speak about equally often: only these make rows."""
_OFTEN = 0.5


class Row(NamedTuple):
    """One row of samples."""

    values: Floats
    sound: bool
    """Whether each sensor gave a value of good quality."""


class Rows:
    """Which sensors make a machine's rows, and the row that is being filled."""

    __slots__ = ("_at", "_filled", "_heard", "_rounds", "_sound", "_values", "names")

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        """The sensors of a row, in its order; none until they are known."""
        self._at: dict[str, int] = {}
        self._heard: dict[str, int] = {}
        self._rounds = 0
        self._filled: set[str] = set()
        self._values = np.zeros(0)
        self._sound = True

    def take(self, name: str, x: float | None, most: int, *, good: bool) -> Row | None:
        """Take a sample in; return the row that it completes, if it completes one.

        ``most`` sensors make a row at most.
        """
        if not self.names:
            self._look(name, most)
        if not self.names:
            return None
        place = self._at.get(name)
        if place is None:
            return None
        row = self._end() if name in self._filled else None
        self._filled.add(name)
        if x is not None and good:
            self._values[place] = x
        else:
            self._sound = False
        return self._end() if len(self._filled) == len(self.names) else row

    def _look(self, name: str, most: int) -> None:
        if name in self._filled:
            self._rounds += 1
            self._filled.clear()
        self._filled.add(name)
        if name in self._heard or len(self._heard) < most:
            self._heard[name] = self._heard.get(name, 0) + 1
        if self._rounds < _LOOKED_AT:
            return
        often = _OFTEN * max(self._heard.values())
        self.names = tuple(sorted(own for own, times in self._heard.items() if times >= often))
        self._at = {own: place for place, own in enumerate(self.names)}
        self._values = np.full(len(self.names), np.nan)
        self._filled = set()

    def _end(self) -> Row | None:
        values, sound = self._values.copy(), self._sound
        self._filled, self._sound = set(), True
        # Until each has spoken once there is nothing to go by.
        return None if np.isnan(values).any() else Row(values, sound)

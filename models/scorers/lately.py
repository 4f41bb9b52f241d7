"""A machine's newest rows, in single precision: what it is learnt from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Lately:
    """At most ``most`` rows of so many sensors; the oldest one goes for a new one."""

    __slots__ = ("_from", "_kept", "_next", "n")

    def __init__(self, sensors: int, most: int) -> None:
        self.n = 0
        """Rows kept."""
        self._from = np.zeros(sensors)
        """What is taken off each row: of large values that hardly change, single precision would keep nothing."""
        self._kept = np.zeros((most, sensors), dtype=np.float32)
        self._next = 0

    def add(self, row: Floats) -> None:
        """Take a row in."""
        if not self.n:
            self._from = row.copy()
        elif self._next == 0:
            # Once in a round: what has moved far since would lose its digits.
            kept = self.rows()
            self._from = row.copy()
            self._kept[:] = kept - self._from
        self._kept[self._next] = row - self._from
        self._next = (self._next + 1) % len(self._kept)
        self.n = min(self.n + 1, len(self._kept))

    def rows(self) -> Floats:
        """Return the rows, the oldest one first."""
        from_oldest = -self._next if self.n == len(self._kept) else 0
        return np.roll(self._kept[: self.n], from_oldest, axis=0) + self._from

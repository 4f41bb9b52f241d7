"""How fast rows of co-visits are published: no faster than the merge takes them and stays short.

Views change thousands of rows a second in a large shop, orders some dozens. If all were marked for
the merge at once, it would take seconds, rest for as long as it may (`Host.merge`), and an order
would wait for its turn behind views. What waits in a shard costs nothing, and is published once
however often it changes meanwhile.
"""

from __future__ import annotations

_LONGEST_S = 0.05
"""So many seconds of the loop a merge may take for rows of co-visits; with a quarter of the time for
all of merging it still comes every second."""
_FIRST = 500
"""Rows of the first time, when it is not known what one takes."""
_LEAST = 50
_FEW = 20
"""Over so few rows it is the rest of a merge that takes the time."""
_NEWEST = 0.3


class Pace:
    """The room for rows until the next merge of this worker."""

    def __init__(self) -> None:
        self.room = _FIRST
        """So many rows may be published before the next merge."""
        self.turn = 0
        """Rises with each merge: who publishes first changes."""
        self._row_s: float | None = None

    def published(self, rows: int) -> None:
        """Note rows that the next merge has to take."""
        self.room -= rows

    def merged(self, rows: int, seconds: float) -> None:
        """Note how long a merge of so many rows took; what comes then goes to the next one."""
        self.turn += 1
        if rows >= _FEW:
            took = seconds / rows
            before = took if self._row_s is None else self._row_s
            self._row_s = before + _NEWEST * (took - before)
        most = _FIRST if self._row_s is None else int(_LONGEST_S / max(self._row_s, 1e-6))
        self.room = max(most, _LEAST)

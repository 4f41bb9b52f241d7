"""How far a partition was read: without a gap, and to its end. Pure: who asks decides what it means."""

from __future__ import annotations

from typing import NamedTuple

Where = tuple[str, int]


class Gap(NamedTuple):
    """Offsets that were never delivered: from ``first`` up to, not including, ``next``."""

    first: int
    next: int


class Continuity:
    """The next offset that is due of each partition."""

    def __init__(self) -> None:
        self._due: dict[Where, int] = {}

    def begin(self, where: Where, offset: int) -> None:
        """Note where reading begins; below 0, a logical offset, is wherever the first event is."""
        if offset >= 0:
            self._due[where] = offset
        else:
            self._due.pop(where, None)

    def take(self, where: Where, offsets: list[int]) -> Gap | None:
        """Note a batch's offsets, ascending; return the first gap before or in them.

        Offsets below the one that is due are repeats, and no gap.
        """
        due = self._due.get(where, offsets[0])
        self._due[where] = max(due, offsets[-1] + 1)
        if offsets[0] <= due and offsets[-1] - offsets[0] + 1 == len(offsets):
            return None
        for offset in offsets:
            if offset > due:
                return Gap(due, offset)
            due = max(due, offset + 1)
        return None


class Ends:
    """Which partitions have more than was read.

    Not by lag: the last offset may be a transaction's marker, or reading begin at the end.
    """

    def __init__(self) -> None:
        self._ends: dict[Where, tuple[int, int]] = {}
        """The end that was reached, and the end as Kafka told it last."""

    def reached(self, where: Where, offset: int) -> None:
        """Note that all before ``offset``, the end, was read."""
        self._ends[where] = (offset, self._ends.get(where, (-1, 0))[1])

    def told(self, where: Where, offset: int) -> None:
        """Note where the end is by now."""
        self._ends[where] = (self._ends.get(where, (-1, 0))[0], offset)

    def forget(self, where: Where) -> None:
        """Begin anew with a partition."""
        self._ends.pop(where, None)

    def clear(self) -> None:
        """Forget all."""
        self._ends.clear()

    def unread(self) -> list[Where]:
        """Return the partitions whose end was not reached yet."""
        return [where for where, (reached, end) in list(self._ends.items()) if end > reached]

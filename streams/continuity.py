"""Whether a partition's offsets go on without a gap. Pure: who asks decides what a gap means."""

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

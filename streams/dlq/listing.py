"""A stream of letters as a list: the newest in rows, all of them in totals."""

from __future__ import annotations

import heapq
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from streams.dlq.letters import Letter
from streams.dlq.marks import Mark


class Listing:
    """Counts all that it is given and keeps the newest ``limit``, so that memory is bounded."""

    def __init__(self, limit: int, *, handled: bool) -> None:
        self.by_topic: Counter[str] = Counter()
        self.by_reason: Counter[str] = Counter()
        self.hidden: Counter[str] = Counter()
        """Letters left out because they were handled, by what was done."""
        self._limit = limit
        self._handled = handled
        self._newest: list[tuple[float, int, int, Letter, Mark]] = []

    def add(self, letter: Letter, mark: Mark) -> None:
        """Take a letter in."""
        if mark.state and not self._handled:
            self.hidden[mark.state] += 1
            return
        self.by_topic[letter.told.topic] += 1
        self.by_reason[letter.told.reason] += 1
        # Partition and offset are unique, so letters themselves are never compared.
        row = (letter.at, letter.partition, letter.offset, letter, mark)
        if len(self._newest) < self._limit:
            heapq.heappush(self._newest, row)
        else:
            heapq.heappushpop(self._newest, row)

    @property
    def matched(self) -> int:
        """How many were taken in and not hidden."""
        return self.by_topic.total()

    def rows(self) -> list[tuple[Letter, Mark]]:
        """Return the newest, oldest of them first: what came last stands next to the prompt."""
        return [(letter, mark) for *_, letter, mark in sorted(self._newest, key=lambda r: r[:3])]


def facts(letter: Letter, mark: Mark) -> dict[str, Any]:
    """Return a letter as a row of data, without its value."""
    told = letter.told
    return {
        "id": told.id,
        "at": iso(letter.at),
        "topic": told.topic,
        "partition": told.partition,
        "offset": told.offset,
        "reason": told.reason,
        "field": told.where,
        "message": told.message,
        "size": told.size,
        "truncated": told.truncated,
        "key": None if letter.key is None else letter.key.decode(errors="backslashreplace"),
        "dead_letters_partition": letter.partition,
        "dead_letters_offset": letter.offset,
        "state": str(mark),
        "handled_at": iso(mark.at) if mark.state else None,
        "replays": mark.replays,
        "because": mark.because,
    }


def iso(at: float) -> str:
    """Return a time in UTC, to the second."""
    return datetime.fromtimestamp(int(at), UTC).isoformat().replace("+00:00", "Z")

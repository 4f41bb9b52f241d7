"""When a record is due and which time it bears. Pure: the clock is an argument."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from typing import Literal

from msgspec.structs import replace

from streams.replay.records import BadRow, Record

Times = Literal["keep", "now"]


@dataclass(frozen=True, slots=True)
class Clock:
    """The clocks of a replay: unix seconds, seconds that never jump, and waiting."""

    wall: Callable[[], float] = time.time
    elapsed: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Pacing:
    """How fast, and with which times.

    ``speed`` is event seconds per second, or nothing for as fast as it goes. ``times`` keeps the
    times of the events, or dates the first one now and every other one when it is published: at
    speed 1 a plain shift, at speed 10 the gaps are a tenth, for an event that is dated in the
    future would be refused.
    """

    speed: float | None = None
    times: Times = "keep"

    def __post_init__(self) -> None:
        """Refuse a speed that is no speed."""
        if self.speed is not None and not 0 < self.speed < float("inf"):
            raise ValueError(f"speed is {self.speed}; it must be more than 0, or max")


class Pacer:
    """The pacing of one replay, from its first record on."""

    def __init__(self, pacing: Pacing, wall: float, elapsed: float) -> None:
        """Start at ``wall`` (unix seconds), when the other clock shows ``elapsed``."""
        self._pacing = pacing
        self._wall = wall
        self._begin = elapsed
        self._first: float | None = None

    def wait(self, at: float, elapsed: float) -> float:
        """Return the seconds until a record that happened ``at`` is due; 0 if it is overdue."""
        if self._pacing.speed is None:
            return 0.0
        if self._first is None:
            self._first = at
        due = self._begin + (at - self._first) / self._pacing.speed
        return max(0.0, due - elapsed)

    def dated(self, record: Record, elapsed: float) -> Record:
        """Return the record with the time that it shall bear."""
        if self._pacing.times == "keep":
            return record
        if self._first is None:
            self._first = record.at
        if self._pacing.speed is None:
            at = self._wall + elapsed - self._begin
        else:
            at = self._wall + (record.at - self._first) / self._pacing.speed
        event = replace(record.event, occurred_at=datetime.fromtimestamp(at, UTC))
        return replace(record, event=event, at=at)


def merge(*streams: Iterator[Record | BadRow]) -> Iterator[Record | BadRow]:
    """Yield several streams as one, by event time; each must be ordered by time itself.

    A bad row has no time and stays behind the record before it. Where a stream steps back in
    time, its order is kept.
    """
    for _, item in heapq.merge(*map(_timed, streams), key=itemgetter(0)):
        yield item


def _timed(stream: Iterator[Record | BadRow]) -> Iterator[tuple[float, Record | BadRow]]:
    latest = float("-inf")
    for item in stream:
        if isinstance(item, Record):
            latest = item.at
        yield latest, item

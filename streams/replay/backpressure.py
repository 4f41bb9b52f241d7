"""Waiting for the consumers, where the broker does not keep what they have not read yet.

The embedded broker holds about 5 MB a partition and then drops the oldest messages, read or not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Protocol

from streams.replay.pacing import Clock

Partition = tuple[str, int]


class Progress(Protocol):
    """How far the consumers are."""

    def committed(self, partitions: Iterable[Partition]) -> Mapping[Partition, int]:
        """Return the next offset to read of each partition that has one."""


class Sink(Protocol):
    """Where events are published, as `streams.runtime.publisher.Publisher` does."""

    @property
    def unsent_bytes(self) -> int:
        """Bytes that are not confirmed yet."""

    @property
    def delivered(self) -> Mapping[Partition, tuple[int, int]]:
        """The last offset confirmed and all bytes confirmed, per partition."""

    def publish(self, topic: str, key: bytes, value: bytes) -> None:
        """Hand an event over."""

    def poll(self, timeout_seconds: float = 0.0) -> None:
        """Take in delivery reports."""

    def flush(self, timeout_seconds: float) -> None:
        """Wait until everything is confirmed."""


class StalledError(RuntimeError):
    """The consumers have stopped reading."""


class Backlog:
    """Bytes that are confirmed but not consumed, per partition."""

    def __init__(self) -> None:
        """Start with nothing published."""
        self._marks: dict[Partition, deque[tuple[int, int]]] = {}
        self._read: dict[Partition, int] = {}
        self._published: dict[Partition, int] = {}

    def mark(self, delivered: Mapping[Partition, tuple[int, int]]) -> None:
        """Note how far every partition is: last offset, bytes so far."""
        for partition, (offset, size) in delivered.items():
            if self._published.get(partition) != size:
                self._published[partition] = size
                self._marks.setdefault(partition, deque()).append((offset, size))

    def consumed(self, committed: Mapping[Partition, int]) -> None:
        """Take off what the consumers have read: all up to the last mark they have passed."""
        for partition, marks in self._marks.items():
            following = committed.get(partition, 0)
            while marks and marks[0][0] < following:
                self._read[partition] = marks.popleft()[1]

    def waiting(self, partition: Partition) -> int:
        """Return the bytes of a partition that nobody has read, rounded up to the next mark."""
        return self._published.get(partition, 0) - self._read.get(partition, 0)

    def longest(self) -> tuple[Partition, int]:
        """Return the partition with the most bytes unread, and how many."""
        return max(
            ((partition, self.waiting(partition)) for partition in self._published),
            key=lambda found: found[1],
            default=(("", -1), 0),
        )

    @property
    def partitions(self) -> list[Partition]:
        """The partitions that were published to."""
        return list(self._published)

    @property
    def read_bytes(self) -> int:
        """Bytes consumed, over all partitions."""
        return sum(self._read.values())


class Gate:
    """Lets events through as long as no partition holds more than ``limit`` unread bytes."""

    def __init__(
        self,
        sink: Sink,
        follow: Progress,
        clock: Clock,
        *,
        limit: int = 2_000_000,
        stall_seconds: float = 60.0,
    ) -> None:
        """Guard ``sink``; consumers that read nothing for ``stall_seconds`` are an error."""
        self._sink = sink
        self._follow = follow
        self._clock = clock
        self._limit = limit
        self._stall = stall_seconds
        # Looking costs a question to the broker, so it is done once in this many bytes.
        self._step = max(1, limit // 8)
        self._left = self._step
        self._backlog = Backlog()

    def admit(self, size: int) -> None:
        """Wait until ``size`` more bytes may be published. Raises `StalledError`."""
        self._left -= size
        if self._left < 0:
            self._wait(size)
            self._left = self._step - size

    def _wait(self, size: int) -> None:
        since = self._clock.elapsed()
        before: tuple[int, int] | None = None
        while True:
            self._sink.poll(0.0)
            self._backlog.mark(self._sink.delivered)
            if self._fits(size):
                return
            self._backlog.consumed(self._follow.committed(self._backlog.partitions))
            if self._fits(size):
                return
            moved = (self._backlog.read_bytes, self._sink.unsent_bytes)
            now = self._clock.elapsed()
            if moved != before:
                before, since = moved, now
            elif now - since >= self._stall:
                (topic, number), unread = self._backlog.longest()
                raise StalledError(
                    f"nothing was consumed for {self._stall:g} s, and {topic}[{number}] holds "
                    f"{unread:,} unread bytes: is a worker running, with this consumer group?"
                )
            self._clock.sleep(0.02)

    def _fits(self, size: int) -> bool:
        # Nobody knows the partition of what is not confirmed yet: it may all be the same one.
        pending = self._backlog.longest()[1] + self._sink.unsent_bytes
        return pending == 0 or pending + max(size, self._step) <= self._limit

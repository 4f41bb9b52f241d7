"""A clock, a publisher and consumers that do what the test says."""

from __future__ import annotations

from collections.abc import Iterable

from streams.replay.pacing import Clock


class Hands:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.at = 0.0
        self.naps: list[float] = []
        self.clock = Clock(lambda: 1_800_000_000.0 + self.at, lambda: self.at, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.at += seconds


class FakePublisher:
    """Confirms events on poll, each topic into one partition."""

    def __init__(self, hands: Hands | None = None) -> None:
        self.hands = hands
        self.sent: list[tuple[str, bytes, bytes]] = []
        self.when: list[float] = []
        self.delivered: dict[tuple[str, int], tuple[int, int]] = {}
        self.unsent_bytes = 0
        self.flushed = False
        self._queue: list[tuple[str, int]] = []

    def publish(self, topic: str, key: bytes, value: bytes) -> None:
        self.sent.append((topic, key, value))
        self.when.append(self.hands.at if self.hands else 0.0)
        self.unsent_bytes += len(key) + len(value)
        self._queue.append((topic, len(key) + len(value)))

    def poll(self, timeout_seconds: float = 0.0) -> None:
        for topic, size in self._queue:
            offset, before = self.delivered.get((topic, 0), (-1, 0))
            self.delivered[topic, 0] = (offset + 1, before + size)
            self.unsent_bytes -= size
        self._queue.clear()

    def flush(self, timeout_seconds: float) -> None:
        self.poll()
        self.flushed = True


class FakeConsumers:
    """Read ``step`` messages each time they are asked how far they are."""

    def __init__(self, publisher: FakePublisher, step: int) -> None:
        self.publisher = publisher
        self.step = step
        self.at = 0
        self.asked = 0

    def committed(self, partitions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
        self.asked += 1
        top = max(offset for offset, _ in self.publisher.delivered.values()) + 1
        self.at = min(self.at + self.step, top)
        return {partition: self.at for partition in partitions if self.at}

"""The load: the made-up shop's events, published when they happen."""

from __future__ import annotations

import threading
import time

from confluent_kafka import Producer

from bench.crowd import Crowd
from bench.workers import BenchError

_RAMP_S = 120.0
"""The shop has been open for so long before: it takes a while until as many leave as come."""


class Stream(threading.Thread):
    """Publishes a crowd's events at their time until stopped."""

    def __init__(self, bootstrap: str, items: int, customers: int, seed: int, rate: float) -> None:
        super().__init__(name="stream", daemon=True)
        self.published = 0
        self.late_s = 0.0
        """How far behind its time an event was published, at most."""
        self._crowd = Crowd(items, customers, seed, rate=rate, start=time.time() - _RAMP_S)
        self._over = threading.Event()
        self._error: Exception | None = None
        self._producer = producer_of(bootstrap)

    def run(self) -> None:
        """Publish until stopped."""
        try:
            began: float | None = None
            for sent in self._crowd.events():
                if began is None:
                    # What it took to make the past must not be caught up with.
                    if sent.at < time.time():
                        continue
                    began = sent.at
                wait = sent.at - time.time()
                if wait > 0.002 and self._over.wait(wait):
                    return
                if self._over.is_set():
                    return
                self.late_s = max(self.late_s, -wait)
                self._producer.produce(
                    sent.topic, sent.value, sent.key, timestamp=int(sent.at * 1000)
                )
                self._producer.poll(0)
                self.published += 1
        except Exception as error:  # noqa: BLE001 - told by check, in the main thread
            self._error = error

    def check(self) -> None:
        """Raise what went wrong."""
        if self._error is not None:
            raise BenchError(f"Publishing failed: {self._error}") from self._error

    def stop(self) -> None:
        """End, and have everything delivered."""
        self._over.set()
        if self.is_alive():
            self.join()
        if self._producer.flush(60.0):
            raise BenchError("Not everything could be published.")


def producer_of(bootstrap: str) -> Producer:
    """Return a producer as a shop would have."""
    return Producer(
        {
            "bootstrap.servers": bootstrap, "partitioner": "murmur2_random", "linger.ms": 5,
            "enable.idempotence": True, "compression.type": "lz4", "log_level": 0,
        }
    )  # fmt: skip

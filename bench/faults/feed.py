"""Publishes a load at a steady pace, whatever happens to the broker meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from confluent_kafka import Producer

from bench.faults.load import Sent
from bench.workers import BenchError

_PATIENCE_S = 180.0


class Feed(threading.Thread):
    """A producer as a shop would have: idempotent, and patient with a broker that is away."""

    def __init__(self, bootstrap: str, messages: Sequence[Sent], rate: float) -> None:
        super().__init__(name="feed", daemon=True)
        self.published = 0
        self._messages = messages
        self._rate = rate
        self._error: Exception | None = None
        self._over = threading.Event()
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap, "partitioner": "murmur2_random", "linger.ms": 5,
                "enable.idempotence": True, "delivery.timeout.ms": int(_PATIENCE_S * 1000),
                "log_level": 0,
            }
        )  # fmt: skip

    def run(self) -> None:
        """Publish everything."""
        began = time.monotonic()
        for number, sent in enumerate(self._messages):
            wait = began + number / self._rate - time.monotonic()
            if wait > 0 and self._over.wait(wait):
                return
            while True:
                try:
                    self._producer.produce(
                        sent.topic, sent.value, sent.key, timestamp=sent.at_ms,
                        on_delivery=self._delivered,
                    )  # fmt: skip
                    break
                except BufferError:
                    self._producer.poll(0.05)
            self.published = number + 1
            self._producer.poll(0)
        left = self._producer.flush(_PATIENCE_S)
        if left:
            self._error = BenchError(f"{left} messages could not be published.")

    def _delivered(self, error: object, _: object) -> None:
        if error is not None:
            self._error = BenchError(f"Kafka refused a message: {error}")

    def stop(self) -> None:
        """End early, with what was published so far."""
        self._over.set()
        self.join()

    def share(self) -> float:
        """Return how much of the load is published; raises what went wrong."""
        if self._error is not None:
            raise self._error
        return self.published / len(self._messages)

    def finish(self) -> None:
        """Wait until everything is published."""
        self.join()
        self.share()

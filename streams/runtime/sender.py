"""Outputs to Kafka: idempotent, in order, each batch confirmed by delivery reports."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as KafkaMessage

from schemas.topics import DEAD_LETTERS, MAX_MESSAGE_BYTES
from streams.encoding import Record
from streams.metrics import Metrics

_TOO_LARGE = frozenset({KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_RECORD})
_CUT_BYTES = 1024


def _can_be_cut(record: Record) -> bool:
    return (
        record.topic == DEAD_LETTERS.name and len(record.value) + len(record.key) > 2 * _CUT_BYTES
    )


def cut(record: Record) -> Record:
    """Return a dead letter that any topic takes: who refuses the whole one would refuse it for ever.

    The coordinates in its headers still say where the whole event is.
    """
    headers = dict(record.headers) | {"tailorline.truncated": b"true"}
    return record._replace(
        key=record.key[:_CUT_BYTES], value=record.value[:_CUT_BYTES], headers=tuple(headers.items())
    )


class KafkaSender:
    """An idempotent producer whose delivery reports are handed to the event loop.

    Source of the partitioner: Java's default is murmur2; librdkafka's own is CRC32, which would put
    a customer's offers elsewhere than a Java consumer looks for them.
    """

    def __init__(
        self, config: dict[str, Any], loop: asyncio.AbstractEventLoop, metrics: Metrics,
        failed: Callable[[Exception], None],
    ) -> None:  # fmt: skip
        self._producer = Producer(
            config
            | {
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
                "linger.ms": 5,
                "compression.type": "lz4",
                "message.max.bytes": MAX_MESSAGE_BYTES,
                "delivery.timeout.ms": 120_000,
                # What Kafka owes is bounded by the shards (`max_unconfirmed`), long before this.
                "queue.buffering.max.messages": 1_000_000,
            }
        )
        self._loop = loop
        self._metrics = metrics
        self._failed = failed
        self._stopping = False
        self._poller = threading.Thread(target=self._poll, name="outputs", daemon=True)
        self._poller.start()

    def send(self, records: Sequence[Record], confirmed: Callable[[], None]) -> None:
        """Send records in order; call ``confirmed`` on the event loop once all are on Kafka."""
        left = len(records)

        def delivered(error: KafkaError | None, message: KafkaMessage, record: Record) -> None:
            nonlocal left  # only ever touched by the polling thread
            if error is not None and error.code() in _TOO_LARGE and _can_be_cut(record):
                self._produce(cut(record), lambda e, m: delivered(e, m, cut(record)))
                return
            if error is not None:
                problem = OSError(f"Kafka refused an output for {message.topic()}: {error}")
                self._loop.call_soon_threadsafe(self._failed, problem)
                return
            self._metrics.delivered(record.topic, record.caused_at)
            left -= 1
            if not left:
                self._loop.call_soon_threadsafe(confirmed)

        for record in records:
            self._produce(
                record,
                lambda error, message, record=record: delivered(error, message, record),
            )

    def _produce(self, record: Record, report: Callable[..., None]) -> None:
        while True:
            try:
                self._producer.produce(
                    record.topic, record.value, record.key or None,
                    headers=list(record.headers), on_delivery=report,
                )  # fmt: skip
            except KafkaException as error:
                if error.args[0].code() not in _TOO_LARGE or not _can_be_cut(record):
                    raise
                record = cut(record)
            except BufferError:
                # The local queue is full: the poller empties it as the broker takes it.
                threading.Event().wait(0.01)
            else:
                return

    def _poll(self) -> None:
        while not self._stopping:
            self._producer.poll(0.05)

    def close(self, timeout_s: float) -> int:
        """Send what is left; return how many records stayed unsent (the outbox keeps them)."""
        left = int(self._producer.flush(timeout_s))
        self._stopping = True
        self._poller.join(1.0)
        return left

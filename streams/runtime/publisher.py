"""Publishing to Kafka without losing an event, and how far a consumer group has read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

Config = Mapping[str, str | int | float | bool]
Partition = tuple[str, int]

DEFAULTS: dict[str, str | int | float | bool] = {
    "linger.ms": 5,
    "compression.type": "lz4",
    "log.connection.close": False,
}
FIXED: dict[str, str | int | float | bool] = {
    # The Java client's: with librdkafka's default a key would go to another shard.
    "partitioner": "murmur2_random",
    "enable.idempotence": True,
}


class PublishError(RuntimeError):
    """Events that could not be published, or a cluster that cannot be asked."""

    def __init__(self, message: str, topic: str = "", partition: int = -1) -> None:
        """Say what went wrong, and where if it is about one partition."""
        super().__init__(message)
        self.topic = topic
        self.partition = partition


class Delivered(NamedTuple):
    """What a partition has confirmed: its last offset of ours, and the bytes of all of them."""

    offset: int
    size: int


class Publisher:
    """An idempotent producer that counts what the brokers have confirmed."""

    def __init__(self, config: Config) -> None:
        """Connect in the background; ``config`` holds librdkafka's settings.

        Raises `PublishError` if a setting is unknown or wrong.
        """
        self.delivered: dict[Partition, Delivered] = {}
        self.deliveries: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self._unsent_bytes = 0
        self._failure: PublishError | None = None
        settings: dict[str, Any] = {**DEFAULTS, **config, **FIXED, "error_cb": self._on_error}
        try:
            self._producer = Producer(settings)
        except KafkaException as error:
            raise PublishError(
                f"no producer can be made of the settings: {error.args[0]}"
            ) from error

    @property
    def unsent_bytes(self) -> int:
        """Bytes of keys and values that no broker has confirmed yet."""
        return self._unsent_bytes

    def connect(self, timeout_seconds: float = 10.0) -> None:
        """Wait until a broker answers. Raises `PublishError` if none does in time."""
        try:
            self._producer.list_topics(timeout=timeout_seconds)
        except KafkaException as error:
            reason = error.args[0]
            text = reason.str() if isinstance(reason, KafkaError) else str(reason)
            raise PublishError(f"no broker answers: {text}") from error

    def publish(self, topic: str, key: bytes, value: bytes) -> None:
        """Hand an event over; while the local queue is full, wait for room.

        Raises `PublishError` as soon as any event so far is known to have failed.
        """
        while True:
            try:
                self._producer.produce(topic, value, key, on_delivery=self._on_delivery)
            except BufferError:
                self.poll(0.1)
            except KafkaException as error:
                raise PublishError(f"{topic}: {error.args[0]}", topic) from error
            else:
                break
        self._unsent_bytes += len(key) + len(value)
        self.poll(0.0)

    def poll(self, timeout_seconds: float = 0.0) -> None:
        """Take in delivery reports. Raises `PublishError` if one says that an event failed."""
        self._producer.poll(timeout_seconds)
        self._raise()

    def flush(self, timeout_seconds: float) -> None:
        """Wait until everything is confirmed. Raises `PublishError` if it is not in time."""
        left = self._producer.flush(timeout_seconds)
        self._raise()
        if left:
            raise PublishError(f"{left:,} events were not confirmed in {timeout_seconds:g} s")

    def _on_delivery(self, error: KafkaError | None, message: Message) -> None:
        topic = message.topic() or ""
        partition = message.partition()
        number = -1 if partition is None else partition
        size = len(message.key() or b"") + len(message.value() or b"")
        self._unsent_bytes -= size
        if error is not None:
            self.errors[topic] += 1
            where = f"{topic}[{number}]" if number >= 0 else topic
            self._fail(PublishError(f"{where}: {error.str()}", topic, number))
            return
        self.deliveries[topic] += 1
        before = self.delivered.get((topic, number), Delivered(-1, 0))
        offset = message.offset()
        last = before.offset if offset is None else max(before.offset, offset)
        self.delivered[topic, number] = Delivered(last, before.size + size)

    def _on_error(self, error: KafkaError) -> None:
        # Everything else heals by itself or ends in the delivery report of an event.
        if error.fatal():
            self._fail(PublishError(f"the producer cannot go on: {error.str()}"))

    def _fail(self, failure: PublishError) -> None:
        self._failure = self._failure or failure

    def _raise(self) -> None:
        if self._failure is not None:
            raise self._failure


class GroupProgress:
    """What a consumer group has committed, asked without joining it."""

    def __init__(self, config: Config, group_id: str, timeout_seconds: float = 5.0) -> None:
        """Connect in the background; ``config`` holds librdkafka's settings."""
        settings: dict[str, Any] = {**config, "group.id": group_id, "enable.auto.commit": False}
        self.group_id = group_id
        self._consumer = Consumer(settings)
        self._timeout = timeout_seconds
        self._known: dict[Partition, int] = {}

    def committed(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """Return the next offset to read per partition; one without a commit is left out.

        While the group's coordinator cannot answer, the last answer stands. Raises
        `PublishError` if it will not answer at all, for want of rights for instance.
        """
        wanted = [TopicPartition(topic, number) for topic, number in partitions]
        if not wanted:
            return {}
        try:
            answer = self._consumer.committed(wanted, timeout=self._timeout)
        except KafkaException as error:
            reason = error.args[0]
            passing = isinstance(reason, KafkaError) and (
                reason.retriable() or reason.code() in _PASSING
            )
            if passing:
                return dict(self._known)
            raise PublishError(f"group {self.group_id}: {reason}") from error
        for found in answer:
            if found.error is None and found.offset >= 0:
                self._known[found.topic, found.partition] = found.offset
        return dict(self._known)

    def close(self) -> None:
        """Disconnect."""
        self._consumer.close()


_PASSING = {KafkaError._TIMED_OUT, KafkaError._TRANSPORT, KafkaError._WAIT_COORD}

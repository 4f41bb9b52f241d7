"""The topic of dead letters: read from end to end without a group, and letters sent back."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, cast

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)

from schemas.topics import DEAD_LETTERS, MAX_MESSAGE_BYTES
from streams.dlq.letters import Headers, Letter, read_letter, replay_headers
from streams.dlq.marks import DELIVERY_S
from streams.dlq.sending import Failure
from streams.errors import Misconfigured
from streams.runtime.admin import broker_facts
from streams.settings import Settings

Bounds = Mapping[int, tuple[int, int]]
"""Per partition the first offset to read and the one to stop before."""
_ANSWER_S = 5.0
_IDLE_S = 30.0
"""A partition that gives nothing for so long before its end is given up."""
_POLL_S = 0.02
"""`Consumer.consume` waits so long for its hundred messages, though the last of all be among them."""
_ALONE_BYTES = 100_000
_UNSENT = frozenset(
    {
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.RECORD_LIST_TOO_LARGE,
        KafkaError.INVALID_RECORD,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError._UNKNOWN_TOPIC,
        KafkaError._UNKNOWN_PARTITION,
    }
)
"""What a broker says when it did not take a message. After all else, a time-out say, it may have."""


def retention_ms(settings: Settings) -> str | None:
    """Return how long the broker keeps dead letters; None if it does not tell.

    Raises `Misconfigured` if it does not answer.
    """
    topic = broker_facts(settings).topics.get(DEAD_LETTERS.name)
    return topic.config.get("retention.ms") if topic else None


class DeadLetterReader:
    """Reads the topic; joins no group and commits nothing. Close it."""

    def __init__(self, settings: Settings) -> None:
        self.read_so_far = 0
        self.foreign = 0
        """Messages whose headers are not those of a dead letter."""
        self._where = settings.kafka.bootstrap_servers
        self._consumer = Consumer(
            settings.kafka.client_config()
            | {
                # The name is for brokers that check who may read.
                "group.id": settings.kafka.group,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 100,
                "queued.max.messages.kbytes": 2 * MAX_MESSAGE_BYTES // 1024,
                "log_level": 0,  # what goes wrong is said by the command
            }
        )

    def close(self) -> None:
        """Disconnect."""
        self._consumer.close()

    def bounds(self) -> dict[int, tuple[int, int]]:
        """Return what there is now, per partition; `Misconfigured` if the broker does not say."""
        name = DEAD_LETTERS.name
        try:
            topic = self._consumer.list_topics(name, timeout=_ANSWER_S).topics[name]
            if topic.error is not None or not topic.partitions:
                raise Misconfigured(
                    f"There is no topic {name} on {self._where}. "
                    "Make it with `tailorline topics create`."
                )
            found = {}
            for number in sorted(topic.partitions):
                where = TopicPartition(name, number)
                low_high = self._consumer.get_watermark_offsets(where, timeout=_ANSWER_S)
                if low_high is None:
                    raise Misconfigured(
                        f"The broker does not tell the offsets of {name}[{number}]."
                    )
                found[number] = low_high
        except KafkaException as error:
            raise Misconfigured(
                f"No answer from the broker at {self._where}: {error.args[0].str()}. "
                "Is TAILORLINE_KAFKA__BOOTSTRAP_SERVERS right?"
            ) from error
        return found

    def read(self, bounds: Bounds) -> Iterator[Letter]:
        """Yield the letters within the bounds, each partition's in order.

        Raises `Misconfigured` if the broker stops answering.
        """
        left = {number for number, (low, high) in bounds.items() if high > low}
        starts = [TopicPartition(DEAD_LETTERS.name, number, bounds[number][0]) for number in left]
        self._consumer.assign(starts)
        self._consumer.resume(starts)  # what an earlier reading has paused stays so
        for message in self._messages(left):
            number, offset = int(message.partition() or 0), int(message.offset() or 0)
            if number not in left:
                continue  # newer than what was there when it began
            high = bounds[number][1]
            if offset + 1 >= high:
                left.discard(number)
                self._consumer.pause([TopicPartition(DEAD_LETTERS.name, number)])
            if offset < high:
                self.read_so_far += 1
                letter = _letter(message)
                if letter is None:
                    self.foreign += 1
                else:
                    yield letter
        self._consumer.unassign()

    def _messages(self, left: set[int]) -> Iterator[Message]:
        """Yield messages until nothing is left; a partition that is at its end goes by itself."""
        last, trouble = time.monotonic(), ""
        while left:
            messages = self._consumer.consume(100, _POLL_S)
            if not messages and time.monotonic() - last > _IDLE_S:
                raise Misconfigured(
                    f"The broker at {self._where} gave nothing of {DEAD_LETTERS.name}[{min(left)}] "
                    f"for {_IDLE_S:g} s. {trouble}".strip()
                )
            for message in messages:
                last = time.monotonic()
                error = message.error()
                if error is None:
                    yield message
                elif error.code() == KafkaError._PARTITION_EOF:
                    # The last offset need not have a message: a transaction's end has none.
                    left.discard(int(message.partition() or 0))
                else:
                    trouble = error.str()


def _letter(message: Message) -> Letter | None:
    _, milliseconds = message.timestamp()
    key, value = message.key(), message.value()
    return read_letter(
        key if isinstance(key, bytes) else None,
        value if isinstance(value, bytes) else None,
        cast("Headers", message.headers() or ()),
        milliseconds / 1000,
        int(message.partition() or 0),
        int(message.offset() or 0),
    )


class Resender:
    """Sends letters back to the topic they came from; idempotent, to where the key belongs."""

    def __init__(self, settings: Settings) -> None:
        self._fates: dict[str, Failure | None] = {}
        self._producer = Producer(
            settings.kafka.client_config()
            | {
                "enable.idempotence": True,
                # The Java client's: with librdkafka's default a key would go to another shard.
                "partitioner": "murmur2_random",
                "compression.type": "lz4",
                "message.max.bytes": MAX_MESSAGE_BYTES,
                # A broker that refuses a batch for its size refuses all in it: large ones go alone.
                "batch.size": _ALONE_BYTES,
                "delivery.timeout.ms": DELIVERY_S * 1000,
                "log_level": 0,
            }
        )

    def send(self, letter: Letter, replays: int) -> None:
        """Hand a letter over; `confirmed` tells what became of it."""
        try:
            self._produce(letter, replays)
        except KafkaException as error:
            self._fates[letter.id] = Failure(error.args[0].str(), unsent=True)

    def _produce(self, letter: Letter, replays: int) -> None:
        def report(error: KafkaError | None, _: Any) -> None:
            self._fates[letter.id] = (
                None if error is None else Failure(error.str(), error.code() in _UNSENT)
            )

        while True:
            try:
                self._producer.produce(
                    letter.told.topic, letter.value, letter.key,
                    headers=list(replay_headers(letter, replays)), on_delivery=report,
                )  # fmt: skip
            except BufferError:
                self._producer.poll(0.1)
            else:
                return

    def settle(self) -> None:
        """Wait until every letter handed over is confirmed or has failed: the time-out sees to it."""
        while self._producer.flush(0.2):
            pass  # in slices, so that Ctrl-C is heard

    def confirmed(self) -> dict[str, Failure | None]:
        """Take what is known of letters, by id, since the last time."""
        fates, self._fates = self._fates, {}
        return fates

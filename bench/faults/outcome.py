"""What a run left behind: in the store, in the snapshots, and on the output topics."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import redis
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from pydantic import SecretStr

from bench.workers import BenchError
from models.snapshot import Snapshot, unseal
from schemas.deadletters import DeadLetter
from schemas.topics import DEAD_LETTERS, INPUTS, OUTPUTS
from streams.processor import Message
from streams.settings import StoreSettings
from streams.store.protocol import Entry, Wanted, counts_in
from streams.store.redis import RedisStore
from streams.topology import ShardId

_COUNTED = ("count:*", "row:*")
_READ_S = 120.0
Counts = dict[str, dict[str, float]]


@dataclass(slots=True)
class ShardOutcome:
    """One shard."""

    tally: dict[str, int]
    watermarks: dict[str, int]
    counts: Counts
    history: list[Entry]
    snapshot: Snapshot | None


@dataclass(slots=True)
class Sent:
    """An output as consumers see it: once for each id."""

    topic: str
    key: bytes
    value: bytes
    letter: DeadLetter | None = None
    times: int = 1
    others: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Key and value of those that came later with the same id and other contents."""


@dataclass(slots=True)
class Outcome:
    """A whole run."""

    shards: dict[ShardId, ShardOutcome] = field(default_factory=dict)
    outputs: dict[str, Sent] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    """Ids that came again with other contents."""
    inputs: dict[tuple[str, int], list[Message]] = field(default_factory=dict)

    def counts(self) -> Counts:
        """Return the counts of all shards, added up."""
        total: Counts = {}
        for shard, own in self.shards.items():
            for key, row in own.counts.items():
                total[f"{shard.flow}:{key}"] = sum_of(total.get(f"{shard.flow}:{key}", {}), row)
        return total

    def tally(self) -> dict[str, int]:
        """Return the totals of all shards."""
        total: dict[str, int] = {}
        for own in self.shards.values():
            for name, count in own.tally.items():
                total[name] = total.get(name, 0) + count
        return total

    def repeats(self) -> int:
        """Return how many outputs came again, with the same id and contents."""
        return sum(sent.times - 1 for sent in self.outputs.values())


def sum_of(one: dict[str, float], other: dict[str, float]) -> dict[str, float]:
    """Return two rows added up."""
    return {name: one.get(name, 0.0) + other.get(name, 0.0) for name in one.keys() | other.keys()}


async def shards_of(url: str, prefix: str, key: bytes) -> dict[ShardId, ShardOutcome]:
    """Read all shards from the store."""
    store = RedisStore(StoreSettings(url=SecretStr(url), prefix=prefix))
    client = redis.Redis.from_url(url)
    found = {}
    try:
        for shard in await store.shards():
            base = f"{prefix}:{{{shard}}}:"
            names = [
                name.decode().removeprefix(base)
                for pattern in _COUNTED
                for name in client.scan_iter(_escaped(base) + pattern, 1000)
            ]
            rows = await store.read(shard, [Wanted(name) for name in names])
            blob = await store.load_snapshot(shard)
            found[shard] = ShardOutcome(
                await store.tally(shard), await store.watermarks(shard),
                dict(zip(names, map(counts_in, rows), strict=True)), await store.history(shard),
                unseal(blob, key) if blob else None,
            )  # fmt: skip
    finally:
        client.close()
        await store.close()
    return found


def _escaped(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "[]*?\\" else letter for letter in text)


def read_all(bootstrap: str, topics: list[str]) -> dict[tuple[str, int], list[Any]]:
    """Read topics from their beginning to their present end."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap, "group.id": "tailorline-bench-faults",
            "enable.auto.commit": False, "log_level": 0, "fetch.wait.max.ms": 20,
        }
    )  # fmt: skip
    found: dict[tuple[str, int], list[Any]] = {}
    try:
        ends = {}
        for topic in topics:
            for number in consumer.list_topics(topic, timeout=20.0).topics[topic].partitions:
                asked = TopicPartition(topic, number, OFFSET_BEGINNING)
                low, high = consumer.get_watermark_offsets(asked, timeout=20.0)
                found[topic, number] = []
                if high > low:
                    ends[topic, number] = high
        consumer.assign([TopicPartition(*where, OFFSET_BEGINNING) for where in ends])
        idle = 0.0
        while ends and idle < _READ_S:
            messages = consumer.consume(1_000, 0.2)
            idle = 0.0 if messages else idle + 0.2
            for raw in messages:
                message: Any = raw
                if message.error():
                    continue
                where = (message.topic(), message.partition())
                found[where].append(message)
                if message.offset() + 1 >= ends.get(where, 0):
                    ends.pop(where, None)
        if ends:
            raise BenchError(f"These could not be read to their end: {sorted(ends)}.")
    finally:
        consumer.close()
    return found


def inputs_of(bootstrap: str) -> dict[tuple[str, int], list[Message]]:
    """Read all input events."""
    raw = read_all(bootstrap, [topic.name for topic in INPUTS])
    return {
        where: [
            Message(m.topic(), m.partition(), m.offset(), m.timestamp()[1] / 1000, m.key(), m.value())
            for m in messages
        ]
        for where, messages in raw.items()
    }  # fmt: skip


def outputs_of(bootstrap: str) -> tuple[dict[str, Sent], set[str]]:
    """Read all outputs, by id; and the ids that came again with other contents."""
    outputs: dict[str, Sent] = {}
    changed: set[str] = set()
    for messages in read_all(bootstrap, [topic.name for topic in OUTPUTS]).values():
        for message in messages:
            headers = dict(message.headers() or ())
            own_id = (headers.get("ce_id") or headers["tailorline.id"]).decode()
            sent = Sent(message.topic(), message.key() or b"", message.value() or b"")
            if message.topic() == DEAD_LETTERS.name:
                sent.letter = DeadLetter.from_headers(headers)
            first = outputs.setdefault(own_id, sent)
            if first is sent:
                continue
            first.times += 1
            if (first.topic, first.key, first.value) != (sent.topic, sent.key, sent.value):
                changed.add(own_id)
                first.others.append((sent.key, sent.value))
    return outputs, changed

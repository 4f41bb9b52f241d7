"""What is published: the simulated world's mix, and one that makes no offers; preloaded."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from confluent_kafka import Consumer, Producer, TopicPartition

from bench.workers import BenchError
from streams.simulate.world import World
from streams.topology import FLOW_OF_TOPIC

Mix = Literal["mix", "ingest"]
MIXES: tuple[Mix, ...] = ("ingest", "mix")
RATE = 2_000.0
"""Events a second of the simulated world: its visitors are some 200 at a time."""
_STEP_S = 0.1
_INGEST = frozenset({"orders", "sensors"})


@dataclass(slots=True)
class Load:
    """What lies on the broker."""

    events: int = 0
    size: int = 0
    by_topic: Counter[str] = field(default_factory=Counter)
    ends: dict[tuple[str, int], int] = field(default_factory=dict)
    """The next offset after the last event of each partition."""

    @property
    def by_flow(self) -> dict[str, int]:
        """Events by flow."""
        flows: Counter[str] = Counter()
        for topic, count in self.by_topic.items():
            flows[FLOW_OF_TOPIC[topic].name] += count
        return dict(flows)


def messages(mix: Mix, events: int, seed: int) -> Iterator[tuple[str, bytes, bytes, float]]:
    """Yield topic, key, value and time of ``events`` events that end about now.

    ``ingest`` leaves the clickstream out: without views there is nothing to offer.
    """
    share = 1.0 if mix == "mix" else 0.22
    start = time.time() - events / share / RATE - 60.0
    world = World(seed, RATE)
    now, made = start, 0
    while made < events:
        for message in world.advance(now):
            if mix == "ingest" and message.topic not in _INGEST:
                continue
            yield message.topic, message.key, message.value, now
            made += 1
            if made == events:
                return
        now += _STEP_S


def preload(
    bootstrap: str, mix: Mix, events: int, seed: int, advance: Callable[[int], None]
) -> Load:
    """Publish all events, in order, and make sure that the broker still has every one."""
    load = Load()
    failed: list[str] = []

    def delivered(error: object, message: object) -> None:
        del message
        if error is not None:
            failed.append(str(error))

    # Compressed, for the embedded broker counts bytes as they come; gzip, for Faust has no lz4.
    producer = Producer(
        {
            "bootstrap.servers": bootstrap, "partitioner": "murmur2_random", "linger.ms": 20,
            "compression.type": "gzip", "enable.idempotence": True,
            "queue.buffering.max.messages": 500_000,
        }
    )  # fmt: skip
    for topic, key, value, at in messages(mix, events, seed):
        producer.produce(topic, value, key, timestamp=int(at * 1000), on_delivery=delivered)
        load.events += 1
        load.size += len(value)
        load.by_topic[topic] += 1
        if load.events % 500 == 0:
            producer.poll(0)
            advance(500)
    if producer.flush(60.0) or failed:
        raise BenchError(f"Not all events were published: {failed[:1]}")
    load.ends = _ends(bootstrap, load)
    return load


def _ends(bootstrap: str, load: Load) -> dict[tuple[str, int], int]:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "bench-ends"})
    ends: dict[tuple[str, int], int] = {}
    try:
        for topic in load.by_topic:
            for number in consumer.list_topics(topic, timeout=10.0).topics[topic].partitions:
                low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), 10.0)
                if low:
                    raise BenchError(
                        f"The embedded broker has dropped the first {low:,} events of "
                        f"{topic}[{number}]: it keeps 5 MB a partition. Use fewer --events."
                    )
                if high:
                    ends[topic, number] = high
    finally:
        consumer.close()
    if sum(ends.values()) != load.events:
        raise BenchError(f"{load.events:,} events published, {sum(ends.values()):,} on the broker.")
    return ends

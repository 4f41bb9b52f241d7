"""The contenders that run in a process of their own: ``python -m bench.throughput.child KIND …``.

Each reads all preloaded events and prints one line of JSON. A process of its own, because the
embedded broker lives in the benchmark's, and its CPU must not be counted.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from bench.throughput.inprocess import Shards
from schemas.decoding import DECODERS
from streams.processor import Message
from streams.settings import Settings
from streams.topology import FLOW_OF_TOPIC, FLOWS, ShardId

BATCH = 500
Batches = list[tuple[ShardId, list[Message]]]


def consumer_of(bootstrap: str) -> Consumer:
    """Return a consumer of all input topics, set up as a worker's but without a group."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap, "group.id": "bench", "enable.auto.commit": False,
            "enable.auto.offset.store": False, "auto.offset.reset": "earliest",
            "queued.max.messages.kbytes": 65_536,
        }
    )  # fmt: skip
    consumer.assign(
        [
            TopicPartition(topic, number, 0)
            for topic in FLOW_OF_TOPIC
            for number in consumer.list_topics(topic, timeout=10.0).topics[topic].partitions
        ]
    )
    return consumer


def limit(bootstrap: str, events: int) -> dict[str, Any]:
    """Consume and decode, and nothing else: what no consumer in Python can beat."""
    consumer = consumer_of(bootstrap)
    read, began, cpu, first = 0, 0.0, 0.0, 0
    while read < events:
        for message in consumer.consume(BATCH, 0.05):
            DECODERS[message.topic() or ""](message.value())
            read += 1
        if read and not began:
            began, cpu, first = time.perf_counter(), time.process_time(), read
    found = _result(read - first, time.perf_counter() - began, time.process_time() - cpu)
    consumer.close()
    return found


def batches_of(bootstrap: str, events: int) -> Batches:
    """Return all events in the batches that a worker gets: polled as set, split by shard."""
    consumer = consumer_of(bootstrap)
    most = Settings().kafka.batch
    found: Batches = []
    read = 0
    while read < events:
        polled: dict[ShardId, list[Message]] = {}
        for kafka_message in consumer.consume(most, 0.05):
            raw: Any = kafka_message
            shard = ShardId(FLOW_OF_TOPIC[raw.topic()].name, raw.partition())
            polled.setdefault(shard, []).append(
                Message(
                    raw.topic(), raw.partition(), raw.offset(), raw.timestamp()[1] / 1000,
                    raw.key(), raw.value(),
                )
            )  # fmt: skip
            read += 1
        found.extend(polled.items())
    consumer.close()
    return found


def core(bootstrap: str, events: int, partitions: int) -> dict[str, Any]:
    """Run the steps over batches that lie in memory; merge as often as a worker does."""
    batches = batches_of(bootstrap, events)

    async def work() -> Shards:
        shards = Shards(partitions, Settings())
        merged = 0.0
        for shard, messages in batches:
            await shards.take(shard, messages)
            spent = shards.spent().wall
            if spent - merged >= shards.settings.merging.every_s:
                merged = spent
                await shards.merge()
        return shards

    shards = asyncio.run(work())
    total = shards.spent()
    return _result(total.events, total.wall, total.cpu) | {
        "outputs": total.outputs,
        "batches": len(batches),
        "flows": {
            flow.name: _result(own.events, own.wall, own.cpu)
            for flow in FLOWS
            if (own := shards.spent(flow.name)).events
        },
    }


def _result(events: int, wall: float, cpu: float) -> dict[str, Any]:
    return {
        "events": events,
        "events_per_s": events / wall,
        "cpu_us_per_event": cpu * 1e6 / events,
        "wall_s": wall,
    }


def main() -> None:
    """Run one contender."""
    kind, bootstrap, events, partitions = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:5])
    if kind == "limit":
        found = limit(bootstrap, events)
    elif kind == "core":
        found = core(bootstrap, events, partitions)
    else:
        from bench.throughput.faust_agent import run  # noqa: PLC0415 - only this one needs Faust

        run(bootstrap, events, partitions)
        return
    print(json.dumps(found))


if __name__ == "__main__":
    main()

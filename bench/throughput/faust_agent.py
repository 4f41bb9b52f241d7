"""The same steps in a plain Faust app: topic agents on Faust's own consumer (aiokafka).

It is given every advantage: batches instead of single events, nothing written to Redis, no output
sent, no snapshot. What remains is Faust's transport, and the steps with their merged view in memory.
Set as its source asks for: topics are not declared (the embedded broker has no CreateTopics), the
buffer is large (a full one stalls for a second), and a fetch waits 20 ms instead of a hard 1,500 ms,
which the embedded broker would sit out every time.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import tempfile
import time
from collections.abc import Callable
from typing import Any

from bench.throughput.inprocess import Shards
from streams.processor import Message
from streams.topology import FLOWS, ShardId


class Count:
    """Counts what was done, and prints the result after the last event."""

    def __init__(self, events: int, shards: Shards) -> None:
        self._events = events
        self._shards = shards
        self._own = 0.0
        self._done = 0
        self._first = 0
        self._wall = self._cpu = 0.0

    def add(self, count: int) -> None:
        """Note a finished batch; the clock starts after the first one."""
        self._done += count
        if not self._first:
            self._first = self._done
            self._wall, self._cpu = time.perf_counter(), time.process_time()
            self._own = self._own_cpu()
        if self._done >= self._events:
            wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
            counted = self._done - self._first
            result = {
                "events": counted,
                "events_per_s": counted / wall,
                "cpu_us_per_event": cpu * 1e6 / counted,
                "transport_us_per_event": (cpu - self._own_cpu() + self._own) * 1e6 / counted,
                "wall_s": wall,
            }
            # Straight to the file: Faust turns prints into log lines, and begins one with a spinner.
            os.write(1, b"\n" + json.dumps(result).encode() + b"\n")
            # An orderly stop of Faust takes seconds, and there is nothing to put in order.
            os._exit(0)

    def _own_cpu(self) -> float:
        return self._shards.spent().cpu + self._shards.kept_cpu


def run(bootstrap: str, events: int, partitions: int, batch: int = 500) -> None:
    """Run the app until all events are done; ends the process."""
    import faust  # noqa: PLC0415 - only this process needs it

    aiokafka: Any = importlib.import_module("aiokafka")  # has no types
    # Faust passes a fixed fetch_max_wait_ms of 1500.
    aiokafka.AIOKafkaConsumer = functools.partial(_impatient, aiokafka.AIOKafkaConsumer)
    folder = tempfile.mkdtemp(prefix="tailorline-bench-faust-")
    app = faust.App(
        "bench-faust", broker=f"kafka://{bootstrap}", value_serializer="raw", store="memory://",
        topic_disable_leader=True, topic_allow_declare=False, table_standby_replicas=0,
        stream_buffer_maxsize=65_536, consumer_auto_offset_reset="earliest",
        broker_commit_interval=0.5, broker_max_poll_records=None, web_enabled=False, datadir=folder,
    )  # fmt: skip
    shards = Shards(partitions)
    count = Count(events, shards)
    for flow in FLOWS:
        topic = app.topic(*flow.topics, value_type=bytes, key_type=bytes, value_serializer="raw")
        app.agent(topic, name=f"bench.{flow.name}")(_agent(flow.name, shards, count, batch))
    app.timer(shards.settings.merging.every_s)(shards.merge)
    faust.Worker(app, loglevel="WARNING", quiet=True).execute_from_commandline()


def _impatient(consumer: Callable[..., Any], *args: Any, **settings: Any) -> Any:
    return consumer(*args, **{**settings, "fetch_max_wait_ms": 20})


def _agent(flow: Any, shards: Shards, count: Count, batch: int) -> Callable[[Any], Any]:
    async def work(stream: Any) -> None:
        async for events in stream.take_events(batch, within=0.05):
            polled: dict[ShardId, list[Message]] = {}
            for event in events:
                raw = event.message
                polled.setdefault(ShardId(flow, raw.partition), []).append(
                    Message(raw.topic, raw.partition, raw.offset, raw.timestamp, raw.key, raw.value)
                )
            for shard, messages in polled.items():
                await shards.take(shard, messages)
            count.add(len(events))

    return work

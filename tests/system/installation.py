"""A small installation for one test: producer, workers as real processes, outputs, the store."""

import asyncio
import gc
import os
import signal
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
)
from pydantic import SecretStr

from bench.faults.site import remake_topics
from schemas.topics import INPUTS, MAX_MESSAGE_BYTES, OUTPUTS
from streams.settings import StoreSettings
from streams.store.redis import RedisStore
from tests.system.workers import WorkerProcess

PATIENCE_S = 90.0


def until(condition: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
    """Wait for a condition and return it; fail with what was waited for."""
    end = time.monotonic() + patience_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience_s:.0f} s for {what}")
        time.sleep(0.05)


def fresh_topics(bootstrap: str) -> None:
    """Delete all topics and make them anew: each test begins at offset 0."""
    remake_topics(bootstrap)
    admin = AdminClient({"bootstrap.servers": bootstrap})
    # Producers may be allowed more than events may have: that too must end as a dead letter.
    for topic in INPUTS:
        limit = ConfigEntry(
            "max.message.bytes", str(MAX_MESSAGE_BYTES),
            incremental_operation=AlterConfigOpType.SET,
        )  # fmt: skip
        resource = ConfigResource(
            ConfigResource.Type.TOPIC, topic.name, incremental_configs=[limit]
        )
        for future in admin.incremental_alter_configs([resource]).values():
            future.result(30.0)


class Installation:
    """Everything that a test of the whole system needs."""

    def __init__(self, folder: Path, bootstrap: str, redis: str, *, real: bool) -> None:
        self.folder = folder
        self.real = real
        self.bootstrap = bootstrap
        self.group = f"test-{uuid.uuid4().hex[:8]}"
        self.store_settings = StoreSettings(
            url=SecretStr(redis), prefix=f"t{uuid.uuid4().hex[:8]}", retry_s=10.0
        )
        self.environment = os.environ | {
            "TAILORLINE_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
            "TAILORLINE_KAFKA__GROUP": self.group,
            # The least that real brokers allow; with less the embedded one forgets to answer joins.
            "TAILORLINE_KAFKA__SESSION_TIMEOUT_MS": "6000",
            "TAILORLINE_KAFKA__FETCH_WAIT_MS": "10",
            "TAILORLINE_STORE__URL": redis,
            "TAILORLINE_STORE__PREFIX": self.store_settings.prefix,
            "TAILORLINE_SNAPSHOTS__KEY": "system-test",
            "TAILORLINE_SNAPSHOTS__EVERY_S": "2",
            "TAILORLINE_SHUTDOWN_S": "15",
        }
        self.workers: list[WorkerProcess] = []
        self.sent: Counter[str] = Counter()
        self._kept: list[Any] = []
        # Kept open: conditions are looked at many times a second, beside workers that need the core.
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._store = RedisStore(self.store_settings)
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "partitioner": "murmur2_random",
                "linger.ms": 5,
                "message.max.bytes": MAX_MESSAGE_BYTES,
            }
        )

    def keep_alive(self, thing: Any) -> None:
        self._kept.append(thing)

    def end_broker(self) -> None:
        """End the embedded broker: it lives as long as it is kept."""
        self._kept.clear()
        gc.collect()

    # -- in ---------------------------------------------------------------------------------------

    def publish(self, messages: Iterable[tuple[str, bytes | None, bytes]]) -> list[tuple[int, int]]:
        """Publish ``(topic, key, value)``; return each one's partition and offset on the broker."""
        refused: list[Any] = []
        where: dict[int, tuple[int, int]] = {}

        def report(error: Any, message: Any, number: int) -> None:
            if error is not None:
                refused.append(error)
            where[number] = (message.partition(), message.offset())

        for number, (topic, key, value) in enumerate(messages):
            delivered = partial(report, number=number)
            while True:
                try:
                    self._producer.produce(topic, value, key=key, on_delivery=delivered)
                    break
                except BufferError:
                    self._producer.poll(0.05)
            self.sent[topic] += 1
            self._producer.poll(0)
        assert self._producer.flush(60) == 0
        assert not refused, refused[:3]
        return [where[number] for number in range(len(where))]

    # -- workers ----------------------------------------------------------------------------------

    def start_worker(self, **settings: str) -> WorkerProcess:
        log = self.folder / f"worker-{len(self.workers)}.log"
        worker = WorkerProcess(self.environment | settings, log)
        self.workers.append(worker)
        return worker

    def forget_workers(self) -> None:
        """Close those that ended, so that their exit codes are not looked at again."""
        for worker in self.workers:
            worker.close()
        self.workers.clear()

    # -- out --------------------------------------------------------------------------------------

    def store(self, action: Callable[[RedisStore], Any]) -> Any:
        """Do something with the store."""

        async def run() -> Any:
            return await action(self._store)

        return self._runner.run(run())

    def tally(self) -> Counter[str]:
        async def read(store: RedisStore) -> Counter[str]:
            total: Counter[str] = Counter()
            for shard in await store.shards():
                total.update(await store.tally(shard))
            return total

        return self.store(read)

    def counts(self, key: str, flow: str = "shop") -> dict[str, float]:
        async def read(store: RedisStore) -> dict[str, float]:
            total: dict[str, float] = {}
            for shard in await store.shards():
                if shard.flow == flow:
                    for name, value in (await store.counts(shard, key)).items():
                        total[name] = total.get(name, 0.0) + value
            return total

        return self.store(read)

    def applied(self) -> bool:
        """Whether all that was published is applied."""
        for worker in self.workers:
            code = worker.exit_code
            assert code in {None, 0, -signal.SIGKILL}, f"worker exit {code}: {worker.told()}"
        tally = self.tally()
        return all(tally[f"{topic}:read"] >= count for topic, count in self.sent.items())

    def reader(self, topic: str) -> "Reader":
        """A reader of an output topic, from its beginning."""
        reader = Reader(self.bootstrap, topic)
        self._kept.append(reader)
        return reader

    def outputs(self, topic: str) -> list[Any]:
        """All messages of an output topic, from its beginning to its present end."""
        reader = self.reader(topic)
        return reader.read(reader.held())

    def check_accounting(self, *, outputs: bool = True) -> Counter[str]:
        """Every event that was read is accepted, rejected or a duplicate; every output is there."""
        tally = self.tally()
        for topic, count in self.sent.items():
            parts = [tally[f"{topic}:{name}"] for name in ("accepted", "rejected", "duplicate")]
            assert tally[f"{topic}:read"] == sum(parts) == count, (topic, count, tally)
        for topic in OUTPUTS if outputs else ():
            ids = {
                id_of(message)
                for message in (self.outputs(topic.name) if tally[f"{topic.name}:sent"] else [])
            }
            assert len(ids) == tally[f"{topic.name}:sent"], (topic.name, len(ids), tally)
        return tally

    def close(self) -> None:
        for worker in self.workers:
            worker.close()
        self._runner.run(self._store.close())
        self._runner.close()


class Reader:
    """Reads an output topic without a group: what came, in the order of each partition."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self.messages: list[Any] = []
        self._topic = topic
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": f"reader-{uuid.uuid4().hex[:8]}",
                "enable.auto.commit": False,
                # The embedded broker answers a waiting fetch only when its time is over.
                "fetch.wait.max.ms": 10,
                "fetch.max.bytes": 4 * MAX_MESSAGE_BYTES,
                "receive.message.max.bytes": 8 * MAX_MESSAGE_BYTES,
            }
        )
        partitions = self._consumer.list_topics(topic, timeout=10.0).topics[topic].partitions
        self._consumer.assign([TopicPartition(topic, number, 0) for number in partitions])

    def held(self) -> int:
        """How many messages the topic holds."""
        total = 0
        for where in self._consumer.assignment():
            low, high = self._consumer.get_watermark_offsets(where, timeout=10.0)
            total += high - low
        return total

    def read(self, count: int) -> list[Any]:
        """Read on until ``count`` messages came in all; return them."""

        def more() -> bool:
            # No more than are lacking, for the call comes back when it has as many as it asked for.
            for message in self._consumer.consume(min(count - len(self.messages), 500), 0.1):
                assert message.error() is None, message.error()
                self.messages.append(message)
            return len(self.messages) >= count

        if len(self.messages) < count:
            until(more, f"{count} messages of {self._topic}")
        return self.messages


def id_of(message: Any) -> bytes:
    """The id of an output, on which consumers drop repeats."""
    headers = dict(message.headers() or [])
    return headers.get("ce_id") or headers["tailorline.id"]

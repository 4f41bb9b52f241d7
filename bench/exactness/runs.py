"""One run: orders through Kafka into real workers, perhaps one killed, then the store's counts."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import redis
from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from pydantic import SecretStr

from bench.exactness.compare import Side, side_of_store
from bench.workers import BenchError, Site, Watch, Worker
from models.itemsets.counts import ITEMS, PAIRS, TOTALS, TRIPLES
from models.merge import add_up
from streams.replay.pacing import Pacing
from streams.replay.records import BadRow, Record
from streams.replay.run import Limits, replay
from streams.runtime.publisher import Config, GroupProgress, Publisher
from streams.settings import StoreSettings
from streams.store.protocol import Wanted, counts_in
from streams.store.redis import RedisStore
from streams.topology import FLOW_OF_TOPIC, ShardId

_START_S = 60.0
_APPLY_S = 600.0
_SETTLE_S = 600.0
_QUIET_S = 4.0
_KILL_AT = 0.4


@dataclass(frozen=True, slots=True)
class Run:
    """What is run: how many workers, whether one is killed, and the counting's settings."""

    name: str
    workers: int
    kill: bool
    support: float
    cap: int


@dataclass(slots=True)
class Ran:
    """What came of it."""

    side: Side
    seconds: float
    settle_seconds: float
    killed_at: int
    rejected: int
    duplicates: int


def environment(run: Run) -> dict[str, str]:
    """Return the settings that make counts exact: no decay, no bound, room for everything."""
    return {
        "TAILORLINE_ITEMSETS__HALF_LIFE_S": "0",
        "TAILORLINE_ITEMSETS__EPSILON": "0",
        "TAILORLINE_ITEMSETS__CAP": str(run.cap),
        "TAILORLINE_ITEMSETS__WINDOW": "10000000",
        "TAILORLINE_ITEMSETS__MAX_TRIPLES": "10000000",
        "TAILORLINE_ITEMSETS__MAX_PAIRS": "100000000",
        "TAILORLINE_MAX_SKUS": "1000000",
        "TAILORLINE_RULES__MIN_SUPPORT": repr(run.support),
        "TAILORLINE_SNAPSHOTS__EVERY_S": "15",
        "TAILORLINE_KAFKA__SESSION_TIMEOUT_MS": "6000",
    }


def execute(run: Run, site: Site, records: Sequence[Record], advance: Callable[[int], None]) -> Ran:
    """Do a run on a site whose input topics are empty; raises `BenchError` if it gets stuck."""
    prefix = f"x{time.time_ns():x}"
    settings = site.environment(prefix, **environment(run))
    partitions = partitions_of(site.bootstrap)
    began = time.monotonic()
    with ExitStack() as stack:
        watch = Watch(site.store_url, prefix, partitions)
        stack.callback(watch.close)
        workers = [Worker(settings) for _ in range(run.workers)]
        stack.callback(lambda: [worker.stop() for worker in workers])
        feed = _Feed(site, settings["TAILORLINE_KAFKA__GROUP"], records)
        feed.start()
        killed_at = 0
        shown = applied = 0
        until = time.monotonic() + _START_S + _APPLY_S
        while applied < len(records):
            feed.check()
            for worker in workers:
                worker.check()
            if time.monotonic() > until:
                raise BenchError(f"{applied:,} of {len(records):,} applied:\n{workers[0].log()}")
            time.sleep(0.01 if run.kill and not killed_at else 0.1)
            applied = sum(watch.next_offsets().values())
            advance(applied - shown)
            shown = applied
            if run.kill and not killed_at and applied >= _KILL_AT * len(records):
                workers[0].kill()
                killed_at = sum(watch.next_offsets().values())
                workers[0] = Worker(settings)
        feed.join()
        seconds = time.monotonic() - began
        settle_seconds = _settle(site, prefix, partitions, workers)
        tally = watch.tally()
        side = asyncio.run(_side(site, prefix, partitions))
    return Ran(
        side, seconds, settle_seconds, killed_at,
        tally.get("orders:rejected", 0), tally.get("orders:duplicate", 0),
    )  # fmt: skip


class _Feed(threading.Thread):
    """Publishes while the workers work; on the embedded broker never far ahead of them."""

    def __init__(self, site: Site, group: str, records: Sequence[Record]) -> None:
        super().__init__(name="feed", daemon=True)
        self._site = site
        self._group = group
        self._records = records
        self._error: Exception | None = None

    def run(self) -> None:
        """Publish everything."""
        config: Config = {"bootstrap.servers": self._site.bootstrap, "log_level": 2}
        follow = GroupProgress(config, self._group) if self._site.embedded_broker else None
        try:
            publisher = Publisher(config)
            replay(
                self._records, publisher, Pacing(), _ignore, follow=follow,
                limits=Limits(unread_bytes=4_000_000, stall_seconds=_START_S + 60.0),
            )  # fmt: skip
        except Exception as error:  # noqa: BLE001 - told by check, in the main thread
            self._error = error
        finally:
            if follow is not None:
                follow.close()

    def check(self) -> None:
        """Raise what went wrong."""
        if self._error is not None:
            raise BenchError(f"Publishing failed: {self._error}") from self._error


def _ignore(row: BadRow) -> None:
    """There are no bad rows: the baskets were read before."""
    raise BenchError(f"A bad row: {row}")


def _settle(site: Site, prefix: str, partitions: int, workers: Sequence[Worker]) -> float:
    """Wait until no row waits for a merge and no triple was added for a while."""
    client = redis.Redis.from_url(site.store_url, socket_timeout=60.0)
    shards = [f"{prefix}:{{shop-{number}}}:" for number in range(partitions)]
    began = time.monotonic()
    quiet_since, before = began, (-1, -1)
    while True:
        pipe = client.pipeline(transaction=False)
        for base in shards:
            pipe.hlen(base + TRIPLES)
            for part in range(partitions):
                pipe.hlen(f"{base}dirty:{part}")
        for part in range(partitions):
            pipe.get(f"{prefix}:{{view-{part}}}:version")
        counts = [int(found or 0) for found in pipe.execute()]
        own = 1 + partitions
        triples = sum(counts[: own * partitions : own])
        dirty = sum(counts[: own * partitions]) - triples
        state = (triples, sum(counts[own * partitions :]))
        now = time.monotonic()
        if dirty or state != before:
            quiet_since, before = now, state
        elif now - quiet_since > _QUIET_S:
            client.close()
            return quiet_since - began
        if now - began > _SETTLE_S:
            raise BenchError(
                f"After {_SETTLE_S:g} s, {dirty:,} rows still wait for a merge, with {triples:,} "
                f"triples counted."
            )
        for worker in workers:
            worker.check()
        time.sleep(0.2)


async def _side(site: Site, prefix: str, partitions: int) -> Side:
    store = RedisStore(StoreSettings(url=SecretStr(site.store_url), prefix=prefix))
    shards = [ShardId("shop", number) for number in range(partitions)]
    try:
        totals = add_up([await store.counts(shard, TOTALS) for shard in shards])
        items = add_up([await store.counts(shard, ITEMS) for shard in shards])
        triples = add_up([await store.counts(shard, TRIPLES) for shard in shards])
        names = sorted(items)
        wanted = [Wanted(PAIRS + name) for name in names]
        by_shard = [[*map(counts_in, await store.read(shard, wanted))] for shard in shards]
    finally:
        await store.close()
    pairs = {name: add_up([rows[i] for rows in by_shard]) for i, name in enumerate(names)}
    return side_of_store(totals, items, pairs, triples)


def partitions_of(bootstrap: str) -> int:
    """Return the number of partitions of the orders."""
    client = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
    return len(client.list_topics("orders", timeout=10.0).topics["orders"].partitions)


def empty_inputs(bootstrap: str, *, wipe: bool) -> None:
    """Make sure that the input topics hold nothing; with ``wipe`` by deleting their records."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "tailorline-bench"})
    try:
        held = {}
        for topic in FLOW_OF_TOPIC:
            for number in consumer.list_topics(topic, timeout=10.0).topics[topic].partitions:
                low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), 10.0)
                if high > low:
                    held[topic, number] = high
    except (KafkaException, KeyError) as error:
        raise BenchError(f"The input topics cannot be read: {error}") from error
    finally:
        consumer.close()
    if not held:
        return
    topics = sorted({topic for topic, _ in held})
    if not wipe:
        raise BenchError(
            f"{', '.join(topics)} hold events. Take an empty Kafka, or let their records be "
            "deleted before each run with --wipe."
        )
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
    wanted = [TopicPartition(*where, offset) for where, offset in held.items()]
    for future in admin.delete_records(wanted).values():
        future.result(30.0)

"""The batch source: Kafka's events, in batches per shard, handed to Faust agents over channels.

One confluent-kafka consumer in a thread of its own. It owns subscription, assignment, seeking,
pausing and commits; where to read from is asked of the store, never of Kafka's committed offsets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Any, NamedTuple

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as KafkaMessage
from mode import Service

from schemas.topics import INPUTS
from streams.continuity import Continuity, Ends
from streams.errors import StateLost
from streams.host import Host
from streams.metrics import Metrics
from streams.processor import Message
from streams.routing import misrouted
from streams.runner import Runner
from streams.runtime.beginning import GapJudge, first_offset
from streams.runtime.group import Coordinator, consumer_config, coordinator_of
from streams.settings import Settings
from streams.topology import ShardId, shard_of

log = structlog.get_logger()
_ASSIGN_S = 240.0
_COMMIT_EVERY_S = 1.0
_LAST_POLL_S = 2.0
_PASSING = frozenset({KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._TRANSPORT})


class Delivery(NamedTuple):
    """A batch of one shard's messages on its way to an agent.

    It names the owner it was read for, not the shard: after a rebalance the shard may be here again
    with another owner, who reads from elsewhere.
    """

    runner: Runner
    messages: list[Message]


class BatchSource(Service):
    """Feeds the channels of the flows; pauses partitions whose shard has enough to do."""

    def __init__(
        self, settings: Settings, host: Host, channels: Mapping[str, Any], metrics: Metrics,
        failed: Callable[[Exception], None], **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self._settings = settings
        self._host = host
        self._channels = channels
        self._metrics = metrics
        self._failed = failed
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="source")
        self._paused: set[tuple[str, int]] = set()
        self._continuity = Continuity()
        self._gaps = GapJudge(settings, metrics)
        self._main_loop: asyncio.AbstractEventLoop | None = None
        self._consumer: Consumer | None = None
        self._polling: asyncio.Task[None] | None = None
        self._told_misrouted = False
        self._ends = Ends()
        self._coordinator: Coordinator = coordinator_of(settings.kafka)

    # -- life -------------------------------------------------------------------------------------

    async def on_start(self) -> None:
        """Join the group and begin to poll."""
        self._main_loop = asyncio.get_running_loop()
        self._consumer = await self._in_thread(self._join)
        self._polling = asyncio.create_task(self._poll_forever())

    async def on_stop(self) -> None:
        """Let go of all shards in order, then leave the group."""
        if self._polling is not None:
            # It ends by itself, unless it waits for an agent to take a batch: agents stop first.
            _, still = await asyncio.wait([self._polling], timeout=_LAST_POLL_S)
            for task in still:
                task.cancel()
        if self._consumer is not None:
            await self._hand_over(list(self._host.runners))
            await self._in_thread(self._consumer.close)
        self._thread.shutdown(wait=False)

    def _join(self) -> Consumer:
        # One for each consumer: the last words of an old one, told while it closes, reach nobody.
        self._coordinator = coordinator_of(self._settings.kafka)
        consumer = Consumer(consumer_config(self._settings.kafka, self._coordinator))
        consumer.subscribe(
            [topic.name for topic in INPUTS],
            on_assign=self._on_assign,
            on_revoke=self._on_revoke,
            on_lost=self._on_lost,
        )
        return consumer

    async def _rejoin(self) -> None:
        """Join the group with a new consumer: the old one will not find the way back."""
        log.warning("the group's coordinator stays out of reach: joining with a new consumer")
        self._metrics.rejoins.inc()
        old, self._consumer = self._consumer, None
        self._paused.clear()
        self._ends.clear()
        await self._host.drop(list(self._host.runners))
        if old is not None:  # in a thread of its own: it may wait for the coordinator for long
            Thread(target=old.close, name="old-consumer", daemon=True).start()
        self._consumer = await self._in_thread(self._join)

    # -- polling ----------------------------------------------------------------------------------

    async def _poll_forever(self) -> None:
        try:
            commit_at = 0.0
            while not self.should_stop:
                if self._coordinator.is_lost:
                    await self._rejoin()
                if due := self._host.due():
                    await self._in_thread(self._retake, due)
                batches = await self._in_thread(self._consume)
                # Found before anything is awaited: owners change in these two calls only.
                deliveries = [
                    Delivery(self._host.runners[shard], messages)
                    for shard, messages in batches.items()
                    if shard in self._host.runners
                ]
                for delivery in deliveries:
                    self._check_routing(delivery.messages[0])
                    await self._channels[delivery.runner.shard.flow].send(value=delivery)
                self._balance()
                now = asyncio.get_running_loop().time()
                if now - commit_at >= _COMMIT_EVERY_S:
                    commit_at = now
                    await self._in_thread(self._commit, self._host.committable(), False)
                    await self._in_thread(self._measure_lag)
        except Exception as error:  # noqa: BLE001 - whatever it is, the worker must not go on deaf
            self._failed(error)

    def _consume(self) -> dict[ShardId, list[Message]]:
        if self._consumer is None:
            raise RuntimeError("The source has not started.")
        kafka = self._settings.kafka
        messages = self._consumer.consume(kafka.batch, kafka.poll_seconds)
        good = []
        for message in messages:
            error = message.error()
            if error is None:
                good.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                where = (str(message.topic()), int(message.partition() or 0))
                self._ends.reached(where, int(message.offset() or 0))
            elif error.code() == KafkaError._AUTO_OFFSET_RESET:
                raise StateLost(
                    f"{message.topic()}[{message.partition()}]: the offset to go on from is not "
                    f"on the broker any more ({error.str()}). Retention or a new topic overtook "
                    "the store. Either restore the topic, or reset the shard's state with "
                    "`tailorline shards reset`, which begins anew with what Kafka still has."
                )
            elif error.code() not in _PASSING or error.fatal():
                raise KafkaException(error)
        batches: dict[ShardId, list[Message]] = {}
        for where, own in _by_partition(good).items():
            gap = self._continuity.take(where, [message.offset for message in own])
            if gap is not None:
                self._gaps.judge(where, gap)
            batches.setdefault(shard_of(*where), []).extend(own)
        return batches

    def _check_routing(self, message: Message) -> None:
        """Look whether producers partition as they must; one message a batch tells enough."""
        if not misrouted(message.key, message.partition, self._host.parts):
            return
        self._metrics.misrouted.labels(message.topic).inc()
        if not self._told_misrouted:
            self._told_misrouted = True
            log.warning(
                "events are not on the partition of their key: one customer's clicks and orders "
                "do not meet. Producers must key by customer_id (catalogue: sku, sensors: line/machine) and set "
                "partitioner=murmur2_random if they use librdkafka; see docs/events.md",
                topic=message.topic, partition=message.partition, offset=message.offset,
            )  # fmt: skip

    def _balance(self) -> None:
        """Pause the partitions of shards with too much to do, resume those that caught up."""
        if self._consumer is None:
            return
        kafka = self._settings.kafka
        runners = self._host.runners
        # As if there were more events than there are, if they are large.
        large = sum(r.waiting_bytes for r in runners.values()) / kafka.max_pending_bytes
        load = {s: max(r.waiting / kafka.max_pending, large) for s, r in runners.items()}
        ahead = {(topic, s.number) for s, r in runners.items() for topic in r.ahead()}
        assigned = {(tp.topic, tp.partition) for tp in self._consumer.assignment()}

        def over(where: tuple[str, int], limit: float) -> bool:
            return load.get(shard_of(*where), 0.0) > limit or where in ahead

        pause = {w for w in assigned - self._paused if over(w, 1.0)}
        resume = {w for w in assigned & self._paused if not over(w, 0.5)}
        if pause:
            self._consumer.pause([TopicPartition(*where) for where in pause])
        if resume:
            self._consumer.resume([TopicPartition(*where) for where in resume])
        self._paused = (self._paused | pause) - resume

    def unread(self) -> set[ShardId]:
        """Return the shards of which Kafka has events that were not read yet."""
        return {shard_of(*where) for where in self._ends.unread()}

    # -- assignment (these run in the consumer's thread, inside consume) ----------------------------

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        if consumer is not self._consumer:
            return
        try:
            wanted = [(tp.topic, tp.partition) for tp in partitions]
            starts = self._on_loop(self._host.assign(wanted))
            committed = consumer.committed(partitions, timeout=10.0) if partitions else []
            positions = self._positions(committed, starts)
            consumer.assign(positions)
            consumer.resume(positions)  # a pause of an earlier assignment must not outlive it
            self._paused.clear()
        except Exception as error:  # noqa: BLE001 - librdkafka would only print it
            self._fail_on_loop(error)

    def _retake(self, shards: list[ShardId]) -> None:
        """Have shards taken over again, and read on from where the store says; runs like these."""
        consumer = self._consumer
        if consumer is None:
            return
        # What Kafka has taken away by now is another worker's.
        own = [tp for tp in consumer.assignment() if shard_of(tp.topic, tp.partition) in shards]
        if not own:
            return
        starts = self._on_loop(self._host.retake({shard_of(t.topic, t.partition) for t in own}))
        committed = consumer.committed(own, timeout=10.0)
        for position in self._positions(committed, starts):
            consumer.seek(position)

    def _positions(
        self, committed: list[TopicPartition], starts: Mapping[tuple[str, int], int]
    ) -> list[TopicPartition]:
        found = []
        for tp in committed:
            where = (tp.topic, tp.partition)
            offset = first_offset(self._settings, where, tp.offset, starts.get(where))
            self._continuity.begin(where, offset)
            self._ends.forget(where)
            found.append(TopicPartition(*where, offset))
        return found

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        if consumer is not self._consumer:
            return  # given up: its shards were dropped, and may be the new one's by now
        try:
            shards = {shard_of(tp.topic, tp.partition) for tp in partitions}
            self._ends.clear()
            self._on_loop(self._hand_over(list(shards), in_thread=True))
        except Exception as error:  # noqa: BLE001
            self._fail_on_loop(error)

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        if consumer is not self._consumer:
            return
        try:
            self._ends.clear()
            self._on_loop(self._host.drop({shard_of(tp.topic, tp.partition) for tp in partitions}))
        except Exception as error:  # noqa: BLE001
            self._fail_on_loop(error)

    async def _hand_over(self, shards: list[ShardId], *, in_thread: bool = False) -> None:
        offsets = await self._host.revoke(shards, self._settings.shutdown_s / 2)
        flat = {(topic, n): offset for topic, own in offsets.items() for n, offset in own.items()}
        if not flat:
            return
        if in_thread:
            # The consumer's thread waits for us: it commits when we are done.
            self._to_commit = flat
        else:
            await self._in_thread(self._commit, flat, True)

    _to_commit: dict[tuple[str, int], int] | None = None

    # -- small parts ------------------------------------------------------------------------------

    def _commit(self, offsets: Mapping[tuple[str, int], int], wait: bool) -> None:
        """Commit for lag tools; a refusal is no harm, for the store is the truth."""
        if not offsets or self._consumer is None:
            return
        wanted = [TopicPartition(*where, offset) for where, offset in offsets.items()]
        try:
            if wait:
                self._consumer.commit(offsets=wanted, asynchronous=False)
            else:
                self._consumer.commit(offsets=wanted, asynchronous=True)
        except KafkaException as error:
            log.info("offsets not committed", why=str(error))

    def _measure_lag(self) -> None:
        if self._consumer is None:
            return
        applied = self._host.committable()
        for where in self._consumer.assignment():
            try:
                low, high = self._consumer.get_watermark_offsets(where, cached=True)
            except KafkaException:
                continue
            if high >= 0:
                lag = max(high - applied.get((where.topic, where.partition), max(low, 0)), 0)
                self._metrics.consumer_lag.labels(where.topic, str(where.partition)).set(lag)
                self._ends.told((where.topic, where.partition), high)

    async def _in_thread(self, call: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, *args)

    def _on_loop(self, coroutine: Any) -> Any:
        if self._main_loop is None:
            raise RuntimeError("The source has not started.")
        result = asyncio.run_coroutine_threadsafe(coroutine, self._main_loop).result(_ASSIGN_S)
        if self._to_commit:
            offsets, self._to_commit = self._to_commit, None
            self._commit(offsets, wait=True)
        return result

    def _fail_on_loop(self, error: Exception) -> None:
        if self._main_loop is not None:
            self._main_loop.call_soon_threadsafe(self._failed, error)


def _by_partition(raw: list[KafkaMessage]) -> dict[tuple[str, int], list[Message]]:
    batches: dict[tuple[str, int], list[Message]] = {}
    for kafka_message in raw:
        message: Any = kafka_message  # the stubs allow None for what a good message always has
        topic, partition = message.topic(), message.partition()
        _, timestamp = message.timestamp()
        batches.setdefault((topic, partition), []).append(
            Message(
                topic, partition, message.offset(), timestamp / 1000, message.key(), message.value()
            )
        )
    return batches

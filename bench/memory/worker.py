"""A worker without Kafka: the real host, runners and mergers on a real store, fed in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import msgspec
import psutil

from bench.crowd import Crowd, Sent
from schemas.outputs import Offer
from schemas.topics import OFFERS
from streams.encoding import Record
from streams.host import Host
from streams.metrics import Metrics
from streams.processor import Message
from streams.routing import partition_of
from streams.settings import Settings
from streams.store.redis import RedisStore
from streams.store.usage import Usage, usage
from streams.topology import FLOW_NAMED, ShardId

_MAINTAIN_S = 0.25
_offer = msgspec.json.Decoder(Offer).decode
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Held:
    """What there was at a moment."""

    events: int
    used: int
    """The server's ``used_memory`` in bytes."""
    resident: int
    """The server's ``used_memory_rss``."""
    worker: int
    """Resident bytes of this process, which makes the events too."""
    profiles: int
    versions: int
    """How many earlier versions of the view are kept, all parts together."""
    families: Mapping[str, Usage]

    def stored(self, *, view: bool = True) -> float:
        """Return the bytes of all keys, with the merged view's or without."""
        return sum(
            found.size for key, found in self.families.items() if view or "{view-k}" not in key
        )


class _Delivered:
    """Takes outputs and confirms them at once; customers are told of their offers."""

    def __init__(self) -> None:
        self.crowd: Crowd | None = None

    def send(self, records: Sequence[Record], confirmed: Callable[[], None]) -> None:
        for record in records:
            if self.crowd is not None and record.topic == OFFERS.name:
                offer = _offer(record.value)
                skus = [item.sku for item in offer.items]
                self.crowd.offered(offer.offer_id, offer.customer_id, offer.session_id or "", skus)
        confirmed()


class StoredShop:
    """The shop's shards of one installation, all of them here."""

    def __init__(
        self, settings: Settings, partitions: int, clock: Clock | None = None, batch: int = 500
    ) -> None:
        """Do what is done now and then by ``clock``; by the time of the events without one."""
        self._batch = batch
        self.events = 0
        self._settings = settings
        self._partitions = partitions
        self._clock = clock
        self._store = RedisStore(settings.store)
        self._sender = _Delivered()
        self._host = Host(settings, self._store, self._sender, Metrics(), partitions)
        self._offsets: dict[tuple[str, int], int] = {}
        self._due = [0.0, 0.0, 0.0]

    async def __aenter__(self) -> Self:
        """Take all shards over."""
        topics = FLOW_NAMED["shop"].topics
        await self._host.assign([(t, n) for t in topics for n in range(self._partitions)])
        return self

    async def __aexit__(self, *_: object) -> None:
        """Delete everything of this installation's prefix, and let the store go."""
        client = self._store.client
        try:
            async for name in client.scan_iter(f"{self._settings.store.prefix}:*", 1000):
                await client.unlink(name)
        finally:
            await self._store.close()

    async def run(
        self, crowd: Crowd, events: Iterable[Sent], advance: Callable[[int], None]
    ) -> None:
        """Process events in batches as a worker polls them, and do what is due in between."""
        self._sender.crowd = crowd
        batches: dict[ShardId, list[Message]] = {}
        size, at = 0, 0.0
        for sent in events:
            number = partition_of(sent.key, self._partitions)
            offset = self._offsets.get((sent.topic, number), 0)
            self._offsets[sent.topic, number] = offset + 1
            message = Message(sent.topic, number, offset, sent.at, sent.key, sent.value)
            batches.setdefault(ShardId("shop", number), []).append(message)
            size, at = size + 1, sent.at
            if size == self._batch:
                await self._take(batches, at)
                advance(size)
                batches, size = {}, 0
        await self._take(batches, at)
        advance(size)

    async def _take(self, batches: Mapping[ShardId, list[Message]], at: float) -> None:
        for shard, messages in batches.items():
            await self._host.handle(self._host.runners[shard], messages)
            self.events += len(messages)
        now = self._clock() if self._clock else at
        every = (_MAINTAIN_S, self._settings.merging.every_s, 30.0)
        due = [now >= moment for moment in self._due]
        self._due = [now + s if d else m for s, d, m in zip(every, due, self._due, strict=True)]
        if due[0] and self._clock:
            await self._host.maintain()
        elif due[0]:
            for runner in self._host.runners.values():
                await runner.maintain()
        if due[1]:
            await self.merge()
        if due[2]:
            await self.snapshot()

    async def merge(self) -> None:
        """Merge as a worker does: by its own clock with its rests, or each time it is due."""
        if self._clock:
            await self._host.merge()
        else:
            await self._host.merge_now()

    async def snapshot(self) -> None:
        """Snapshot every shard."""
        for runner in self._host.runners.values():
            await runner.snapshot()

    async def held(self) -> Held:
        """Snapshot, then look at what everything takes."""
        await self.snapshot()
        prefix = self._settings.store.prefix
        families, strangers = await usage(self._store, prefix)
        if strangers:
            raise RuntimeError(f"Keys of no family: {strangers[:3]}")
        info = await self._store.client.info("memory")
        profiles = sum(
            int(runner.processor.core.report()["customers", "profiles"])
            for runner in self._host.runners.values()
        )
        calls: Any = self._store.client
        versions = [
            await calls.llen(f"{prefix}:{{view-{part}}}:undo") for part in range(self._partitions)
        ]
        return Held(
            self.events, int(info["used_memory"]), int(info["used_memory_rss"]),
            int(psutil.Process().memory_info().rss), profiles, sum(versions), families,
        )  # fmt: skip

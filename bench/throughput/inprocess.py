"""The steps without Kafka and Redis: processors over a store in memory, with views as in a worker.

Timed is what a worker does with a batch itself: adopt a newer view, decode, run the steps, encode
the outputs. Merging the view and keeping the effects go on as in a worker but are not timed, for
they are the system's business: so the steps here decide from the same views as there.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from streams.guard import Guard
from streams.merger import Merger
from streams.processor import Message, Processor
from streams.settings import Settings
from streams.store.memory import MemoryStore
from streams.topology import FLOWS, ShardId
from streams.views import Views


@dataclass(slots=True)
class Spent:
    """Time taken by the steps, and what they made."""

    wall: float = 0.0
    cpu: float = 0.0
    events: int = 0
    outputs: int = 0


@dataclass(slots=True)
class _Owned:
    processor: Processor
    epoch: int
    seq: int = 0
    spent: Spent = field(default_factory=Spent)


class Shards:
    """All shards of all flows in this process."""

    def __init__(self, partitions: int, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.partitions = partitions
        self.store = MemoryStore()
        self._views = Views(self.store, partitions)
        self._owned: dict[ShardId, _Owned] = {}
        self.kept_cpu = 0.0
        """CPU seconds of keeping effects and merging views: what is not counted as steps."""
        merging, most = self.settings.merging, self.settings.view_rows()
        self._merger = Merger(partitions, self.store, self.settings.rules, merging.rows, most)

    async def take(self, shard: ShardId, messages: Sequence[Message]) -> int:
        """Process a batch; return how many outputs it made."""
        owned = self._owned.get(shard) or await self._own(shard)
        wall, cpu = time.perf_counter(), time.thread_time()
        work = owned.processor.begin()
        if shard.flow == "shop":
            owned.processor.adopt(self._views.latest, work)
        done = owned.processor.run(messages, work)
        spent = owned.spent
        spent.cpu += time.thread_time() - cpu
        spent.wall += time.perf_counter() - wall
        spent.events += len(messages)
        spent.outputs += len(done.records)
        owned.seq += 1
        done.work.number = owned.seq
        cpu = time.thread_time()
        applied = await self.store.apply(shard, owned.epoch, done.work)
        self.kept_cpu += time.thread_time() - cpu
        if applied.status != "applied":
            raise RuntimeError(f"{shard}: {applied.status}")
        return len(done.records)

    async def merge(self) -> None:
        """Publish what changed and merge it into the view."""
        cpu = time.thread_time()
        for shard, owned in self._owned.items():
            work = owned.processor.begin()
            owned.processor.core.publish(work.effects)
            owned.seq += 1
            work.number = owned.seq
            await self.store.apply(shard, owned.epoch, work)
        await self._merger.merge(range(self.partitions))
        await self._views.refresh()
        self.kept_cpu += time.thread_time() - cpu

    def spent(self, flow: str = "") -> Spent:
        """Return what the steps of a flow have taken so far; of all flows if none is named."""
        total = Spent()
        for shard, owned in self._owned.items():
            if flow in {"", shard.flow}:
                total.wall += owned.spent.wall
                total.cpu += owned.spent.cpu
                total.events += owned.spent.events
                total.outputs += owned.spent.outputs
        return total

    async def _own(self, shard: ShardId) -> _Owned:
        flow = next(flow for flow in FLOWS if flow.name == shard.flow)
        core = flow.new_core(self.settings)
        processor = Processor(shard, core, self.partitions, Guard(self.settings.guard))
        claim = await self.store.claim(shard)
        owned = self._owned[shard] = _Owned(processor, claim.epoch)
        return owned

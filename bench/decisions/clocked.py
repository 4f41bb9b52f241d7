"""The steps of `bench.throughput.inprocess`, event by event, each with the time it took."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.decisions.pauses import Pauses
from bench.throughput.inprocess import Shards
from schemas.topics import OFFERS
from streams.encoding import Record
from streams.processor import Message
from streams.topology import ShardId


@dataclass(slots=True)
class Taken:
    """Seconds from an event's bytes to its outputs' bytes, and the collector's share of them."""

    with_offer: list[float] = field(default_factory=list)
    without: list[float] = field(default_factory=list)
    paused_with_offer: list[float] = field(default_factory=list)
    paused_without: list[float] = field(default_factory=list)
    cpu_with_offer: list[float] = field(default_factory=list)
    """The same by the thread's own clock: without what others took of the processor meanwhile."""
    cpu_without: list[float] = field(default_factory=list)
    adopting: list[float] = field(default_factory=list)
    """What a batch takes first, if there is a newer merged view."""
    rejected: int = 0


class ClockedShards(Shards):
    """All shards of the shop, whose events are run one by one."""

    async def clocked(
        self, shard: ShardId, messages: Sequence[Message], pauses: Pauses, taken: Taken | None
    ) -> list[Record]:
        """Process a batch as a worker does, noting what each event takes; return the offers."""
        owned = self._owned.get(shard) or await self._own(shard)
        processor = owned.processor
        work = processor.begin()
        began, before = time.perf_counter(), processor.versions
        processor.adopt(self._views.latest, work)
        if taken is not None and processor.versions != before:
            taken.adopting.append(time.perf_counter() - began)
        offers: list[Record] = []
        for message in messages:
            paused, cpu, began = pauses.seconds, time.thread_time(), time.perf_counter()
            done = processor.run((message,), work)
            took = time.perf_counter() - began
            cpu = time.thread_time() - cpu
            paused = pauses.seconds - paused
            made = [record for record in done.records if record.topic == OFFERS.name]
            offers += made
            if taken is None:
                continue
            taken.rejected += sum(done.rejects.values())
            (taken.with_offer if made else taken.without).append(took)
            (taken.paused_with_offer if made else taken.paused_without).append(paused)
            (taken.cpu_with_offer if made else taken.cpu_without).append(cpu)
        owned.seq += 1
        work.number = owned.seq
        applied = await self.store.apply(shard, owned.epoch, work)
        if applied.status != "applied":
            raise RuntimeError(f"{shard}: {applied.status}")
        await self.store.confirm(shard, owned.epoch, applied.first_output + len(work.outputs))
        return offers

    def fill(self) -> dict[str, int]:
        """Return how much there is of what decisions are made from, all shards together."""
        found = {"customers": 0, "covisit_rows": 0, "neighbour_sessions": 0, "pairs": 0}
        for owned in self._owned.values():
            report = owned.processor.core.report()
            found["customers"] += int(report["customers", "profiles"])
            found["covisit_rows"] += int(report["sequences", "rows"])
            found["pairs"] += int(report["itemsets", "pairs"])
            found["neighbour_sessions"] += len(owned.processor.core.sequences.neighbours)  # type: ignore[attr-defined]
        return found | {"view_rows": len(self._views.latest.rows())}

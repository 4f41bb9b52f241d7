"""All shards of this worker: assigned, revoked, fed, maintained. Knows no Kafka client."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any

import structlog

from streams.audits import Audits
from streams.champions import Champions
from streams.drifts import Drifts
from streams.errors import Misconfigured, ShardLost, StaleOwner, StateLost
from streams.guard import Guard
from streams.layout import resized
from streams.merger import Merger
from streams.metrics import Metrics
from streams.outgoing import Sender
from streams.pace import Pace
from streams.processor import Message, Processor
from streams.runner import Runner
from streams.settings import Settings
from streams.store.protocol import Store
from streams.topology import FLOW_NAMED, FLOWS, ShardId, shard_of
from streams.views import Views

log = structlog.get_logger()
_MERGE_REST_S = 5.0
_PARTS_AT_ONCE = 4
_CLAIMED_REST_S = 2.0
"""So long after another worker's claim Kafka has told us, if the shard is not ours any more."""
_MOST_LOSSES = 6
_LOSSES_WITHIN_S = 120.0


class Host:
    """The shards that this worker owns."""

    def __init__(
        self, settings: Settings, store: Store, sender: Sender, metrics: Metrics, parts: int
    ) -> None:
        self.runners: dict[ShardId, Runner] = {}
        self.parts = parts
        self.views = Views(store, parts)
        self.metrics = metrics
        self._settings = settings
        self._store = store
        self._sender = sender
        self._champions = Champions()
        self._drifts = Drifts()
        self._merger = Merger(
            parts, store, settings.rules, settings.merging.rows, settings.view_rows()
        )
        self._parts: set[int] = set()
        """The parts of the view that this worker merges."""
        self._merge_at = 0.0
        self._pace = Pace()
        self._turns = asyncio.Lock()
        self._chores: dict[ShardId, asyncio.Task[None]] = {}
        self._lost: dict[ShardId, float] = {}
        """When a shard is to be taken over again, by the monotonic clock."""
        self._losses: dict[ShardId, deque[float]] = {}
        self._audits = Audits(settings, metrics)

    async def assign(self, partitions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """Take over the shards of these partitions; return where to read each one from.

        A partition that is missing from the answer has never been read.
        """
        topics: dict[ShardId, set[str]] = {}
        for topic, number in sorted(partitions, key=lambda where: -where[1]):
            if number >= self.parts:  # the largest comes first: it tells how many there are
                raise Misconfigured(resized(topic, self.parts, number + 1))
            topics.setdefault(shard_of(topic, number), set()).add(topic)
        for shard, assigned in topics.items():
            lacking = {t for f in FLOWS if f.name == shard.flow for t in f.topics} - assigned
            if lacking:
                raise Misconfigured(
                    f"Partition {shard.number} of {', '.join(sorted(lacking))} was not assigned "
                    f"together with {', '.join(sorted(assigned))}. All topics of a flow need the "
                    "same number of partitions (`tailorline topics check`), and all workers of "
                    "the group the range assignor."
                )
        starts: dict[tuple[str, int], int] = {}
        if topics:
            await self.views.refresh()
        for shard in sorted(topics):
            starts |= await self._take_over(shard)
            if FLOW_NAMED[shard.flow].merges_view:
                self._merger.forget(shard.number)  # another worker may have merged it since
                self._parts.add(shard.number)
        self._count_assigned()
        return starts

    async def _take_over(self, shard: ShardId) -> dict[tuple[str, int], int]:
        runner = self._new_runner(shard)
        starts = await runner.take_over()
        self.runners[shard] = runner
        self._lost.pop(shard, None)
        return {(topic, shard.number): offset for topic, offset in starts.items()}

    def due(self) -> list[ShardId]:
        """Return the shards that must be taken over again, now."""
        now = time.monotonic()
        return sorted(shard for shard, at in self._lost.items() if at <= now)

    async def retake(self, shards: Iterable[ShardId]) -> dict[tuple[str, int], int]:
        """Take shards over again whose state here cannot be trusted; answers as `assign` does."""
        starts: dict[tuple[str, int], int] = {}
        await self.views.refresh()
        for shard in shards:
            starts |= await self._take_over(shard)
        return starts

    def _lose(self, runner: Runner, error: ShardLost) -> None:
        """Do nothing more with a runner. Its shard is taken over again, unless Kafka takes it away.

        That covers a store which lost its newest writes, and a worker that was stopped for so long
        that another one had its shards in between.
        """
        runner.abandon()
        if self.runners.get(runner.shard) is not runner:
            return
        now = time.monotonic()
        losses = self._losses.setdefault(runner.shard, deque(maxlen=_MOST_LOSSES))
        losses.append(now)
        if len(losses) == _MOST_LOSSES and now - losses[0] < _LOSSES_WITHIN_S:
            raise StateLost(
                f"Shard {runner.shard} was lost {_MOST_LOSSES} times in {now - losses[0]:.0f} s, the "
                f"last time because {error} Do two groups use the same store and prefix?"
            )
        log.warning("shard lost, to be taken over again", shard=str(runner.shard), why=str(error))
        rest = _CLAIMED_REST_S if isinstance(error, StaleOwner) else 0.0
        self._lost[runner.shard] = now + rest

    def _new_runner(self, shard: ShardId) -> Runner:
        core = FLOW_NAMED[shard.flow].new_core(self._settings)
        processor = Processor(shard, core, self.parts, Guard(self._settings.guard))
        return Runner(
            processor, self._store, self._sender, self.views, self._settings, self.metrics,
            self._turns,
        )  # fmt: skip

    async def revoke(
        self, shards: Iterable[ShardId], timeout_s: float
    ) -> dict[str, dict[int, int]]:
        """Let shards go in order; return the offsets to commit, by topic and partition."""
        going = []
        for shard in sorted(shards):
            runner = self._forget(shard)
            if runner is not None:
                going.append(runner)
        # Together: each may have to wait for Kafka or the store.
        await asyncio.gather(*(runner.let_go(timeout_s) for runner in going))
        offsets: dict[str, dict[int, int]] = {}
        for runner in going:
            for topic, offset in runner.applied.items():
                offsets.setdefault(topic, {})[runner.shard.number] = offset
        self._count_assigned()
        return offsets

    def _forget(self, shard: ShardId) -> Runner | None:
        self._lost.pop(shard, None)
        self._champions.forget(shard)
        self._drifts.forget(shard)
        self._chores.pop(shard, None)
        if FLOW_NAMED[shard.flow].merges_view:
            self._merger.forget(shard.number)
            self._parts.discard(shard.number)
        return self.runners.pop(shard, None)

    async def drop(self, shards: Iterable[ShardId]) -> None:
        """Forget shards that were lost to another worker: nothing of them may be written."""
        for shard in shards:
            runner = self._forget(shard)
            if runner is not None:
                runner.abandon()
        self._count_assigned()

    async def handle(self, runner: Runner, messages: Sequence[Message]) -> None:
        """Have a runner process a batch; one that lost its shard is noted, and no failure."""
        await self._noting_loss(runner, runner.handle(messages))

    async def maintain(self) -> None:
        """What has to be done now and then, for all shards."""
        runners = list(self.runners.items())
        first = self._pace.turn % max(len(runners), 1)
        for shard, runner in runners[first:] + runners[:first]:
            # One shard that waits for Kafka or the store must not keep the others from it.
            before = self._chores.get(shard)
            if before is not None:
                if not before.done():
                    continue
                before.result()  # raises what went wrong
            chore = self._noting_loss(runner, runner.maintain(self._pace))
            self._chores[shard] = asyncio.create_task(chore)
        self._audits.step(self.runners)
        self._report()

    async def tick(self, seconds: float) -> None:
        """Let event time pass for all shards by so many seconds without events."""
        for runner in list(self.runners.values()):
            await self._noting_loss(runner, runner.tick(seconds))

    async def _noting_loss(self, runner: Runner, action: Coroutine[Any, Any, None]) -> None:
        try:
            await action
        except ShardLost as error:
            self._lose(runner, error)

    async def merge(self) -> None:
        """Merge this worker's parts of the view and fetch what others merged, if it is time.

        To be called often: orders wait for the next time.
        """
        now = time.monotonic()
        if now < self._merge_at:
            return
        took = await self.merge_now()
        # Merging may take a quarter of the loop's time: freshness gives way, but not for long. A merge
        # of a backlog takes as long as the backlog, and would then rest for minutes.
        self._merge_at = now + max(
            self._settings.merging.every_s, min(4 * took, took + _MERGE_REST_S)
        )

    async def merge_now(self) -> float:
        """Merge and fetch; return how long this loop had to work for the merging, in seconds."""
        parts, before, rows = sorted(self._parts), self._merger.seconds, 0
        for first in range(0, len(parts), _PARTS_AT_ONCE):
            rows += await self._merger.merge(parts[first : first + _PARTS_AT_ONCE])
        took = self._merger.seconds - before
        self._pace.merged(rows, took)
        rules, line_rules = self.views.latest.rules, self.views.latest.line_rules
        view = await self.views.refresh()
        if view.rules != rules:
            log.info("offer rules changed", campaigns=[each.name for each in view.rules.campaigns])
        if view.line_rules != line_rules:
            log.info("line rules changed", lines=sorted(view.line_rules.lines))
        for part, version in enumerate(view.versions):
            self.metrics.view_version.labels(str(part)).set(version)
        return took

    def committable(self) -> Mapping[tuple[str, int], int]:
        """Return the offsets that are applied, for lag tools; the store is the truth."""
        return {
            (topic, runner.shard.number): offset
            for runner in self.runners.values()
            for topic, offset in runner.applied.items()
        }

    def unready(self) -> str:
        """Return what this worker waits for before it can serve; empty if it has its shards."""
        if not self.runners:
            return "no partitions are assigned to this worker"
        if self._lost:
            return f"to be taken over again: {_listed(self._lost)}"
        replaying = [shard for shard, runner in self.runners.items() if runner.replaying]
        return f"rebuilding from the journal: {_listed(replaying)}" if replaying else ""

    def _count_assigned(self) -> None:
        for flow in FLOWS:
            owned = sum(shard.flow == flow.name for shard in self.runners)
            for topic in flow.topics:
                self.metrics.assigned_partitions.labels(topic).set(owned)

    def _report(self) -> None:
        alarms: dict[str, float] = {"low": 0.0, "medium": 0.0, "high": 0.0}
        for shard, runner in self.runners.items():
            report = runner.processor.core.report()
            if not runner.replaying:  # what is learnt again was said when it was new
                self._tell(shard, report)
            for (model, metric), value in report.items():
                self.metrics.model_metric.labels(model, metric, str(shard)).set(value)
                if model == "alarms" and metric in alarms:
                    alarms[metric] += value
            self.metrics.outbox_pending.labels(str(shard)).set(runner.unconfirmed)
        for priority, count in alarms.items():
            self.metrics.alarms_active.labels(priority).set(count)

    def _tell(self, shard: ShardId, report: Mapping[tuple[str, str], float]) -> None:
        for change in self._champions.look(shard, report):
            log.info("another classifier serves", shard=str(shard), **change._asdict())
        count = self._drifts.look(shard, report)
        if count:
            log.warning(
                "customers take offers otherwise than before", shard=str(shard), count=count
            )


def _listed(shards: Iterable[ShardId]) -> str:
    return ", ".join(str(shard) for shard in sorted(shards))

"""All shards of this worker: assigned, revoked, fed, maintained. Knows no Kafka client."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

import structlog

from streams.guard import Guard
from streams.merger import Merger
from streams.metrics import Metrics
from streams.processor import Processor
from streams.runner import Runner, Sender
from streams.settings import Settings
from streams.store.protocol import Store
from streams.topology import FLOW_NAMED, FLOW_OF_TOPIC, FLOWS, ShardId
from streams.views import Views

log = structlog.get_logger()
_MERGE_REST_S = 5.0


class Misconfigured(Exception):
    """Topics or settings that cannot work; the message says what to change."""


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
        self._mergers: dict[int, Merger] = {}
        self._merge_after = 0.0

    async def assign(self, partitions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """Take over the shards of these partitions; return where to read each one from.

        A partition that is missing from the answer has never been read.
        """
        topics: dict[ShardId, set[str]] = {}
        for topic, number in partitions:
            topics.setdefault(ShardId(FLOW_OF_TOPIC[topic].name, number), set()).add(topic)
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
            runner = self._new_runner(shard)
            for topic, offset in (await runner.take_over()).items():
                starts[topic, shard.number] = offset
            self.runners[shard] = runner
            if FLOW_NAMED[shard.flow].reads_view:
                self._mergers[shard.number] = Merger(
                    shard.number, self.parts, self._store, self._settings.rules,
                    self._settings.merging.rows,
                )  # fmt: skip
        self._count_assigned()
        return starts

    def _new_runner(self, shard: ShardId) -> Runner:
        core = FLOW_NAMED[shard.flow].new_core(self._settings)
        processor = Processor(shard, core, self.parts, Guard(self._settings.guard))
        return Runner(
            processor, self._store, self._sender, self.views, self._settings, self.metrics
        )

    async def revoke(
        self, shards: Iterable[ShardId], timeout_s: float
    ) -> dict[str, dict[int, int]]:
        """Let shards go in order; return the offsets to commit, by topic and partition."""
        offsets: dict[str, dict[int, int]] = {}
        for shard in sorted(shards):
            runner = self.runners.pop(shard, None)
            if FLOW_NAMED[shard.flow].reads_view:
                self._mergers.pop(shard.number, None)
            if runner is not None:
                await runner.let_go(timeout_s)
                for topic, offset in runner.applied.items():
                    offsets.setdefault(topic, {})[shard.number] = offset
        self._count_assigned()
        return offsets

    def drop(self, shards: Iterable[ShardId]) -> None:
        """Forget shards that were lost to another worker: nothing of them may be written."""
        for shard in shards:
            runner = self.runners.pop(shard, None)
            if FLOW_NAMED[shard.flow].reads_view:
                self._mergers.pop(shard.number, None)
            if runner is not None:
                runner.abandon()
        self._count_assigned()

    async def maintain(self) -> None:
        """What has to be done now and then, for all shards."""
        for runner in list(self.runners.values()):
            await runner.maintain()
        self._report()

    async def merge(self) -> None:
        """Merge this worker's parts of the view, and fetch what others merged."""
        if time.monotonic() >= self._merge_after:
            started = time.monotonic()
            for merger in list(self._mergers.values()):
                await merger.merge()
            # Merging may take a fifth of the time: freshness gives way, but not for long. A merge
            # beside a backlog lasts as long as the backlog, and would then rest for minutes.
            rest = 4 * (time.monotonic() - started)
            self._merge_after = time.monotonic() + min(rest, _MERGE_REST_S)
        view = await self.views.refresh()
        for part, version in enumerate(view.versions):
            self.metrics.view_version.labels(str(part)).set(version)

    def committable(self) -> Mapping[tuple[str, int], int]:
        """Return the offsets that are applied, for lag tools; the store is the truth."""
        return {
            (topic, runner.shard.number): offset
            for runner in self.runners.values()
            for topic, offset in runner.applied.items()
        }

    def busy_s(self) -> float:
        """Return how long the oldest batch in work has been in work."""
        now = time.monotonic()
        return max((now - (r.busy_since or now) for r in self.runners.values()), default=0.0)

    def ready(self) -> bool:
        """Whether this worker has shards and all are restored."""
        return bool(self.runners) and not any(r.replaying for r in self.runners.values())

    def _count_assigned(self) -> None:
        for flow in FLOWS:
            owned = sum(shard.flow == flow.name for shard in self.runners)
            for topic in flow.topics:
                self.metrics.assigned_partitions.labels(topic).set(owned)

    def _report(self) -> None:
        alarms: dict[str, float] = {"low": 0.0, "medium": 0.0, "high": 0.0}
        for shard, runner in self.runners.items():
            for (model, metric), value in runner.processor.core.report().items():
                self.metrics.model_metric.labels(model, metric, str(shard)).set(value)
                if model == "alarms":
                    alarms[metric] += value
            self.metrics.outbox_pending.labels(str(shard)).set(runner.unconfirmed)
        for priority, count in alarms.items():
            self.metrics.alarms_active.labels(priority).set(count)

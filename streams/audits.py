"""The audit of each shop shard's itemset counts, now and then, beside all other work."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Callable, Mapping
from typing import ParamSpec, TypeVar

import structlog

from models.itemsets.audit import AT_ONCE, Audit, choose, compare, cut, look, together
from models.itemsets.counts import ItemsetCounts
from models.itemsets.mining import available, fp_growth
from models.shop import ShopShard
from streams.metrics import Metrics
from streams.runner import Runner
from streams.settings import Settings
from streams.topology import ShardId

log = structlog.get_logger()
P = ParamSpec("P")
T = TypeVar("T")


class Audits:
    """Audits this worker's shop shards, one at a time, each every ``TAILORLINE_AUDIT_EVERY_S``."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._every = settings.audit_every_s
        self._rules = settings.rules
        self._metrics = metrics
        self._due: dict[ShardId, float] = {}
        """When the shards that are ours are audited next, by the monotonic clock."""
        self._task: asyncio.Task[None] | None = None
        if self._every and not available():
            self._every = 0.0
            log.info(
                "itemset counts are not audited: the library rusket is not installed; "
                "pip install 'tailorline[audit]', or TAILORLINE_AUDIT_EVERY_S=0"
            )

    def step(self, runners: Mapping[ShardId, Runner]) -> None:
        """Begin the next audit that is due, unless one is under way."""
        if not self._every:
            return
        now = time.monotonic()
        for shard in self._due.keys() - runners.keys():
            # Its new owner reports it; what we found would stand here for ever.
            del self._due[shard]
            self._metrics.not_audited(shard)
        for shard, runner in runners.items():
            if shard not in self._due and isinstance(runner.processor.core, ShopShard):
                spread = zlib.crc32(str(shard).encode()) / 2**32  # not all in the same moment
                self._due[shard] = now + spread * self._every
        if self._task is not None and not self._done(self._task):
            return
        self._task = None
        ready = [s for s, due in self._due.items() if due <= now and not runners[s].replaying]
        if not ready:
            return
        shard = min(ready, key=self._due.__getitem__)
        self._due[shard] = now + self._every
        core = runners[shard].processor.core
        if isinstance(core, ShopShard):
            self._task = asyncio.create_task(self._audit(shard, core.itemsets))

    def _done(self, task: asyncio.Task[None]) -> bool:
        """Whether an audit is over. One that failed is an error to look at, and stops no worker."""
        if task.done() and not task.cancelled() and (error := task.exception()):
            log.error("audit of itemset counts failed", exc_info=error)
        return task.done()

    async def _audit(self, shard: ShardId, counts: ItemsetCounts) -> None:
        started = time.perf_counter()
        times: list[float] = []
        looked = _timed(times, look, counts)
        chosen = await asyncio.to_thread(
            choose, looked, fp_growth, self._rules.min_support, self._rules.min_count
        )
        itemsets = sorted(chosen.mined)
        found = []
        for first in range(0, len(itemsets), AT_ONCE):
            taken = _timed(times, cut, counts, itemsets[first : first + AT_ONCE])
            found.append(await asyncio.to_thread(compare, chosen, taken))
        if shard in self._due:
            seconds = time.perf_counter() - started
            self._tell(shard, together(found), seconds, max(times))

    def _tell(self, shard: ShardId, found: Audit, seconds: float, held_up: float) -> None:
        self._metrics.audited(shard, found, seconds, held_up)
        told = {
            "shard": str(shard), "compared": found.compared, "baskets": found.baskets,
            "complete": found.complete, "seconds": round(seconds, 3),
            "loop_seconds": round(held_up, 4),
        }  # fmt: skip
        if not found.violations:
            log.info("itemset counts audited", **told)
            return
        worst = found.worst[0]
        log.error(
            "itemset counts are wrong", **told, violations=found.violations,
            items=worst.items, held=worst.held, low=worst.low, high=worst.high,
        )  # fmt: skip


def _timed(times: list[float], read: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
    """Call what holds up the loop, and note for how long."""
    started = time.perf_counter()
    found = read(*args, **named)
    times.append(time.perf_counter() - started)
    return found

"""Taking a snapshot: exact counts from the store, latencies from the workers' metrics pages."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence

from models.itemsets.rules import Rule
from models.options.proposal import proposed_options
from models.view import TRENDING, View
from schemas.topics import INPUTS, OUTPUTS
from streams.demo.exposition import Sample, histogram, parse
from streams.demo.feed import Told
from streams.demo.processes import WorkerProcess
from streams.demo.quantiles import add_up, quantile
from streams.demo.snapshot import Input, Latency, Output, Propensity, Snapshot, WorkerState
from streams.runtime.listener import Listener
from streams.runtime.publisher import Partition, Publisher
from streams.store.protocol import Store
from streams.topology import ShardId

_RATE_OVER_S = 5.0
_BEST_RULES = 20


class Reader:
    """Takes snapshots, one after the other; what a worker does not answer stays as it was."""

    def __init__(
        self,
        store: Store,
        workers: Sequence[WorkerProcess],
        publisher: Publisher,
        listener: Listener,
        partitions: int,
    ) -> None:
        self._store = store
        self._workers = workers
        self._publisher = publisher
        self._listener = listener
        self._parts = partitions
        self._begun = time.monotonic()
        self._view = View(partitions)
        self._pages: dict[str, tuple[Sample, ...]] = {}
        self._history: deque[tuple[float, Mapping[str, int]]] = deque()

    async def take(self) -> Snapshot:
        """Return how things are now."""
        now = time.monotonic() - self._begun
        scraping = asyncio.gather(
            *(asyncio.to_thread(self._scrape, worker) for worker in self._workers)
        )
        tally, positions = await self._counts()
        await self._refresh_view()
        await scraping
        samples = [sample for page in self._pages.values() for sample in page]
        latencies = self._latencies()
        lag = self._lag(positions)
        rates = self._rates(now, {topic.name: tally[f"{topic.name}:read"] for topic in INPUTS})
        heard = self._listener.heard()
        rules, total = self._rules()
        return Snapshot(
            elapsed_s=now,
            inputs={
                topic.name: Input(
                    published=self._publisher.deliveries[topic.name],
                    read=tally[f"{topic.name}:read"],
                    accepted=tally[f"{topic.name}:accepted"],
                    duplicates=tally[f"{topic.name}:duplicate"],
                    rejected=tally[f"{topic.name}:rejected"],
                    reasons=_reasons(tally, topic.name),
                    lag=lag[topic.name],
                    rate=rates[topic.name],
                    latency=latencies.get(topic.name, Latency()),
                )
                for topic in INPUTS
            },
            outputs={
                topic.name: Output(
                    sent=tally[f"{topic.name}:sent"],
                    received=heard.received.get(topic.name, 0),
                    latency=latencies.get(topic.name, Latency()),
                )
                for topic in OUTPUTS
            },
            workers=tuple(self._state(worker) for worker in self._workers),
            rules=rules,
            rules_total=total,
            propensity=_propensity(samples),
            misrouted=int(
                sum(s.value for s in samples if s.name == "tailorline_misrouted_total")
            ),
            heard=heard,
        )  # fmt: skip

    async def behind(self) -> int:
        """Return how many published events are not applied yet."""
        _, positions = await self._counts()
        return sum(self._lag(positions).values())

    async def unmerged(self) -> int:
        """Return how many rows wait to be merged; trends always do and do not count."""
        rows = 0
        for shard in await self._store.shards():
            for own in (await self._store.dirty(shard, range(self._parts), 1000)).values():
                rows += len(own.keys() - {TRENDING})
        return rows

    def told(self) -> Told:
        """Return all rules and configurations that the merged view of the last snapshot says."""
        rows = self._view.rows()
        return Told(
            frozenset(
                (rule.antecedent, rule.consequent) for row in rows.values() for rule in row.rules
            ),
            frozenset(
                (sku, own.option, own.value)
                for sku, row in rows.items()
                if row.options
                for own in proposed_options(row)
            ),
        )

    # -- parts ------------------------------------------------------------------------------------

    async def _counts(self) -> tuple[Counter[str], dict[Partition, int]]:
        tally: Counter[str] = Counter()
        positions: dict[Partition, int] = {}
        for shard in await self._store.shards():
            tally.update(await self._store.tally(shard))
            positions.update(await watermarks_of(self._store, shard))
        return tally, positions

    async def _refresh_view(self) -> None:
        for part in range(self._parts):
            change = await self._store.view_since(part, self._view.versions[part])
            if change.rows or change.whole:
                self._view = self._view.changed(
                    part, change.version, change.rows, whole=change.whole
                )

    def _scrape(self, worker: WorkerProcess) -> None:
        page = worker.page("/metrics")
        if page is not None:
            self._pages[worker.name] = tuple(parse(page))

    def _latencies(self) -> dict[str, Latency]:
        by_worker = [
            histogram(page, "tailorline_end_to_end_seconds", "topic")
            for page in self._pages.values()
        ]
        topics = {topic for one in by_worker for topic in one}
        return {
            topic: _latency(add_up(one[topic] for one in by_worker if topic in one))
            for topic in topics
        }

    def _lag(self, positions: Mapping[Partition, int]) -> Counter[str]:
        lag: Counter[str] = Counter()
        for where, confirmed in dict(self._publisher.delivered).items():
            lag[where[0]] += max(confirmed.offset + 1 - positions.get(where, 0), 0)
        return lag

    def _rates(self, now: float, read: Mapping[str, int]) -> dict[str, float]:
        self._history.append((now, read))
        while len(self._history) > 2 and now - self._history[1][0] >= _RATE_OVER_S:
            self._history.popleft()
        then, before = self._history[0]
        seconds = max(now - then, 1e-9)
        return {topic: (count - before[topic]) / seconds for topic, count in read.items()}

    def _state(self, worker: WorkerProcess) -> WorkerState:
        memory, peak = worker.memory_mb()
        page = self._pages.get(worker.name, ())
        own = [s.value for s in page if s.name == "tailorline_assigned_partitions"]
        return WorkerState(worker.name, worker.state, int(sum(own)), memory, peak)

    def _rules(self) -> tuple[tuple[Rule, ...], int]:
        """Return the best rules, each pair of articles once, and how many rules there are."""
        rows = self._view.rows().values()
        # Rows hold their best rule first, so no other can be among the best of different articles.
        leading = sorted(
            (row.rules[0] for row in rows if row.rules), key=lambda rule: -rule.score
        )  # fmt: skip
        best: dict[frozenset[str], Rule] = {}
        for rule in leading:
            best.setdefault(frozenset((rule.antecedent, rule.consequent)), rule)
            if len(best) >= _BEST_RULES:
                break
        return tuple(best.values()), sum(len(row.rules) for row in rows)


async def watermarks_of(store: Store, shard: ShardId) -> dict[Partition, int]:
    """Return the next offset of each partition of a shard."""
    return {
        (topic, shard.number): after for topic, after in (await store.watermarks(shard)).items()
    }


def _reasons(tally: Mapping[str, int], topic: str) -> dict[str, int]:
    prefix = f"{topic}:rejected:"
    return {
        name.removeprefix(prefix): count
        for name, count in sorted(tally.items())
        if name.startswith(prefix)
    }


def _latency(buckets: Mapping[float, float]) -> Latency:
    found = [quantile(buckets, q) for q in (0.5, 0.95, 0.99)]
    return Latency(*(None if value is None else 1000 * value for value in found))


def _propensity(samples: Sequence[Sample]) -> Propensity:
    shards: dict[str, dict[str, float]] = {}
    for sample in samples:
        labels = sample.labels
        if sample.name == "tailorline_model_metric" and labels["model"] == "propensity":
            shards.setdefault(labels["shard"], {})[labels["metric"]] = sample.value
    return Propensity(
        int(sum(shard["examples"] for shard in shards.values())),
        int(sum(shard["positives"] for shard in shards.values())),
        # Where all had the same outcome there is no order to get right.
        _mean("auc", [one for one in shards.values() if 0 < one["positives"] < one["examples"]]),
        _mean("log_loss", list(shards.values())) or 0.0,
        _mean("base_rate_log_loss", list(shards.values())) or 0.0,
    )


def _mean(metric: str, shards: Sequence[Mapping[str, float]]) -> float | None:
    """Return a metric's mean over shards by their examples; None without any."""
    examples = sum(shard["examples"] for shard in shards)
    if not examples:
        return None
    return sum(shard[metric] * shard["examples"] for shard in shards) / examples

"""``tailorline bench decisions``: a full shop in one process, then each event by the clock."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np
from rich.console import Console
from rich.progress import Progress

from bench.crowd import Crowd, Sent
from bench.decisions.clocked import ClockedShards, Taken
from bench.decisions.pauses import Pauses
from bench.report import Metrics, Report, comparison, progress
from schemas.outputs import Offer
from streams.encoding import Record
from streams.garbage import EVERY_S, Garbage
from streams.processor import Message
from streams.routing import partition_of
from streams.settings import Settings
from streams.topology import ShardId

RATE = 2_500.0
"""Events a second of the stream: how much event time passes between two merges."""
_START = 1_790_000_000.0
_BATCH = 500
_FILL_STEP = 20_000
_FULL = 0.98
_LEFT_ALONE = "collector_left_alone"
_offer = msgspec.json.Decoder(Offer).decode


@dataclass(frozen=True, slots=True)
class Plan:
    """How large the shop is, and how much is measured."""

    items: int = 50_000
    customers: int = 100_000
    events: int = 40_000
    """Measured, twice: with Python's collector left alone, and tended as in a worker."""
    partitions: int = 2
    seed: int = 7
    warm_up_s: float = 600.0
    """After so many seconds of the processor the shop is taken as it is; the report says how full."""


@dataclass(slots=True)
class Outcome:
    """What was found."""

    fill: dict[str, int]
    warm_up_events: int
    warm_up_s: float
    stretches: dict[str, tuple[Taken, Pauses]] = field(default_factory=dict)


def bench_decisions(plan: Plan, console: Console) -> Report:
    """Fill the shop, measure, report."""
    settings = Settings(_env_file=None)
    load_before = os.getloadavg()[0]
    with progress(console) as bars:
        outcome = asyncio.run(_measured(plan, settings, bars))
    report = Report(
        "decisions",
        ["made-up shop"],
        {
            "items": plan.items, "customers": plan.customers, "events": plan.events,
            "shards": plan.partitions, "customers_per_shard_most": settings.max_customers,
            "seed": plan.seed, "rate_simulated": RATE, "warm_up_events": outcome.warm_up_events,
            "warm_up_s": round(outcome.warm_up_s, 1), "cpus": os.cpu_count(),
            "load_average_before": load_before, "load_average_after": os.getloadavg()[0],
        },
    )  # fmt: skip
    report.results = dict(outcome.fill)
    report.results |= summary(*outcome.stretches[""])
    report.baselines[_LEFT_ALONE] = summary(*outcome.stretches[_LEFT_ALONE])
    return report


async def _measured(plan: Plan, settings: Settings, bars: Progress) -> Outcome:
    crowd = Crowd(plan.items, plan.customers, plan.seed, rate=RATE, start=_START)
    shop = _Shop(crowd, plan.partitions, settings)
    try:
        return await _filled_and_timed(shop, plan, settings, bars)
    finally:
        shop.leave_garbage()


async def _filled_and_timed(shop: _Shop, plan: Plan, settings: Settings, bars: Progress) -> Outcome:
    began = time.process_time()
    wanted = min(plan.customers, plan.partitions * settings.max_customers)
    task = bars.add_task("customers come in", total=wanted)
    fill: dict[str, int] = {}
    while time.process_time() - began < plan.warm_up_s:
        with Pauses() as pauses:
            await shop.run(_FILL_STEP, pauses, None)
        fill = shop.shards.fill()
        bars.update(task, completed=min(fill["customers"], wanted))
        # Murmur2 does not split customers quite evenly, so the fuller shard forgets a few.
        if fill["customers"] >= _FULL * wanted:
            break
    bars.remove_task(task)
    outcome = Outcome(fill, shop.taken, time.process_time() - began)
    for name, tended in (("", True), (_LEFT_ALONE, False)):
        task = bars.add_task(
            "measured" if tended else "measured, state not frozen", total=plan.events
        )
        taken = Taken()
        if not tended:
            shop.leave_garbage()
        with Pauses() as pauses:
            for _ in range(0, plan.events, _BATCH):
                await shop.run(_BATCH, pauses, taken)
                bars.advance(task, _BATCH)
        bars.remove_task(task)
        outcome.stretches[name] = (taken, pauses)
    outcome.fill = shop.shards.fill()
    return outcome


class _Shop:
    """The crowd's events into the shards, the offers back to the crowd, merges on event time."""

    def __init__(self, crowd: Crowd, partitions: int, settings: Settings) -> None:
        self.shards = ClockedShards(partitions, settings)
        self.taken = 0
        self._crowd = crowd
        self._events = crowd.events()
        self._partitions = partitions
        self._offsets: dict[tuple[str, int], int] = {}
        self._every_s = settings.merging.every_s
        self._merged_at = 0.0
        self._tended_at = 0.0
        self.garbage: Garbage | None = Garbage()
        """As in a worker: tended by the time of the events. Not part of any event's time."""

    async def run(self, events: int, pauses: Pauses, taken: Taken | None) -> None:
        """Process so many events, in batches of a poll."""
        while events > 0:
            size = min(events, _BATCH)
            events -= size
            self.taken += size
            at = 0.0
            batches: dict[ShardId, list[Message]] = {}
            for message in self._messages(self._events, size):
                batches.setdefault(ShardId("shop", message.partition), []).append(message)
                at = message.timestamp
            for shard, messages in batches.items():
                self._tell(await self.shards.clocked(shard, messages, pauses, taken))
            if at - self._merged_at >= self._every_s:
                self._merged_at = at
                await self.shards.merge()
            if self.garbage is not None and at - self._tended_at >= EVERY_S:
                self._tended_at = at
                await self.garbage.tend()

    def leave_garbage(self) -> None:
        """Leave the collector to itself from now on."""
        if self.garbage is not None:
            self.garbage.leave()
            self.garbage = None

    def _messages(self, events: Iterator[Sent], size: int) -> Iterator[Message]:
        for sent, _ in zip(events, range(size), strict=False):
            number = partition_of(sent.key, self._partitions)
            offset = self._offsets.get((sent.topic, number), 0)
            self._offsets[sent.topic, number] = offset + 1
            yield Message(sent.topic, number, offset, sent.at, sent.key, sent.value)

    def _tell(self, offers: Sequence[Record]) -> None:
        for record in offers:
            offer = _offer(record.value)
            skus = [item.sku for item in offer.items]
            self._crowd.offered(offer.offer_id, offer.customer_id, offer.session_id or "", skus)


def summary(taken: Taken, pauses: Pauses) -> Metrics:
    """Return the metrics of a stretch."""
    found: Metrics = {}
    for kind, seconds, paused, cpu in (
        ("offer", taken.with_offer, taken.paused_with_offer, taken.cpu_with_offer),
        ("other", taken.without, taken.paused_without, taken.cpu_without),
    ):
        found[f"n_{kind}"] = len(seconds)
        if not seconds:
            continue
        whole = np.array(seconds) * 1000
        own = whole - np.array(paused) * 1000
        for label, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)):
            found[f"{label}_ms_{kind}"] = float(np.quantile(whole, q))
        found[f"p99_cpu_ms_{kind}"] = float(np.quantile(cpu, 0.99)) * 1000
        found[f"max_cpu_ms_{kind}"] = max(cpu) * 1000
        found[f"p99_ms_{kind}_without_gc"] = float(np.quantile(own, 0.99))
        found[f"max_ms_{kind}_without_gc"] = float(own.max())
    total = sum(taken.with_offer) + sum(taken.without)
    events = len(taken.with_offer) + len(taken.without)
    inside = sum(taken.paused_with_offer) + sum(taken.paused_without)
    found["us_per_event"] = total * 1e6 / events if events else None
    found["gc_share"] = inside / total if total else None
    found["gc_longest_ms"] = pauses.longest * 1000
    found["gc_pauses"] = pauses.count
    if taken.adopting:
        found["max_ms_adopt"] = max(taken.adopting) * 1000
    found["rejected"] = taken.rejected
    return found


def show(report: Report, console: Console) -> None:
    """Print the tables."""
    found = report.results
    heads = {label: label.removesuffix("_ms") for label in ("p50_ms", "p95_ms", "p99_ms", "max_ms")}
    heads |= {"p99_gc": "p99 less GC", "max_gc": "max less GC", "cpu": "p99 CPU"}
    rows: dict[str, Metrics] = {}
    stretches = {"": found, ", GC alone": report.baselines[_LEFT_ALONE]}
    for stretch, own in stretches.items():
        for kind, label in (("offer", "offer"), ("other", "none")):
            rows[label + stretch] = {
                **{head: own.get(f"{head}_{kind}") for head in list(heads)[:4]},
                "p99_gc": own.get(f"p99_ms_{kind}_without_gc"),
                "max_gc": own.get(f"max_ms_{kind}_without_gc"),
                "cpu": own.get(f"p99_cpu_ms_{kind}"),
            }
    console.print(comparison("From an event's bytes to its outputs' bytes, in ms", rows, heads))
    settings = report.settings
    console.print(
        f"{found['customers']:,} customers in {settings['shards']} shards (at most "
        f"{settings['customers_per_shard_most']:,} in each), {found['covisit_rows']:,} rows of "
        f"co-visits, {found['neighbour_sessions']:,} sessions, {found['pairs']:,} pairs, "
        f"{found['view_rows']:,} merged rows, after {settings['warm_up_events']:,} events.",
        highlight=False,
    )
    for stretch, own in stretches.items():
        console.print(
            f"{own['n_offer']:,} events made an offer, {own['n_other']:,} none; the collector"
            f"{' left alone' if stretch else ', tended as in a worker'}: {own['gc_pauses']} pauses, the longest "
            f"{own['gc_longest_ms']:.1f} ms, {own['gc_share'] or 0:.1%} of the events' time",
            highlight=False,
        )

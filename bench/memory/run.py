"""``tailorline bench memory``: customers come in, articles fill up, the stream goes on ten times."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

from pydantic import SecretStr
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.crowd import Crowd, Sent
from bench.memory.worker import Held, StoredShop
from bench.report import Metrics, Report, progress
from streams.settings import Settings, SnapshotSettings, StoreSettings
from streams.store.bounds import FAMILIES, Load, total
from streams.store.embedded import EmbeddedValkey
from streams.store.memory import VIEW_HISTORY

GIB = 2.0**30
MULTIPLES = (1, 2, 5, 10)
_START = 1_790_000_000.0
_STEPS = 4
_LEAST_BATCH = 25
_NEVER_S = 1e9
_EVENTS_A_VISIT = 4.2
"""About: for the progress bar."""

CUSTOMERS: dict[str, Any] = {
    "max_customers": 10_000_000,
    "seen_ids": 2_000,
    "itemsets": {"window": 500, "max_pairs": 2_000},
    "sequences": {"neighbours": {"sessions": 500}},
    "offers": {"pending": 500},
    "merging": {"rows": 20},
}
"""All bounds but that of customers are low enough to be reached in the first step."""
FLAT: dict[str, Any] = {
    "max_customers": 250,
    "max_skus": 200,
    "seen_ids": 500,
    "itemsets": {"window": 50, "max_pairs": 200, "max_triples": 100},
    "sequences": {"max_items": 200, "max_row": 20, "neighbours": {"sessions": 100}},
    "offers": {"pending": 50},
    "rules": {"rules_per_item": 5, "neighbours_per_item": 10, "bought_with": 10},
    "merging": {"rows": 20},
}
"""Bounds low enough to be reached before the stream has run once."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How large everything is."""

    customers: int = 24_000
    """In so many, a quarter at a time, of which each comes ``visits`` times on average."""
    visits: int = 3
    items: int = 50_000
    item_customers: int = 100_000
    item_events: int = 400_000
    stream: int = 20_000
    """Events of the stream once; it goes on until ten times as many have come."""
    partitions: int = 4
    seed: int = 7
    store: str = ""


def bench_memory(plan: Plan, console: Console) -> Report:
    """Run the three parts, each in a prefix of its own."""
    load_before = os.getloadavg()[0]
    with ExitStack() as stack:
        bars = stack.enter_context(progress(console))
        url = plan.store or stack.enter_context(EmbeddedValkey()).url
        customers = asyncio.run(_customers(plan, url, bars))
        articles = asyncio.run(_articles(plan, url, bars))
        flat = asyncio.run(_flat(plan, url, bars))
    report = Report(
        "memory",
        ["made-up shop"],
        {
            "customers": plan.customers, "visits": plan.visits, "items": plan.items,
            "item_customers": plan.item_customers, "item_events": plan.item_events,
            "stream": plan.stream, "partitions": plan.partitions, "seed": plan.seed,
            "store": plan.store or "embedded", "bounds_customers": CUSTOMERS, "bounds_flat": FLAT,
            "cpus": os.cpu_count(), "load_average_before": load_before,
            "load_average_after": os.getloadavg()[0],
        },
    )  # fmt: skip
    report.results = {
        **of_customers(customers),
        **of_articles(articles, plan.partitions),
        **of_stream(flat),
    }
    for name, found in (("customers", customers), ("items", [articles]), ("stream", flat)):
        report.series[f"{name}: events_profiles_used_rss_worker"] = [
            [held.events, held.profiles, held.used, held.resident, held.worker] for held in found
        ]
        for family in FAMILIES:
            sizes = [[held.families[family.key].size] for held in found]
            if any(size for (size,) in sizes):
                report.series[f"{name}: {family.key}"] = sizes
    return report


def settings_of(url: str, prefix: str, bounds: Mapping[str, Any]) -> Settings:
    """Return the shipped settings with some bounds; snapshots are taken when told."""
    return Settings(
        _env_file=None, store=StoreSettings(url=SecretStr(url), prefix=prefix),
        snapshots=SnapshotSettings(key=SecretStr("bench"), every_s=_NEVER_S), **bounds,
    )  # fmt: skip


async def _customers(plan: Plan, url: str, bars: Progress) -> list[Held]:
    step = max(plan.customers // _STEPS, 1)
    found = []
    start, first = _START, 0
    title, events = "customers come in", plan.customers * plan.visits * _EVENTS_A_VISIT
    settings = settings_of(url, _prefix("c"), CUSTOMERS)
    async with StoredShop(settings, plan.partitions) as shop:
        with _bar(bars, title, events) as bar:
            for _ in range(_STEPS):
                crowd = Crowd(200, step, plan.seed, rate=500.0, start=start, first=first)
                await shop.run(crowd, _until(crowd, step * plan.visits), bar)
                found.append(await shop.held())
                start, first = crowd.now, first + step
    return found


def _until(crowd: Crowd, visits: int) -> Iterator[Sent]:
    """Yield a crowd's events until so many visits have begun."""
    for sent in crowd.events():
        if crowd.visits > visits:
            return
        yield sent


async def _articles(plan: Plan, url: str, bars: Progress) -> Held:
    """Fill the shop with the settings as shipped, what is done on timers by the clock."""
    crowd = Crowd(plan.items, plan.item_customers, plan.seed, rate=2_500.0, start=_START)
    settings = settings_of(url, _prefix("i"), {})
    async with StoredShop(settings, plan.partitions, time.monotonic) as shop:
        with _bar(bars, f"{plan.items:,} articles fill up", plan.item_events) as bar:
            await shop.run(crowd, islice(crowd.events(), plan.item_events), bar)
        return await shop.held()


async def _flat(plan: Plan, url: str, bars: Progress) -> list[Held]:
    # Slow and in small batches, so that a stream is as many merges as a view's history has versions.
    batch = max(plan.stream // VIEW_HISTORY, _LEAST_BATCH)
    crowd = Crowd(1_000, 2_000, plan.seed, rate=batch / 1.1, start=_START)
    events = crowd.events()
    found: list[Held] = []
    settings = settings_of(url, _prefix("f"), FLAT)
    async with StoredShop(settings, plan.partitions, batch=batch) as shop:
        with _bar(bars, "ten times the stream", plan.stream * MULTIPLES[-1]) as bar:
            for multiple in MULTIPLES:
                await shop.run(crowd, islice(events, multiple * plan.stream - shop.events), bar)
                found.append(await shop.held())
    return found


@contextmanager
def _bar(bars: Progress, title: str, events: float) -> Iterator[Callable[[int], None]]:
    task = bars.add_task(title, total=int(events))
    yield lambda count: bars.advance(task, count)
    bars.remove_task(task)


def _prefix(name: str) -> str:
    return f"m{name}{time.time_ns():x}"


def of_customers(found: list[Held]) -> Metrics:
    """Return what a customer takes: the slope of all keys' bytes from the first step to the last.

    Without the merged view, which is of articles. Keys' bytes and not the server's, which holds its
    clients' buffers too: megabytes that come and go.
    """
    first, last = found[0], found[-1]
    added = last.profiles - first.profiles
    steps = [
        (b.stored(view=False) - a.stored(view=False)) / (b.profiles - a.profiles)
        for a, b in pairwise(found)
        if b.profiles > a.profiles
    ]
    slope = (last.stored(view=False) - first.stored(view=False)) / added if added else None
    snapshots = _snapshots(last) - _snapshots(first)
    return {
        "gib_per_million_customers": slope * 1e6 / GIB if slope is not None else None,
        "bytes_per_customer": slope,
        "bytes_per_customer_snapshots": snapshots / added if added else None,
        "bytes_per_customer_step_min": min(steps, default=None),
        "bytes_per_customer_step_max": max(steps, default=None),
        "worker_bytes_per_customer": (last.worker - first.worker) / added if added else None,
        "profiles": last.profiles,
    }


def of_articles(held: Held, partitions: int) -> Metrics:
    """Return what the store holds for many articles, and what it may hold at most."""
    undo = held.families["{view-k}:undo"]
    most = VIEW_HISTORY * partitions
    whole = undo.size * (most / held.versions - 1) if held.versions else 0.0
    bound = total(Settings(_env_file=None), Load(partitions, 2_500.0 / partitions))
    return {
        "gib_at_items": held.used / GIB,
        "gib_at_items_full_history": (held.used + whole) / GIB,
        "gib_at_items_bound": bound / GIB,
        "gib_at_items_rss": held.resident / GIB,
        "gib_worker_at_items": held.worker / GIB,
        "view_rows_at_items": held.families["{view-k}:rows"].units,
        "profiles_at_items": held.profiles,
    }


def of_stream(found: list[Held]) -> Metrics:
    """Return how much more there is after ten times the stream."""
    metrics: Metrics = {}
    for multiple, held in zip(MULTIPLES, found, strict=True):
        metrics[f"mib_at_{multiple}x"] = held.used / 2**20
        metrics[f"mib_worker_at_{multiple}x"] = held.worker / 2**20
        metrics[f"mib_keys_at_{multiple}x"] = held.stored() / 2**20
    metrics["growth_keys_5x_10x"] = found[-1].stored() / found[-2].stored() - 1
    metrics["growth_5x_10x"] = found[-1].used / found[-2].used - 1
    metrics["growth_1x_10x"] = found[-1].used / found[0].used - 1
    metrics["worker_growth_5x_10x"] = found[-1].worker / found[-2].worker - 1
    return metrics


def _snapshots(held: Held) -> float:
    return held.families["{shop-k}:snapshot"].size


def show(report: Report, console: Console) -> None:
    """Print the tables."""
    found = report.results
    for name, title in (
        ("customers", "Customers come in (bounds of all else reached), MiB"),
        ("items", "At many articles, MiB"),
        ("stream", "The stream once, twice, five and ten times (bounds lowered), MiB"),
    ):
        console.print(_table(report.series, name, title))
    for label, text in (
        ("gib_per_million_customers", "GiB per million customers"),
        ("bytes_per_customer", "bytes a customer"),
        ("gib_at_items", f"GiB at {report.settings['items']:,} articles"),
        ("gib_at_items_full_history", "GiB there with the view's history at its full length"),
        ("gib_at_items_bound", "GiB there if all bounds are reached"),
        ("growth_5x_10x", "growth from 5 to 10 times the stream"),
        ("growth_keys_5x_10x", "growth of all keys"),
        ("worker_growth_5x_10x", "growth of the worker's process"),
    ):
        value = found[label]
        console.print(f"{text:56} {'-' if value is None else f'{value:,.3f}'}", highlight=False)


def _table(series: Mapping[str, list[list[float]]], name: str, title: str) -> Table:
    table = Table(title=title, title_justify="left")
    whole = series[f"{name}: events_profiles_used_rss_worker"]
    table.add_column("", no_wrap=True)
    for row in whole:
        table.add_column(f"{row[0]:,.0f} events", justify="right")
    table.add_row("profiles", *(f"{row[1]:,.0f}" for row in whole))
    for at, label in ((2, "store, used"), (3, "store, resident"), (4, "worker, resident")):
        table.add_row(label, *(f"{row[at] / 2**20:,.1f}" for row in whole))
    for key, sizes in series.items():
        kind, _, family = key.partition(": ")
        if kind == name and family.count("_") != 4 and max(s for (s, *_) in sizes) > 2**16:
            table.add_row(f"  {family}", *(f"{size / 2**20:,.1f}" for (size, *_) in sizes))
    return table

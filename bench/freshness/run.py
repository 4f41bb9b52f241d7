"""``tailorline bench freshness``: a real worker under a constant load, and orders that are timed."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import psutil
from rich.console import Console
from rich.progress import Progress

from bench.freshness.probes import BUYERS, Probe, Probes
from bench.freshness.stream import Stream, producer_of
from bench.report import Metrics, Report, comparison, progress
from bench.workers import BenchError, Site, Watch, Worker, wait_until
from streams.settings import Settings

PARTITIONS = 4
_READY_S = 60.0
_SHOWN_S = 120.0
_POLL_S = 0.01


@dataclass(frozen=True, slots=True)
class Plan:
    """The load and the orders that are timed."""

    rate: float = 1_000.0
    probes: int = 120
    items: int = 50_000
    customers: int = 100_000
    warm_up_s: float = 60.0
    every_s: float = 0.5
    """Between two orders that are timed, on average."""
    seed: int = 7


@dataclass(slots=True)
class Outcome:
    """What was found."""

    probes: Sequence[Probe]
    polls: Sequence[float]
    events: int
    seconds: float
    lag_events: int
    late_s: float
    worker_cpu: float
    store_cpu: float


def bench_freshness(plan: Plan, console: Console) -> Report:
    """Run it; raises `BenchError` if the worker or the load fails."""
    load_before = os.getloadavg()[0]
    with progress(console) as bars:
        outcome = _measured(plan, bars)
    settings = Settings(_env_file=None)
    report = Report(
        "freshness",
        ["made-up shop"],
        {
            "rate": plan.rate, "probes": plan.probes, "items": plan.items,
            "customers": plan.customers, "warm_up_s": plan.warm_up_s, "seed": plan.seed,
            "partitions": PARTITIONS, "workers": 1, "merging_every_s": settings.merging.every_s,
            "merging_rows": settings.merging.rows, "cpus": os.cpu_count(),
            "load_average_before": load_before, "load_average_after": os.getloadavg()[0],
        },
    )  # fmt: skip
    report.results = summary(outcome)
    report.series = {
        "applied_visible_adopted_ms": [
            [((moment or p.produced) - p.produced) * 1000 for moment in (p.applied, p.visible, p.adopted)]
            for p in outcome.probes
        ]
    }  # fmt: skip
    return report


def _measured(plan: Plan, bars: Progress) -> Outcome:
    pairs = [(f"probe-{n:04d}-a", f"probe-{n:04d}-b") for n in range(plan.probes)]
    dice = random.Random(plan.seed)
    prefix = f"h{time.time_ns():x}"
    with ExitStack() as stack:
        site = stack.enter_context(Site())
        watch = Watch(site.store_url, prefix, PARTITIONS)
        stack.callback(watch.close)
        worker = Worker(site.environment(prefix))
        stack.callback(worker.stop)
        wait_until(worker.ready, _READY_S, "the worker to be ready")
        producer = producer_of(site.bootstrap)
        probes = Probes(producer, site.store_url, prefix, PARTITIONS)
        stack.callback(probes.close)
        probes.prepare(pairs)
        stream = Stream(site.bootstrap, plan.items, plan.customers, plan.seed, plan.rate)
        stack.callback(stream.stop)
        stream.start()
        _pause(plan.warm_up_s, bars, stream, worker)
        wait_until(
            lambda: probes.known(pairs) == len(pairs), _SHOWN_S, "all pairs to be published", 0.25
        )
        processes = [psutil.Process(pid) for pid in (worker.pid, site.valkey_pid or worker.pid)]
        began, published, before = time.monotonic(), stream.published, [_cpu(p) for p in processes]
        _timed(plan, pairs, probes, dice, bars, stream, worker)
        seconds = time.monotonic() - began
        used = [(_cpu(p) - b) / seconds for p, b in zip(processes, before, strict=True)]
        applied = sum(watch.next_offsets().values())
        lag = stream.published + plan.probes * (BUYERS + 1) - applied
        return Outcome(
            probes.done, probes.polls, stream.published - published, seconds, lag, stream.late_s,
            used[0], used[1] if site.valkey_pid else 0.0,
        )  # fmt: skip


def _pause(seconds: float, bars: Progress, stream: Stream, worker: Worker) -> None:
    task = bars.add_task("warm up", total=int(seconds))
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, 0.5))
        stream.check()
        worker.check()
        bars.update(task, completed=int(seconds - max(left, 0.0)))
    bars.remove_task(task)


def _timed(
    plan: Plan, pairs: Sequence[tuple[str, str]], probes: Probes, dice: random.Random,
    bars: Progress, stream: Stream, worker: Worker,
) -> None:  # fmt: skip
    task = bars.add_task("orders timed", total=plan.probes)
    placed, due = 0, time.monotonic()
    until = due + plan.probes * plan.every_s * 2 + _SHOWN_S
    while placed < len(pairs) or probes.waiting:
        now = time.monotonic()
        if now > until:
            applied = sum(probe.applied is not None for probe in probes.waiting)
            raise BenchError(
                f"{len(probes.waiting)} orders are still not in the view, {applied} of them counted: "
                "the worker cannot keep up with the load here."
            )
        if placed < len(pairs) and now >= due:
            probes.place(pairs[placed], placed)
            placed += 1
            # Not in step with the timers of the worker.
            due = now + plan.every_s * 2 * dice.random()
        probes.poll()
        bars.update(task, completed=len(probes.done))
        stream.check()
        worker.check()
        time.sleep(_POLL_S)
    bars.remove_task(task)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def summary(outcome: Outcome) -> Metrics:
    """Return the metrics; without a suffix: until the rows in the store show the order."""
    found: Metrics = {"n": len(outcome.probes)}
    for suffix, name in (("", "visible"), ("_applied", "applied"), ("_adopted", "adopted")):
        moments = [(getattr(probe, name), probe.produced) for probe in outcome.probes]
        took = np.array([(at - begun) * 1000 for at, begun in moments if at is not None])
        for label, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)):
            found[f"{label}_ms{suffix}"] = float(np.quantile(took, q)) if len(took) else None
    polls = np.array(outcome.polls) * 1000
    found |= {
        "poll_ms": float(polls.mean()) if len(polls) else None,
        "poll_ms_max": float(polls.max()) if len(polls) else None,
        "in_rules": sum(probe.in_rules for probe in outcome.probes),
        "events_per_s": outcome.events / outcome.seconds,
        "lag_events": outcome.lag_events,
        "stream_late_ms_max": outcome.late_s * 1000,
        "worker_cpu": outcome.worker_cpu,
        "store_cpu": outcome.store_cpu,
    }
    return found


def show(report: Report, console: Console) -> None:
    """Print the table."""
    found = report.results
    heads = {label: label for label in ("p50_ms", "p95_ms", "p99_ms", "max_ms")}
    rows = {
        label: {head: found[f"{head}{suffix}"] for head in heads}
        for suffix, label in (
            ("_applied", "counted in the store"), ("", "in the published rows of both articles"),
            ("_adopted", "decided from by a shard"),
        )
    }  # fmt: skip
    console.print(comparison(f"From the order, {found['n']} orders timed", rows, heads))
    console.print(
        f"{found['events_per_s']:,.0f} events/s, {found['lag_events']:,} unread in the end; worker "
        f"{found['worker_cpu']:.2f} and store {found['store_cpu']:.2f} of a core; {found['in_rules']} "
        f"in the rules too. A poll every {found['poll_ms']:.0f} ms (at most "
        f"{found['poll_ms_max']:.0f}) is part of the times.",
        highlight=False,
    )
    if _behind(report):
        console.print(
            "The worker did not keep up with the load here: these times are those of the queue. "
            "Look at the load average in the settings, or take a lower --rate.",
            style="yellow",
        )


def _behind(report: Report) -> bool:
    """Return whether more than a second of the load was unread in the end."""
    lag, rate = report.results["lag_events"], report.results["events_per_s"]
    return lag is not None and rate is not None and lag > rate

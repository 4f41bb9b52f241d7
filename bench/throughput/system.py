"""The whole system: one real worker on the embedded broker and Valkey, from first to last event."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil

from bench.throughput.mixes import Load
from bench.workers import BenchError, Site, Watch, Worker
from streams.topology import FLOW_OF_TOPIC

_POLL_S = 0.05
_START_S = 60.0
_STALL_S = 120.0
_STAGE = re.compile(
    r'^tailorline_batch_seconds_(sum|count)\{flow="(\w+)",stage="(\w+)"\} (\S+)$', re.MULTILINE
)
_PROFILED = ("-m", "cProfile", "-o")


def measure(
    site: Site, load: Load, prefix: str, advance: Callable[[int], None], profile: Path | None = None
) -> dict[str, Any]:
    """Run one worker over everything that is preloaded; return rates, CPU and stages."""
    wrapper = (*_PROFILED, str(profile)) if profile else ()
    watch = Watch(site.store_url, prefix, 4)
    worker = Worker(site.environment(prefix), wrapper)
    try:
        return _watched(worker, watch, site, load, advance)
    finally:
        watch.close()
        worker.stop()


def _watched(
    worker: Worker, watch: Watch, site: Site, load: Load, advance: Callable[[int], None]
) -> dict[str, Any]:
    processes = {"worker": psutil.Process(worker.pid)}
    if site.valkey_pid:
        processes["valkey"] = psutil.Process(site.valkey_pid)
    first: tuple[float, int, dict[str, float]] | None = None
    flow_ends: dict[str, float] = {}
    flow_firsts: dict[str, tuple[float, int]] = {}
    shown = applied = 0
    moved = time.perf_counter() + _START_S
    while applied < load.events:
        worker.check()
        time.sleep(_POLL_S)
        offsets = watch.next_offsets()
        now, before = time.perf_counter(), applied
        applied = sum(offsets.values())
        if not applied:
            if now > moved:
                raise BenchError(f"The worker read nothing in {_START_S:g} s:\n{worker.log()}")
            continue
        if first is None:
            first = (now, applied, _cpu(processes))
        if applied != before:
            moved = now + _STALL_S
            _note_flows(offsets, load, now, flow_firsts, flow_ends)
        elif now > moved:
            raise BenchError(f"The worker stopped at {applied:,}:\n{worker.log()}")
        advance(applied - shown)
        shown = applied
    if first is None:
        raise BenchError("Nothing was published.")
    began, at_first, cpu_before = first
    wall, cpu = time.perf_counter() - began, _cpu(processes)
    counted = load.events - at_first
    used = {name: cpu[name] - cpu_before[name] for name in processes}
    tally = watch.tally()
    return {
        "events": counted,
        "events_per_s": counted / wall,
        "wall_s": wall,
        "cpu_us_per_event": used["worker"] * 1e6 / counted,
        "valkey_us_per_event": used.get("valkey", 0.0) * 1e6 / counted,
        "flows": {
            flow: (load.by_flow[flow] - flow_firsts[flow][1])
            / max(flow_ends[flow] - flow_firsts[flow][0], _POLL_S)
            for flow in flow_ends
        },
        "stages": stages(worker.metrics(), load.by_flow),
        "outputs": sum(count for name, count in tally.items() if name.endswith(":sent")),
        "rejected": sum(count for name, count in tally.items() if name.endswith(":rejected")),
    }


def _note_flows(
    offsets: Mapping[tuple[str, int], int], load: Load, now: float,
    firsts: dict[str, tuple[float, int]], ends: dict[str, float],
) -> None:  # fmt: skip
    done: dict[str, int] = {}
    for (topic, _), offset in offsets.items():
        name = FLOW_OF_TOPIC[topic].name
        done[name] = done.get(name, 0) + offset
    for flow, count in done.items():
        firsts.setdefault(flow, (now, count))
        if count == load.by_flow[flow]:
            ends.setdefault(flow, now)


def stages(exposition: str, events: Mapping[str, int]) -> dict[str, float]:
    """Return µs an event by ``flow_stage``, and batches by ``flow_batches``, from /metrics."""
    found: dict[str, float] = {}
    for kind, flow, stage, value in _STAGE.findall(exposition):
        if not events.get(flow):
            continue
        if kind == "sum":
            found[f"{flow}_{stage}"] = float(value) * 1e6 / events[flow]
        elif stage == "steps":
            found[f"{flow}_batches"] = float(value)
    return found


def _cpu(processes: Mapping[str, psutil.Process]) -> dict[str, float]:
    found = {}
    for name, process in processes.items():
        times = process.cpu_times()
        found[name] = times.user + times.system
    return found

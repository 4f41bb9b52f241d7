"""``tailorline bench sensors``: a sample by the clock, and a shard of thousands of sensors that restarts."""

from __future__ import annotations

import gc
import pickle
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from rich.console import Console

from bench.anomaly.seam import Stopwatch
from bench.report import Metrics, Report, comparison, progress
from bench.sensors.hall import LEARNT_ROWS, SENSORS, Hall, accept
from models.line.machine import MachineWatch, WatchSettings
from models.snapshot import Snapshot, close, freeze, unseal
from streams.garbage import Garbage

_KEY = b"bench"
_COPIES = 20
_SAMPLE = {
    "us_per_sample": "µs", "us_per_sample_p99": "p99", "us_per_event": "event µs",
}  # fmt: skip
_RESTART = {
    "bytes_per_sensor": "bytes each", "memory_per_sensor": "memory",
    "snapshot_bytes": "snapshot", "freeze_s": "freeze s", "close_s": "close s",
    "restore_s": "restore s", "first_round_s": "round s",
}  # fmt: skip
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    sensors: int = 10_000
    """In the shard that restarts."""
    machines: int = 4
    """Learnt sample by sample; the shard's other ones are copies."""
    rows: int = 300
    """Of these machines, timed."""
    seed: int = 7


def bench_sensors(plan: Plan, console: Console) -> Report:
    """Learn a few machines, time their samples, then freeze and restore a shard of many.

    Python's collector is tended as in a worker.

    Metrics: ``us_per_sample`` of one sensor's detectors and alarms, median, with ``us_per_sample_p99``;
    ``us_per_event`` of the shard's whole step, the machine's row included, mean; ``bytes_per_sensor``
    in a snapshot before it is compressed, the machines' share included; ``memory_per_sensor`` in bytes
    of a restored shard in which all have spoken; ``snapshot_bytes`` compressed; ``freeze_s`` while the worker's loop waits,
    ``close_s`` in a thread, ``restore_s`` until a restarted worker has its shard back, and
    ``first_round_s`` until each sensor has spoken once more. Times are of this process's processor.
    """
    garbage = Garbage()
    try:
        return _bench(plan, console)
    finally:
        garbage.leave()


def _bench(plan: Plan, console: Console) -> Report:
    hall = Hall(plan.machines, LEARNT_ROWS + plan.rows, plan.seed)
    report = Report(
        "sensors",
        settings={
            "sensors": plan.sensors, "machines": plan.machines, "sensors_of_a_machine": SENSORS,
            "learnt_rows": LEARNT_ROWS, "rows": plan.rows, "seed": plan.seed,
        },
    )  # fmt: skip
    with progress(console) as bars:
        task = bars.add_task("samples", total=3)
        hall.learn()
        bars.advance(task)
        report.results = _samples(hall, plan.rows)
        bars.advance(task)
        bars.update(task, description="restart")
        report.results |= _restart(hall, plan.sensors)
    return report


def _samples(hall: Hall, rows: int) -> Metrics:
    """Take rows in, first half as events, second half sensor by sensor, each by the clock."""
    events = [pair for _ in range(rows // 2) for pair in hall.row()]
    stopwatch = Stopwatch()
    for event, origin in events:
        stopwatch.timed(accept, hall.shard, event, origin)
    settings = hall.shard.settings.watch.sensor
    clock = time.process_time_ns
    took = []
    for _ in range(rows - rows // 2):
        for event, origin in hall.row():
            watch = hall.shard.machines[event.line, event.machine].sensors[event.sensor]
            before = clock()
            watch.take(event.value, "good", origin.timestamp, settings)
            took.append(clock() - before)
    median, most = np.percentile(took, [50, 99]) / 1e3
    return {
        "us_per_sample": float(median),
        "us_per_sample_p99": float(most),
        "us_per_event": stopwatch.us_per(len(events)),
    }


def _restart(hall: Hall, sensors: int) -> Metrics:
    hall.fill(sensors)
    gc.collect()
    gc.freeze()
    snapshot = Snapshot(hall.shard, {"sensors": sensors}, ())
    frozen, freeze_s = _timed(lambda: freeze(snapshot))
    sealed, close_s = _timed(lambda: close(frozen, snapshot, _KEY))
    restored, restore_s = _timed(lambda: unseal(sealed, _KEY).state)
    machines, at = list(restored.machines.values()), restored.clock + 1.0
    settings = restored.settings.watch
    stopwatch = Stopwatch()
    for machine in machines:
        stopwatch.timed(_speak, machine, at, settings)
    return {
        "sensors": sensors,
        "bytes_per_sensor": len(pickle.dumps(hall.shard.machines, 5)) / sensors,
        "memory_per_sensor": _memory(machines[0], at + 1.0, settings),
        "snapshot_bytes": len(sealed),
        "freeze_s": freeze_s,
        "close_s": close_s,
        "restore_s": restore_s,
        "first_round_s": stopwatch.seconds,
    }


def _speak(machine: MachineWatch, at: float, settings: WatchSettings) -> None:
    for name, watch in machine.sensors.items():
        machine.take(name, watch.score.baseline.base.mean, "good", at, settings)


def _memory(machine: MachineWatch, at: float, settings: WatchSettings) -> float:
    """Return the bytes of a copy that has spoken, for each sensor."""
    frozen = pickle.dumps(machine, 5)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        held = [pickle.loads(frozen) for _ in range(_COPIES)]  # noqa: S301
        for copy in held:
            _speak(copy, at, settings)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (after - before) / (_COPIES * len(machine.sensors))


def _timed(call: Callable[[], T]) -> tuple[T, float]:
    watch = Stopwatch()
    return watch.timed(call), watch.seconds


def show(report: Report, console: Console) -> None:
    """Print the table."""
    console.print(comparison("A sample", report.contenders, _SAMPLE))
    title = f"A shard of {report.results['sensors']:,} sensors that restarts"
    console.print(comparison(title, report.contenders, _RESTART))

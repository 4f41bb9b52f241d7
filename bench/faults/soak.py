"""``tailorline bench soak``: minutes of load near capacity, a fault every minute, memory watched."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import Producer
from redis.exceptions import RedisError
from rich.console import Console
from rich.table import Table

from bench.faults.catalogue import BY_NAME, Fault, Scene
from bench.faults.crew import Crew
from bench.faults.run import PARTITIONS, Progress, environment
from bench.faults.site import FaultSite
from bench.report import Report, progress, text
from bench.workers import BenchError, Watch, as_environment, wait_until
from streams.settings import Settings
from streams.simulate.world import World
from streams.store.bounds import Load, total

_ROTA = ("kill", "store_pause", "store_crash", "terminate", "zombie", "broker_crash")
_EVERY_S = 60.0
_SAMPLE_S = 2.0
_WARM_UP_S = 180.0
_CAPACITY_S = 60.0
_BACKLOG = 20_000
_READY_S = 60.0
_WORLD_RATE = 10_000.0
"""More than is published: the world's time falls behind the clock, and no event is of the future."""
_FULL: dict[str, Any] = {
    "seen_ids": 2_500,
    "floor": {"seen_ids": 2_500},
    "itemsets": {"window": 1_000},
}
"""Bounds low enough to be reached in the warm-up. What grows after that has no bound."""
_CAUGHT_UP_S = 1.0
"""Lag is back to nothing when less than so many seconds of the load wait."""


class Stream(threading.Thread):
    """Publishes the simulated world without end, at a rate, or as fast as is read."""

    def __init__(self, bootstrap: str, seed: int, applied: Callable[[], int]) -> None:
        super().__init__(name="stream", daemon=True)
        self.rate: float | None = None
        """Events a second; None: as fast as is read, with a backlog."""
        self.published = 0
        self._applied = applied
        self._world = World(seed, _WORLD_RATE, dirt_share=0.01)
        self._over = threading.Event()
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap, "partitioner": "murmur2_random", "linger.ms": 5,
                "enable.idempotence": True, "delivery.timeout.ms": 180_000, "log_level": 0,
                "compression.type": "lz4",
            }
        )  # fmt: skip

    def run(self) -> None:
        """Publish until stopped."""
        due, before, rate = 0.0, time.monotonic(), self.rate
        for topic, key, value in self._messages():
            if self.rate != rate:
                due, before, rate = 0.0, time.monotonic(), self.rate
            while rate is None and self.published - self._applied() > _BACKLOG:
                if self._over.wait(0.05):
                    return
            if rate is not None:
                due += 1 / rate
                wait = before + due - time.monotonic()
                if wait > 0.005 and self._over.wait(wait):
                    return
            if self._over.is_set():
                return
            while True:
                try:
                    self._producer.produce(topic, value, key)
                    break
                except BufferError:
                    self._producer.poll(0.05)
            self._producer.poll(0)
            self.published += 1

    def _messages(self) -> Iterator[tuple[str, bytes, bytes]]:
        now = time.time() - 60.0
        while True:
            now += 0.25
            yield from self._world.advance(now)

    def stop(self) -> None:
        """End, and have everything delivered."""
        self._over.set()
        self.join()
        if self._producer.flush(60.0):
            raise BenchError("Not everything could be published.")


@dataclass(slots=True)
class Soak:
    """What was seen."""

    capacity: float = 0.0
    rate: float = 0.0
    faults: list[tuple[str, float]] = field(default_factory=list)
    """Each fault, and how many seconds after its end the lag was back to nothing."""
    memory: list[tuple[float, int, int]] = field(default_factory=list)
    """Second, the largest worker's memory, the store's."""
    accounted: bool = False
    events: int = 0


def bench_soak(*, minutes: float, share: float, seed: int, real: bool, console: Console) -> Report:
    """Run it; raises `BenchError` if lag does not go back before the next fault."""
    soak = Soak()
    with tempfile.TemporaryDirectory(prefix="tailorline-") as folder, progress(console) as bars:
        console.print("Starting the servers …", style="dim")
        with FaultSite(Path(folder), real=real) as site:
            site.fresh()
            task = bars.add_task("soak", total=minutes * 60)
            _soak(site, soak, minutes, share, seed, real, lambda s: bars.update(task, completed=s))
    bound = total(Settings(_env_file=None, **_FULL), Load(PARTITIONS, soak.rate / PARTITIONS))
    report = Report(
        "soak",
        ["simulated world"],
        {
            "minutes": minutes, "share": share, "seed": seed, "workers": 2,
            "faults": [name for name, _ in soak.faults],
            "bounds": _FULL,
            "servers": "Apache Kafka and Redis" if real else "embedded",
        },
    )  # fmt: skip
    report.results = summary(soak, minutes * 60, bound)
    report.series = {
        "caught_up_s": [[seconds] for _, seconds in soak.faults],
        "second_worker_bytes_store_bytes": [list(row) for row in soak.memory],
    }
    return report


def _soak(
    site: FaultSite, soak: Soak, minutes: float, share: float, seed: int, real: bool,
    advance: Callable[[float], None],
) -> None:  # fmt: skip
    prefix = f"s{time.time_ns():x}"
    settings = environment(site, prefix) | {
        "TAILORLINE_STORE__KEEP_HISTORY": "false", "TAILORLINE_SNAPSHOTS__EVERY_S": "10",
        "TAILORLINE_LOG_LEVEL": "warning",
    } | as_environment(_FULL)  # fmt: skip
    dice = random.Random(seed)
    watch = Watch(site.url, prefix, PARTITIONS)
    applied = Progress(watch, lambda _: None)
    stream = Stream(site.bootstrap, seed, applied)
    rota = [BY_NAME[name] for name in _ROTA if real or not BY_NAME[name].real_only]
    with Crew(settings, 2, module="streams.cli.main") as crew:
        crew.wait_ready(_READY_S, "the workers to be ready")
        stream.start()
        try:
            soak.capacity = _capacity(applied)
            stream.rate = soak.rate = share * soak.capacity
            scene = Scene(site, crew, None, dice, prefix, applied)  # type: ignore[arg-type]
            began = time.monotonic()
            sampler = _Sampler(site, crew, soak, began)
            sampler.start()
            number = 0
            while time.monotonic() - began < minutes * 60:
                _until(began + number * _EVERY_S + _EVERY_S / 4, began, advance)
                _one(rota[number % len(rota)], scene, stream, soak, began + (number + 1) * _EVERY_S)
                number += 1
                _until(began + number * _EVERY_S, began, advance)
            sampler.over.set()
            sampler.join()
        finally:
            stream.stop()
        wait_until(lambda: applied() >= stream.published, 120.0, "everything to be applied")
        crew.wait_ready(_READY_S, "the workers to be ready in the end")
        if any(crew.stop_all()):
            raise BenchError("A worker did not stop in order.")
        soak.events = stream.published
        tally = watch.tally()
        outcomes = ("accepted", "rejected", "duplicate")
        soak.accounted = soak.events == sum(
            count
            for name, count in tally.items()
            if name.count(":") == 1 and name.endswith(outcomes)
        )
    watch.close()


def _until(moment: float, began: float, advance: Callable[[float], None]) -> None:
    while time.monotonic() < moment:
        time.sleep(0.2)
        advance(time.monotonic() - began)


def _capacity(applied: Callable[[], int]) -> float:
    """Return how many events a second are applied when there is always more to read."""
    time.sleep(_CAPACITY_S / 3)
    first, began = applied(), time.monotonic()
    time.sleep(_CAPACITY_S * 2 / 3)
    return (applied() - first) / (time.monotonic() - began)


def _one(fault: Fault, scene: Scene, stream: Stream, soak: Soak, latest: float) -> None:
    fault.do(scene)
    over = time.monotonic()
    enough = _CAUGHT_UP_S * soak.rate

    def caught_up() -> bool:
        return stream.published - scene.applied() < enough

    wait_until(
        caught_up, max(latest - over, 1.0) + _EVERY_S, f"the lag to go back after {fault.name}"
    )
    soak.faults.append((fault.name, time.monotonic() - over))


class _Sampler(threading.Thread):
    """Notes the memory of workers and store now and then."""

    def __init__(self, site: FaultSite, crew: Crew, soak: Soak, began: float) -> None:
        super().__init__(name="sampler", daemon=True)
        self.over = threading.Event()
        self._site, self._crew, self._soak, self._began = site, crew, soak, began

    def run(self) -> None:
        """Sample until it is over."""
        while not self.over.wait(_SAMPLE_S):
            try:
                store = self._site.client(lambda client: int(client.info("memory")["used_memory"]))
            except (OSError, RedisError):
                continue  # the store is being restarted
            largest = max(self._crew.resident_bytes(), default=0)
            if largest:
                self._soak.memory.append((time.monotonic() - self._began, largest, store))


def summary(soak: Soak, seconds: float, bound: float) -> dict[str, float | int | None]:
    """Return the metrics: memory after the warm-up against memory in the end."""
    warm = min(_WARM_UP_S, seconds / 2)
    window = max(seconds / 10, 4 * _SAMPLE_S)

    def largest(begin: float, end: float, column: int) -> float | None:
        found = [row[column] for row in soak.memory if begin <= row[0] <= end]
        return float(max(found)) if found else None

    early, late = largest(warm, warm + window, 1), largest(seconds - window, seconds + 60.0, 1)
    store_late = largest(seconds - window, seconds + 60.0, 2)
    return {
        "capacity_events_per_s": soak.capacity,
        "rate_events_per_s": soak.rate,
        "events": soak.events,
        "accounted": int(soak.accounted),
        "faults": len(soak.faults),
        "caught_up_s_max": max((seconds for _, seconds in soak.faults), default=None),
        "worker_bytes_warm": early,
        "worker_bytes_end": late,
        "worker_growth": (late / early - 1) if early and late else None,
        "store_bytes_warm": largest(warm, warm + window, 2),
        "store_bytes_end": store_late,
        "store_bound_bytes": bound,
        "store_share_of_bound": store_late / bound if store_late and bound else None,
    }


def show(report: Report, console: Console) -> None:
    """Print the table."""
    table = Table(title=f"Soak on {report.settings['servers']}", title_justify="left")
    table.add_column("", no_wrap=True)
    table.add_column("", justify="right")
    for name, value in report.results.items():
        table.add_row(name.replace("_", " "), text(value))
    console.print(table)

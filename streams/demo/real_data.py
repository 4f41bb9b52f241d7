"""Public data sets in place of the simulation: all at once, as fast as the workers follow."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from threading import Event
from typing import Any

from streams.demo.feed import Told
from streams.demo.readings import watermarks_of
from streams.demo.screen import clock
from streams.replay.backpressure import Partition
from streams.replay.pacing import Pacing
from streams.replay.records import BadRow, Record
from streams.replay.run import Limits, ReplayReport, replay
from streams.replay.sources import DataSet, find_sets
from streams.runtime.listener import Listener
from streams.runtime.publisher import Publisher
from streams.settings import StoreSettings
from streams.store.protocol import Store
from streams.store.redis import RedisStore

# Enough to keep the workers busy; what waits longer only makes the latencies and the end longer.
_LIMITS = Limits(unread_bytes=400_000)

_ALL = 2**62


class RealData:
    """Replays the sets found in a folder. Event times are kept; every set keeps its own order."""

    def __init__(self, folder: Path, minutes: float | None, store: StoreSettings) -> None:
        self._sets = find_sets(folder)
        self._length_s = None if minutes is None else minutes * 60.0
        self._store = store
        self._sizes: dict[str, int] = {}
        self._report = ReplayReport()
        self._bad: Counter[str] = Counter()
        self.data = list(self._sets)
        self.title = f"public data: {', '.join(self._sets)}"
        self.worker_settings: Mapping[str, str] = {}
        self.settings: Mapping[str, Any] = {"minutes": minutes}

    def prepare(self, stop: Event) -> None:
        """Read all sets once to know their sizes, so that all can be over at the same time."""
        for name, records in self._sets.items():
            known = (isinstance(record, Record) for record in _until(records(), None, stop))
            self._sizes[name] = sum(known)

    def run(self, publisher: Publisher, listener: Listener, stop: Event) -> None:
        """Publish until the sets end, the time is over, or ``stop`` is set."""
        del listener  # nobody real clicks on these offers
        until = None if self._length_s is None else time.monotonic() + self._length_s
        store = RedisStore(self._store)
        with asyncio.Runner() as runner:
            try:
                self._report = replay(
                    _until(interleave(self._sets, self._sizes), until, stop), publisher, Pacing(),
                    self._reject, follow=StoreProgress(store, runner, stop), on_progress=self._note,
                    limits=_LIMITS,
                )  # fmt: skip
            finally:
                runner.run(store.close())

    def progress(self) -> str:
        """Return the time that has passed, and how much of the data is published."""
        total = sum(self._sizes.values())
        if not total:
            return ""
        passed = clock(self._report.seconds)
        of = "" if self._length_s is None else f" of {clock(self._length_s)}"
        return f"{passed}{of}, {self._report.read / total:.0%} of the data"

    def planted(self, listener: Listener, told: Told) -> None:
        """Nothing is planted."""

    def results(self, listener: Listener, told: Told) -> dict[str, Any]:
        """Return how much of the sets was used."""
        del listener, told
        return {
            "sets": dict(self._sizes),
            "events_replayed": self._report.read,
            "bad_rows": dict(self._bad),
        }

    def baselines(self, results: Mapping[str, Any]) -> dict[str, dict[str, float]]:
        """There is none."""
        del results
        return {}

    def dirt(self) -> None:
        """What is dirty in these sets is not known beforehand."""

    def _reject(self, row: BadRow) -> None:
        self._bad[row.reason] += 1

    def _note(self, report: ReplayReport) -> None:
        self._report = report


class StoreProgress:
    """How far the workers are, by the store: the offsets that the group commits lag a second."""

    def __init__(self, store: Store, runner: asyncio.Runner, stop: Event) -> None:
        self._store = store
        self._runner = runner
        self._stop = stop

    def committed(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """Return the next offset to be applied."""
        if self._stop.is_set():
            # Nothing more will come, so nothing needs to wait: not even for a worker that died.
            return dict.fromkeys(partitions, _ALL)
        return self._runner.run(self._ask(set(partitions)))

    async def _ask(self, wanted: set[Partition]) -> dict[Partition, int]:
        found: dict[Partition, int] = {}
        for shard in await self._store.shards():
            found.update(await watermarks_of(self._store, shard))
        return {where: offset for where, offset in found.items() if where in wanted}


def interleave(
    sets: Mapping[str, DataSet], sizes: Mapping[str, int]
) -> Iterator[Record | BadRow]:  # fmt: skip
    """Yield the sets' records in turns: always from the set of which the least part is out."""
    streams = {name: iter(records()) for name, records in sets.items()}
    out = dict.fromkeys(streams, 0)
    while streams:
        name = min(streams, key=lambda one: out[one] / max(sizes[one], 1))
        item = next(streams[name], None)
        if item is None:
            del streams[name]
            continue
        out[name] += isinstance(item, Record)
        yield item


def _until(
    records: Iterator[Record | BadRow], until: float | None, stop: Event
) -> Iterator[Record | BadRow]:
    for record in records:
        if stop.is_set() or (until is not None and time.monotonic() >= until):
            return
        yield record

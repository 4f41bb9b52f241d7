"""The driver: the whole topology in one process, without broker or clock, for tests of any kind.

``pipe`` puts events in, ``read`` takes outputs out, ``advance`` lets time pass, ``crash`` ends the
process at any boundary and starts the next one from what the store and the log have. The idea is
that of Kafka Streams' ``TopologyTestDriver``; the code that runs is the worker's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, Self

import msgspec
from pydantic import SecretStr

from streams.encoding import Record
from streams.host import Host
from streams.metrics import Metrics
from streams.processor import Message
from streams.runner import Runner
from streams.settings import Settings, SnapshotSettings, StoreSettings
from streams.store.memory import MemoryStore
from streams.store.protocol import Applied, Store, Work
from streams.topology import FLOWS, ShardId, shard_of

Boundary = Literal["before_apply", "after_apply", "after_send"]


class Crash(Exception):
    """The process ends here."""


class Log:
    """What Kafka holds: every input and output ever written. Survives crashes."""

    def __init__(self) -> None:
        self.inputs: dict[tuple[str, int], list[Message]] = {}
        self.outputs: list[Record] = []

    def append(self, topic: str, partition: int, key: bytes, value: bytes, at: float) -> Message:
        """Append an input."""
        own = self.inputs.setdefault((topic, partition), [])
        message = Message(topic, partition, len(own), at, key, value)
        own.append(message)
        return message


class _Sender:
    """Writes outputs to the log at once; ``boundary`` crashes it before they are confirmed."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.boundary: Boundary | None = None

    def send(self, records: Sequence[Record], confirmed: Callable[[], None]) -> None:
        if self.boundary == "after_apply":
            self.boundary = None
            raise Crash
        self._log.outputs.extend(records)
        if self.boundary == "after_send":
            self.boundary = None
            raise Crash
        confirmed()


class _CrashingStore:
    """Hands everything on to a store; crashes before an apply when told to."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.boundary: Boundary | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def apply(self, shard: ShardId, epoch: int, work: Work) -> Applied:
        if self.boundary == "before_apply" and work.covers:
            self.boundary = None
            raise Crash
        applied = await self._store.apply(shard, epoch, work)
        if self.boundary == "after_apply" and work.covers and not work.outputs:
            self.boundary = None
            raise Crash
        return applied


class Driver:
    """All shards of a small installation. A context manager."""

    def __init__(
        self, settings: Settings | None = None, *, partitions: int = 1, store: Store | None = None
    ) -> None:
        self.settings = settings or Settings(
            snapshots=SnapshotSettings(key=SecretStr("driver"), every_s=1e9),
            # What comes out must not hang on how fast the machine is.
            store=StoreSettings(batch_s=3_600.0),
        )
        self.partitions = partitions
        self.store: Store = store or MemoryStore()
        self.log = Log()
        self.crashes = 0
        self._loop = asyncio.Runner()
        self._read: dict[str, int] = {}
        self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.run(self.store.close())
        self._loop.close()

    # -- in and out -------------------------------------------------------------------------------

    def pipe(
        self, topic: str, event: msgspec.Struct | bytes, *, key: bytes | None = None,
        at: float | None = None,
    ) -> None:  # fmt: skip
        """Put one event in and process it. ``at`` is Kafka's timestamp; default: the event's."""
        self.pipe_all([(topic, event, key, at)])

    def pipe_all(
        self,
        events: Iterable[tuple[str, msgspec.Struct | bytes, bytes | None, float | None]],
        *,
        batch: int = 500,
    ) -> None:
        """Put events in, then process them in batches of ``batch`` a shard."""
        queues: dict[ShardId, list[Message]] = {}
        for topic, event, key, at in events:
            raw = event if isinstance(event, bytes) else msgspec.json.encode(event)
            own_key = key if key is not None else _key_of(event)
            when = at if at is not None else _time_of(event)
            number = sum(own_key) % self.partitions
            message = self.log.append(topic, number, own_key, raw, when)
            queues.setdefault(shard_of(topic, number), []).append(message)
        for shard, messages in queues.items():
            for start in range(0, len(messages), batch):
                self._handle(shard, messages[start : start + batch])

    def read(self, topic: str) -> list[Record]:
        """Return the outputs of a topic that were not read before."""
        own = [record for record in self.log.outputs if record.topic == topic]
        start = self._read.get(topic, 0)
        self._read[topic] = len(own)
        return own[start:]

    def advance(self, seconds: float) -> None:
        """Let time pass without events: every shard gets a tick."""
        self._guarded(self.host.tick(seconds))
        self._retake()

    def merge(self) -> None:
        """Publish what changed, and merge it into the view (on a timer in a worker)."""
        for runner in list(self.host.runners.values()):
            self._guarded(runner.maintain())
        self._guarded(self.host.merge_now())

    def snapshot(self) -> None:
        """Snapshot every shard (on a timer in a worker)."""
        for runner in list(self.host.runners.values()):
            self._guarded(runner.snapshot())

    # -- trouble ----------------------------------------------------------------------------------

    def crash_at(self, boundary: Boundary) -> None:
        """Crash at the next time that a batch reaches ``boundary``; `pipe` then goes on."""
        self._sender.boundary = boundary
        self._crashing.boundary = boundary

    def swap_store(self, store: Store) -> None:
        """Put another store under the running process, as one that lost its newest writes."""
        self.store = self._crashing._store = store  # noqa: SLF001 - both are of this module

    def crash(self) -> None:
        """End the process now and start the next one."""
        self.crashes += 1
        self._start()

    def state(self, shard: ShardId) -> Any:
        """Return the in-memory state of a shard."""
        return self.host.runners[shard].processor.core

    def counts(self, key: str, flow: Literal["shop", "floor"] = "shop") -> dict[str, float]:
        """Return a hash of counts, summed over the shards."""
        total: dict[str, float] = {}
        for number in range(self.partitions):
            own = self._loop.run(self.store.counts(ShardId(flow, number), key))
            for name, value in own.items():
                total[name] = total.get(name, 0.0) + value
        return total

    def tally(self) -> dict[str, int]:
        """Return the exact totals of all shards."""
        total: dict[str, int] = {}
        for shard in self._loop.run(self.store.shards()):
            for name, value in self._loop.run(self.store.tally(shard)).items():
                total[name] = total.get(name, 0) + value
        return total

    # -- inside -----------------------------------------------------------------------------------

    def _start(self) -> None:
        self._sender = _Sender(self.log)
        self._crashing = _CrashingStore(self.store)
        self.host = Host(
            self.settings, self._crashing, self._sender, Metrics(), self.partitions
        )  # fmt: skip
        wanted = [
            (topic, number)
            for flow in FLOWS
            for topic in flow.topics
            for number in range(self.partitions)
        ]
        self._read_on(self._loop.run(self.host.assign(wanted)), set(self.host.runners))

    def _read_on(self, starts: Mapping[tuple[str, int], int], shards: set[ShardId]) -> None:
        """Have shards process what the log has from where they go on."""
        queues: dict[ShardId, list[Message]] = {}
        for (topic, number), messages in self.log.inputs.items():
            shard = shard_of(topic, number)
            if shard in shards:
                queues.setdefault(shard, []).extend(messages[starts.get((topic, number), 0) :])
        for shard, messages in queues.items():
            self._handle(shard, messages)

    def _handle(self, shard: ShardId, messages: Sequence[Message]) -> None:
        self._guarded(self.host.handle(self.host.runners[shard], messages))
        self._retake()

    def _retake(self) -> None:
        if due := self.host.due():
            self._read_on(self._loop.run(self.host.retake(due)), set(due))

    def _guarded(self, action: Any) -> None:
        try:
            self._loop.run(action)
        except Crash:
            self.crash()

    def runner(self, shard: ShardId) -> Runner:
        """Return the runner of a shard."""
        return self.host.runners[shard]


def _key_of(event: msgspec.Struct | bytes) -> bytes:
    if isinstance(event, bytes):
        return b""
    fields = {"customer_id": "", "line": "", "machine": "", "sku": ""} | msgspec.structs.asdict(
        event
    )
    if fields["machine"]:
        return f"{fields['line']}/{fields['machine']}".encode()
    return str(fields["customer_id"] or fields["sku"]).encode()


def _time_of(event: msgspec.Struct | bytes) -> float:
    moment = getattr(event, "occurred_at", None)
    return float(moment.timestamp()) if moment is not None else 0.0

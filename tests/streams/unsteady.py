"""An installation in which everything fails: crashes at every call of the store, a store that loses
its newest writes, a slow Kafka, a second owner; and the reference that its outcome is held against.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from bench.fingerprint import fingerprint
from models.propensity.settings import FAMILIES, PINS
from schemas.deadletters import DeadLetter
from schemas.topics import DEAD_LETTERS
from streams.driver import Crash, Driver, _key_of
from streams.encoding import Record, unpack
from streams.guard import Guard
from streams.host import Host
from streams.metrics import Metrics
from streams.processor import Done, Message, Processor
from streams.runner import Runner
from streams.settings import Settings
from streams.store.memory import MemoryStore
from streams.store.protocol import (
    PIN_ENTRY,
    TICK_ENTRY,
    VIEW_ENTRY,
    Applied,
    Entry,
    Wanted,
    Work,
    counts_in,
)
from streams.topology import FLOW_NAMED, FLOW_OF_TOPIC, FLOWS, ShardId
from streams.views import Views

PARTITIONS = 2
Event = tuple[str, Any, bytes | None, float]
SHARDS = [ShardId(flow.name, number) for flow in FLOWS for number in range(PARTITIONS)]
CALLS = (
    "claim", "outbox", "confirm", "load_snapshot", "save_snapshot", "apply", "publish_view",
    "view_since", "view_at", "dirty", "clean",
)  # fmt: skip


class Faults:
    """At most one fault that is to come: the how manieth call of which kind, before or after it."""

    def __init__(self) -> None:
        self._due: list[Any] | None = None

    def arm(self, call: str, when: str, skip: int) -> None:
        self._due = [call, when, skip]

    def disarm(self) -> None:
        self._due = None

    def come(self, call: str, when: str) -> bool:
        """Whether the fault is to happen now; it happens once."""
        if self._due is None or self._due[:2] != [call, when]:
            return False
        self._due[2] -= 1
        if self._due[2] >= 0:
            return False
        self._due = None
        return True


class UnsteadyStore:
    """A store in memory whose every call may be the process' last, and which may lose writes."""

    def __init__(self, faults: Faults) -> None:
        self.inner = MemoryStore()
        self._faults = faults
        self._epochs: dict[ShardId, int] = {}

    def __getattr__(self, name: str) -> Any:
        if name not in CALLS:
            return getattr(self.inner, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            if self._faults.come(name, "before"):
                raise Crash
            answer = await getattr(self.inner, name)(*args, **kwargs)
            if self._faults.come(name, "after"):
                raise Crash
            return answer

        return call

    async def claim(self, shard: ShardId, held: int | None = None) -> Any:
        if self._faults.come("claim", "before"):
            raise Crash
        claim = await self.inner.claim(shard, held)
        while claim.epoch <= self._epochs.get(shard, 0) and claim.epoch != held:
            # As in Redis, no epoch comes again after lost writes: it is made from the time there.
            claim = await self.inner.claim(shard)
        self._epochs[shard] = claim.epoch
        if self._faults.come("claim", "after"):
            raise Crash
        return claim

    async def apply(self, shard: ShardId, epoch: int, work: Work) -> Applied:
        if self._faults.come("apply", "before"):
            raise Crash
        applied = await self.inner.apply(shard, epoch, work)
        if self._faults.come(
            "apply", "unheard"
        ):  # the answer got lost, and the call is tried again
            applied = await self.inner.apply(shard, epoch, work)
        if self._faults.come("apply", "after"):
            raise Crash
        return applied


class UnsteadySender:
    """Kafka's side of the outputs: at once, or some time later if they are held back."""

    def __init__(self, outputs: list[Record], faults: Faults) -> None:
        self._outputs = outputs
        self._faults = faults
        self.holds = False
        self._held: list[tuple[Sequence[Record], Callable[[], None]]] = []

    def send(self, records: Sequence[Record], confirmed: Callable[[], None]) -> None:
        if self._faults.come("send", "before"):
            raise Crash
        if self.holds:
            self._held.append((records, confirmed))
            return
        self._outputs.extend(records)
        if self._faults.come("send", "after"):
            raise Crash
        confirmed()

    def release(self, most: int) -> None:
        """Have Kafka take the oldest batches that were held back."""
        for records, confirmed in self._held[:most]:
            self._outputs.extend(records)
            confirmed()
        del self._held[:most]


class Installation(Driver):
    """The driver with all of that, crashes while shards are taken over too."""

    def __init__(self, settings: Settings) -> None:
        self.faults = Faults()
        self.unsteady = UnsteadyStore(self.faults)
        self.chunk = 500
        self.slow = False
        """Whether Kafka takes outputs only when it is told to, except at a take-over."""
        self.kept_apart: dict[ShardId, dict[tuple[str, int], str]] = {}
        super().__init__(settings, partitions=PARTITIONS, store=self.unsteady)

    @property
    def inner(self) -> MemoryStore:
        return self.unsteady.inner

    def _start(self) -> None:
        while True:
            self.sender = UnsteadySender(self.log.outputs, self.faults)
            self.host = self._new_host(self.sender)
            try:
                starts = self._loop.run(self.host.assign(partitions_of(SHARDS)))
            except Crash:
                self.crashes += 1
                continue
            self.sender.holds = self.slow
            self._read_on(starts, set(self.host.runners))
            return

    def _new_host(self, sender: UnsteadySender) -> Host:
        return Host(self.settings, self.store, sender, Metrics(), PARTITIONS)

    def _handle(self, shard: ShardId, messages: Sequence[Message]) -> None:
        for start in range(0, len(messages), self.chunk):
            super()._handle(shard, messages[start : start + self.chunk])

    def _retake(self) -> None:
        self.host._losses.clear()  # that it happens often is what these tests are for
        if due := self.host.due():
            try:
                self.sender.holds = False
                starts = self._loop.run(self.host.retake(due))
            except Crash:
                self.crash()
            else:
                self.sender.holds = self.slow
                self._read_on(starts, set(due))

    def retake(self) -> None:
        """Take over again what was lost to another owner, without waiting for Kafka to say so."""
        self.host._lost = dict.fromkeys(self.host._lost, 0.0)
        self._retake()

    def repeat(self, topic: str, number: int, first: int) -> None:
        """Have Kafka deliver again what it delivered before."""
        messages = self.log.inputs.get((topic, number), [])
        self._handle(ShardId(FLOW_OF_TOPIC[topic].name, number), messages[first:])

    def merge(self) -> None:
        self._guarded(self.host.maintain())
        self._guarded(self.host.merge_now())
        self._retake()

    def maintain(self) -> None:
        self._guarded(self.host.maintain())
        self._retake()

    def snapshot(self) -> None:
        for shard in SHARDS:
            runner = self.host.runners[shard]
            self._guarded(self.host._noting_loss(runner, runner.snapshot()))
        self._retake()

    def hand_over(self, shard: ShardId) -> None:
        """Let a shard go in order, and take it over again as another worker would."""

        async def both() -> dict[tuple[str, int], int]:
            # Who waits for confirmations that are held back would wait for ever.
            held = self.host.runners[shard].unconfirmed
            await self.host.revoke([shard], 0.001 if held else 5.0)
            self.sender.holds = False
            self.sender.release(1000)
            return await self.host.assign(partitions_of([shard]))

        try:
            starts = self._loop.run(both())
        except Crash:
            self.crash()
        else:
            self.sender.holds = self.slow
            self._read_on(starts, {shard})

    def rival(
        self, shard: ShardId, events: Sequence[Event], most: int, *, snapshot: bool, told: bool
    ) -> None:
        """Another worker takes a shard over, applies some of what comes then and is killed.

        Without being ``told``, by an event that comes late, we go on to believe that it is ours.
        """
        host = self._new_host(UnsteadySender(self.log.outputs, self.faults))
        for topic, event, key, at in events:
            own_key = key or _key_of(event)
            if (FLOW_OF_TOPIC[topic].name, sum(own_key) % PARTITIONS) == (shard.flow, shard.number):
                raw = event if isinstance(event, bytes) else msgspec.json.encode(event)
                self.log.append(topic, shard.number, own_key, raw, at)

        async def live() -> None:
            starts = await host.assign(partitions_of([shard]))
            for topic in FLOW_NAMED[shard.flow].topics:
                messages = self.log.inputs.get((topic, shard.number), [])
                first = starts.get((topic, shard.number), 0)
                await host.handle(host.runners[shard], messages[first : first + most])
            if snapshot:
                await host.runners[shard].snapshot()

        try:
            self._loop.run(live())
        except Crash:
            self.crashes += 1
        runner = self.host.runners[shard]
        if told or is_current(runner, self.inner):
            self._read_on(
                {(topic, shard.number): n for topic, n in runner.processor.positions.items()},
                {shard},
            )

    def quarantine(self, topic: str, number: int) -> None:
        """The next event of a topic never comes back from its step: the watchdog ends the worker."""
        shard = ShardId(FLOW_OF_TOPIC[topic].name, number)
        offset = len(self.log.inputs.get((topic, number), []))
        epoch = self.host.runners[shard].epoch
        if self._loop.run(self.inner.quarantine(shard, epoch, topic, offset, "It hung.")):
            self.kept_apart.setdefault(shard, {})[topic, offset] = "It hung."
        self.crash()

    def remember(self) -> tuple[MemoryStore, dict[ShardId, dict[tuple[str, int], str]]]:
        """Return the store as a power cut will leave it."""
        return copy.deepcopy(self.inner), copy.deepcopy(self.kept_apart)

    def lose(self, kept: tuple[MemoryStore, dict[ShardId, dict[tuple[str, int], str]]]) -> None:
        """Have the store lose its newest writes under the running process."""
        self.unsteady.inner, self.kept_apart = copy.deepcopy(kept)


def partitions_of(shards: Sequence[ShardId]) -> list[tuple[str, int]]:
    return [(topic, s.number) for s in shards for topic in FLOW_NAMED[s.flow].topics]


def is_current(runner: Runner, store: MemoryStore) -> bool:
    """Whether a runner has its shard and knows it: else its state is of no meaning."""
    kept = store._shard(runner.shard)
    return (
        (runner.epoch, runner._seq) == (kept.epoch, kept.seq)
        and not (runner._gone or runner._failed or runner.replaying)
    )  # fmt: skip


class Reference:
    """A shard as the pure core has it after the store's own history, one entry after the other."""

    def __init__(self, shard: ShardId, settings: Settings) -> None:
        core = FLOW_NAMED[shard.flow].new_core(settings)
        self.processor = Processor(shard, core, PARTITIONS, Guard(settings.guard))
        self.store = MemoryStore()
        self.outputs: dict[str, Record] = {}
        self._shard = shard
        self._taken: list[Entry] = []
        self._fingerprint: Any = None

    @property
    def fingerprint(self) -> Any:
        """That of its core, which only an entry changes: looked at much more often than that."""
        if self._fingerprint is None:
            self._fingerprint = fingerprint(self.processor.core)
        return self._fingerprint

    async def follow(
        self, store: MemoryStore, inputs: Mapping[tuple[str, int], list[Message]],
        kept_apart: Mapping[tuple[str, int], str],
    ) -> None:  # fmt: skip
        """Go on to the end of the store's history."""
        history = await store.history(self._shard)
        assert history[: len(self._taken)] == self._taken, "the store's history was rewritten"
        self.processor.quarantine = dict(kept_apart)
        epoch = (await self.store.claim(self._shard)).epoch
        for entry in history[len(self._taken) :]:
            done = await self._replayed(entry, store, inputs)
            self._taken.append(entry)
            self._fingerprint = None
            done.work.number = len(self._taken)
            applied = await self.store.apply(self._shard, epoch, done.work)
            assert applied.status == "applied", (entry, applied)
            self.outputs |= {id_of(record): record for record in done.records}

    async def _replayed(
        self, entry: Entry, store: MemoryStore, inputs: Mapping[tuple[str, int], list[Message]]
    ) -> Done:
        work = self.processor.begin()
        if entry.kind == VIEW_ENTRY:
            self.processor.adopt(await Views(store, PARTITIONS).at(entry.versions), work)
        elif entry.kind == TICK_ENTRY:
            self.processor.tick(entry.first / 1000, work)
        elif entry.kind == PIN_ENTRY:
            self.processor.pin(FAMILIES[entry.next], PINS[entry.first], work)
        else:
            messages = inputs[entry.kind, self._shard.number]
            return self.processor.run(messages[entry.first : entry.next], work)
        return Done(work, self.processor.collect(work, self.processor.last_timestamp), {}, 0)

    def counts(self) -> dict[str, dict[str, float]]:
        return counts_of(self.store, self._shard)


def counts_of(store: MemoryStore, shard: ShardId) -> dict[str, dict[str, float]]:
    """Return all counts of a shard; rows of nothing are no difference."""

    async def read() -> dict[str, dict[str, float]]:
        keys = [key for key in store.keys(shard) if key.startswith(("count:", "row:"))]
        rows = await store.read(shard, [Wanted(key) for key in keys])
        return {key: counts_in(row) for key, row in zip(keys, rows, strict=True) if row}

    return asyncio.run(read())


def id_of(record: Record) -> str:
    headers = dict(record.headers)
    if record.topic == DEAD_LETTERS.name:
        return DeadLetter.from_headers(headers).id
    return headers["ce_id"].decode()


def waiting_in(store: MemoryStore, shard: ShardId) -> dict[str, Record]:
    """Return what is in a shard's outbox, by id."""
    return {id_of(record): record for record in map(unpack, store._shard(shard).outbox)}

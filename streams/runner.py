"""One shard at work: take it over, replay what the snapshot lacks, apply batches, let it go."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog

from models.snapshot import SnapshotError, close, freeze, unseal
from models.view import View
from streams.encoding import Record, unpack
from streams.errors import ShardLost, StaleOwner, StateLost, StoreRewound
from streams.metrics import Metrics
from streams.outgoing import Outgoing, Sender
from streams.pace import Pace
from streams.processor import Done, Message, Processor, in_time_order
from streams.replayer import Replayer
from streams.settings import Settings
from streams.store.protocol import Claim, Store, ViewGone, Work
from streams.topology import FLOW_NAMED, ShardId
from streams.views import Views

log = structlog.get_logger()
_TURN_S = 0.01
"""So long a shard's steps go on before others have their turn."""


class Runner:
    """Owns one shard while its partitions are assigned here."""

    def __init__(
        self, processor: Processor, store: Store, sender: Sender, views: Views,
        settings: Settings, metrics: Metrics, turns: asyncio.Lock,
    ) -> None:  # fmt: skip
        """Work by ``turns`` with other shards that are given the same ones."""
        self.shard: ShardId = processor.shard
        self.processor = processor
        self.epoch = 0
        self.lock = asyncio.Lock()
        self.applied: dict[str, int] = {}
        """The next offset of each topic in the store: what may be committed to Kafka."""
        self.waiting = 0
        """Messages handed over and not yet done with: what the source looks at to pause."""
        self.waiting_bytes = 0
        self._handed: list[Message] = []
        """Those of them that are not in work yet."""
        self._gone = False
        self._failed = False
        self._store = store
        self._views = views
        self._settings = settings
        self._metrics = metrics
        self._turns = turns
        self._key = settings.signing_key()
        self._replay: Replayer | None = None
        self._seq = 0
        self._trimmed = 0
        self._outgoing = Outgoing(sender)
        # Spread over the interval, or all shards would be snapshotted in the same moment.
        spread = zlib.crc32(str(self.shard).encode()) / 2**32
        self._snapshot_at = time.monotonic() - spread * settings.snapshots.every_s
        self._snapshot_seq = -1
        self._active_at = time.monotonic()

    @property
    def replaying(self) -> bool:
        """Whether the shard is still learning again what it once knew."""
        return self._replay is not None

    def ahead(self) -> set[str]:
        """Return the topics of which a replay has read enough: others have to catch up first."""
        held = self._replay.held() if self._replay else {}
        return {t for t, count in held.items() if count > self._settings.kafka.max_pending}

    @property
    def unconfirmed(self) -> int:
        """Outputs that Kafka has not confirmed yet."""
        return self._outgoing.unconfirmed

    # -- taking over ------------------------------------------------------------------------------

    async def take_over(self) -> dict[str, int]:
        """Claim the shard, flush its outbox, restore its state; return where to read from."""
        claim = await self._store.claim(self.shard)
        self.epoch, self._seq = claim.epoch, claim.seq
        self._keep_apart(claim)
        self.applied = dict(claim.watermarks)
        await self._flush_outbox()
        starts = await self._restore(claim)
        log.info(
            "shard taken over", shard=str(self.shard), epoch=self.epoch,
            watermarks=claim.watermarks, replay_from=starts,
        )  # fmt: skip
        return starts

    def _keep_apart(self, claim: Claim) -> None:
        most = self._settings.guard.max_quarantine
        if len(claim.quarantine) > most:
            (topic, offset), why = max(claim.quarantine.items())
            raise StateLost(
                f"Of shard {self.shard} more than {most} events never came back from their steps, "
                f"one of them {topic}[{self.shard.number}]@{offset}: {why} That is a bug, or a "
                "machine far too slow. Mend it, or raise TAILORLINE_GUARD__MAX_QUARANTINE or "
                "TAILORLINE_GUARD__STEP_S; then start again: it goes on right here."
            )
        self.processor.quarantine = claim.quarantine

    async def _flush_outbox(self) -> None:
        first, raw = await self._store.outbox(self.shard)
        self._outgoing.confirmed = first
        if raw:
            self._outgoing.send([unpack(record) for record in raw], first)
            await self._outgoing.all_confirmed()
            await self._store.confirm(self.shard, self.epoch, self._outgoing.confirmed)

    async def _restore(self, claim: Claim) -> dict[str, int]:
        blob = await self._store.load_snapshot(self.shard)
        if blob is not None:
            try:
                snapshot = unseal(blob, self._key)
            except SnapshotError as error:
                raise StateLost(
                    f"The snapshot of shard {self.shard} cannot be used: {error} Either put the "
                    "version or key back that wrote it, or reset the shard's state with "
                    f"`tailorline shards reset {self.shard}` and let it be rebuilt from Kafka."
                ) from error
            configured = self.processor.core.settings
            self.processor.restore(snapshot)
            if self.processor.core.settings != configured:
                log.warning(
                    "the shard goes on with the model settings of its snapshot, which differ from "
                    "those of now; to change them, `tailorline shards reset` rebuilds it",
                    shard=str(self.shard),
                )
            self._warn_of_pins()
            if any(snapshot.views) and self._merges_view():
                self.processor.core.resume(await self._view_at(snapshot.views))
        starts = dict(claim.watermarks) | self.processor.positions
        for entry in claim.journal:
            if entry.kind[0] != "@" and entry.kind not in self.processor.positions:
                # A topic first read after the snapshot: it begins where the journal says.
                starts[entry.kind] = min(starts.get(entry.kind, entry.first), entry.first)
        if claim.journal:
            self._replay = Replayer(claim.journal)
            await self._learn_again()
        return starts

    def _warn_of_pins(self) -> None:
        if not self._merges_view():
            return
        for family, pin in self._settings.pins().items():
            if not self.processor.core.can_pin(family, pin):
                log.warning(
                    "the classifier that is pinned takes no part in this shard's contest and does "
                    "not serve; `tailorline shards reset` rebuilds the shard with it",
                    shard=str(self.shard), setting=f"TAILORLINE_{family.upper()}__PIN", pin=pin,
                )  # fmt: skip

    async def _view_at(self, versions: tuple[int, ...]) -> View:
        try:
            return await self._views.at(versions)
        except ViewGone as error:
            log.warning(
                "replay goes on with the newest view", shard=str(self.shard), why=str(error)
            )
            return await self._views.refresh()

    async def _learn_again(self) -> list[Message]:
        if self._replay is None:
            return []
        await self._replay.step(self.processor, self._view_at)
        if not self._replay.done:
            return []
        left = self._replay.rest()
        self._replay = None
        log.info("shard rebuilt", shard=str(self.shard), watermarks=self.processor.positions)
        return left

    # -- work -------------------------------------------------------------------------------------

    async def handle(self, messages: Sequence[Message]) -> None:
        """Process a batch: steps, one atomic apply, outputs on their way.

        Batches may be handed over while others are in work: those that wait are done together, in the
        order of the calls, and while one waits for the store the steps of other shards go on.
        """
        size = sum(len(message.value or b"") for message in messages)
        self.waiting += len(messages)
        self.waiting_bytes += size
        self._handed.extend(messages)
        try:
            async with self._working() as good:
                handed, self._handed = self._handed, []
                # If not, the next owner reads these again from the watermark.
                if handed and good:
                    await self._handle(handed)
        finally:
            self.waiting -= len(messages)
            self.waiting_bytes -= size

    @asynccontextmanager
    async def _working(self) -> AsyncIterator[bool]:
        """Have the shard to oneself; false: it is let go of, or its state is not to be trusted.

        What fails may have changed the state and not the store: nothing may be done with it then.
        """
        async with self.lock:
            try:
                yield not (self._gone or self._failed)
            except BaseException:
                self._failed = True
                raise
            finally:
                self.processor.in_hand = None

    async def _handle(self, messages: Sequence[Message]) -> None:
        if self._replay is not None:
            self._replay.offer(messages)
            messages = await self._learn_again()
        left = in_time_order(messages)
        while left:
            await self._outgoing.room(self._settings.kafka.max_unconfirmed)
            done = await self._steps(left)
            taken, left = left[: done.taken], left[done.taken :]
            await self._apply(done, taken)
        self._active_at = time.monotonic()

    async def _steps(self, messages: Sequence[Message]) -> Done:
        """Do the steps of as many messages as are applied together, by turns with what else waits.

        A merge of the view, or another shard, waits for one turn at each of its questions to the store,
        however much there is to do.
        """
        limits = self._settings.store
        records: list[Record] = []
        rejects: Counter[tuple[str, str]] = Counter()
        taken, took = 0, 0.0
        work = self._begin()
        while True:
            async with self._turns:
                started = time.perf_counter()
                within_s = min(_TURN_S, limits.batch_s - took)
                done = self.processor.steps(messages[taken:], work, limits.batch_changes, within_s)
                took += time.perf_counter() - started
                await asyncio.sleep(0)  # in the lock: the other shards wait as well
            records += done.records
            rejects.update(done.rejects)
            taken += done.taken
            full = work.effects.size() > limits.batch_changes
            if taken == len(messages) or full or took >= limits.batch_s:
                self._metrics.stage(self.shard.flow, "steps", took)
                return Done(work, records, rejects, taken)

    def _begin(self) -> Work:
        """Return work that begins with what was decided elsewhere: by the merge, and by operators."""
        work = self.processor.begin()
        self.processor.adopt(self._views.latest, work)
        if self._merges_view():
            for family, pin in self._settings.pins().items():
                self.processor.pin(family, pin, work)
        return work

    def _merges_view(self) -> bool:
        return FLOW_NAMED[self.shard.flow].merges_view

    async def maintain(self, pace: Pace | None = None) -> None:
        """What has to be done now and then: publish rows, if the ``pace`` has room, tick, snapshot."""
        async with self._working() as good:
            if not good or self._replay is not None or not self.processor.positions:
                return
            now = time.monotonic()
            work = self._begin()
            idle = now - self._active_at
            if idle >= self._settings.tick_s and self.processor.core.clock:
                self._active_at = now
                self.processor.tick(self.processor.core.clock + idle, work)
            if pace is None or pace.room > 0:
                self.processor.core.publish(work.effects)
                if pace is not None:
                    pace.published(sum(len(rows) for rows in work.effects.puts.values()))
            records = self.processor.collect(work, time.time())
            if work.journal or work.effects or self._outgoing.confirmed > self._trimmed:
                await self._apply(Done(work, records, {}, 0), ())
            if now - self._snapshot_at >= self._settings.snapshots.every_s:
                await self._snapshot()

    async def tick(self, seconds: float) -> None:
        """Let event time pass by so many seconds without events."""
        async with self._working():
            work = self.processor.begin()
            self.processor.tick(self.processor.core.clock + seconds, work)
            records = self.processor.collect(work, time.time())
            await self._apply(Done(work, records, {}, 0), ())

    async def snapshot(self) -> None:
        """Snapshot the shard now."""
        async with self._working() as good:
            if good and self._replay is None and self.processor.positions:
                await self._snapshot()

    async def _apply(self, done: Done, messages: Sequence[Message]) -> None:
        started = time.perf_counter()
        done.work.confirmed = self._outgoing.confirmed
        done.work.number = self._seq + 1
        applied = await self._store.apply(self.shard, self.epoch, done.work)
        if applied.status == "stale":
            raise StaleOwner(self.shard, "another worker has claimed it.")
        if applied.status == "rewound":
            raise StoreRewound(self.shard, "the store has lost writes that it had confirmed.")
        if applied.status == "gone":
            raise StateLost(
                f"The store has forgotten shard {self.shard} while it was in work: it was emptied. "
                "Nothing more is written to it. Put its contents back if you can; else start "
                "again, and you are told the choices."
            )
        self._seq = done.work.number
        self._trimmed = done.work.confirmed
        self.applied = dict(self.processor.positions)
        self._metrics.applied(self.shard, done, messages, time.perf_counter() - started)
        if done.records:
            self._outgoing.send(done.records, applied.first_output)

    async def _snapshot(self) -> None:
        self._snapshot_at = time.monotonic()
        if self._seq == self._snapshot_seq:
            self._metrics.snapshot_current(self.shard)
            return
        started = time.perf_counter()
        snapshot = self.processor.snapshot()
        # Compressing takes longest and needs no interpreter lock: the loop goes on meanwhile.
        blob = await asyncio.to_thread(close, freeze(snapshot), snapshot, self._key)
        kept = await self._store.save_snapshot(
            self.shard, self.epoch, self._seq, self.processor.positions, blob
        )
        if not kept:
            raise StaleOwner(self.shard, "a snapshot was refused: it is another worker's now.")
        self._snapshot_seq = self._seq
        self._metrics.snapshot(self.shard, len(blob), time.perf_counter() - started)

    # -- letting go -------------------------------------------------------------------------------

    def abandon(self) -> None:
        """Do nothing more: another worker has the shard. What is under way is fenced off."""
        self._gone = True

    async def let_go(self, timeout_s: float) -> None:
        """Finish: outputs confirmed, a snapshot for whoever comes next.

        The batch in work is finished. Those that wait are left to the next owner, which has to wait
        for us and would read on from wherever we end.
        """
        self._gone = True
        async with self.lock:
            if self._failed:
                return
            try:
                await asyncio.wait_for(self._outgoing.all_confirmed(), timeout_s)
                if self._replay is None and self.processor.positions:
                    await self._store.confirm(self.shard, self.epoch, self._outgoing.confirmed)
                    await self._snapshot()
            except TimeoutError:
                log.warning("outputs unconfirmed at hand-over; the next owner sends them again",
                            shard=str(self.shard))  # fmt: skip
            except ShardLost as error:
                log.info("shard already gone", shard=str(self.shard), why=str(error))

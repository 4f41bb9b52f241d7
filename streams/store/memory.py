"""The store in memory: for the driver and for tests; the same contract as Redis."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.effects import DIRTY
from models.view import ViewChange
from streams.store.protocol import (
    Applied,
    Claim,
    Entry,
    ShardFacts,
    ViewGone,
    Wanted,
    Work,
)
from streams.topology import ShardId

VIEW_HISTORY = 200
_VERSIONS = itertools.count(1)
"""Of all stores in the process: a copy that is put back must not give a lost version's number again."""


@dataclass(slots=True)
class _Shard:
    epoch: int = 0
    seq: int = 0
    watermarks: dict[str, int] = field(default_factory=dict)
    journal: list[Entry] = field(default_factory=list)
    out_head: int = 0
    outbox: list[bytes] = field(default_factory=list)
    hashes: dict[str, dict[str, bytes | float]] = field(default_factory=dict)
    dirty: dict[int, dict[str, int]] = field(default_factory=dict)
    tally: dict[str, int] = field(default_factory=dict)
    snapshot: bytes | None = None
    quarantine: dict[tuple[str, int], str] = field(default_factory=dict)
    history: list[Entry] = field(default_factory=list)


@dataclass(slots=True)
class _Part:
    version: int = 0
    rows: dict[str, bytes] = field(default_factory=dict)
    undo: list[tuple[int, dict[str, bytes | None]]] = field(default_factory=list)
    """For each version the one before it, and what the changed rows were then."""


class MemoryStore:
    """Everything in dicts; nothing survives the process."""

    def __init__(self) -> None:
        self._shards: dict[ShardId, _Shard] = {}
        self._parts: dict[int, _Part] = {}
        self._layout: dict[str, str] = {}

    def _shard(self, shard: ShardId) -> _Shard:
        return self._shards.setdefault(shard, _Shard())

    async def claim(self, shard: ShardId, held: int | None = None) -> Claim:
        kept = self._shard(shard)
        if held != kept.epoch:
            kept.epoch += 1
        return Claim(
            kept.epoch, dict(kept.watermarks), tuple(kept.journal), kept.seq, dict(kept.quarantine)
        )

    async def apply(self, shard: ShardId, epoch: int, work: Work) -> Applied:
        kept = self._shards.get(shard)
        if kept is None:
            return Applied("gone")
        if epoch != kept.epoch:
            return Applied("stale")
        if work.number == kept.seq:
            return self._already(kept, work)
        if work.number != kept.seq + 1:
            return Applied("rewound")
        marks = [(kept.watermarks.get(topic), *span) for topic, span in work.covers.items()]
        if marks and all(mark is not None and mark >= after for mark, _, after in marks):
            return self._already(kept, work)
        if any(mark is not None and mark != first for mark, first, _ in marks):
            return Applied("rewound")
        kept.seq += 1
        self._take_effects(kept, work)
        self._extend_journal(kept, work)
        for name, count in work.tally.items():
            kept.tally[name] = kept.tally.get(name, 0) + count
        for topic, (_, after) in work.covers.items():
            kept.watermarks[topic] = after
        first_output = kept.out_head + len(kept.outbox)
        kept.outbox += work.outputs
        self._trim(kept, work.confirmed)
        return Applied("applied", first_output)

    @staticmethod
    def _take_effects(kept: _Shard, work: Work) -> None:
        effects = work.effects
        for key, fields in effects.drops.items():
            number = key.removeprefix(DIRTY)
            row: dict[str, Any] = (
                kept.hashes.get(key, {}) if number == key else kept.dirty.get(int(number), {})
            )
            for name in fields:
                row.pop(name, None)
        for key, values in effects.puts.items():
            kept.hashes.setdefault(key, {}).update(values)
        for key, deltas in effects.deltas.items():
            row = kept.hashes.setdefault(key, {})
            for name, amount in deltas.items():
                row[name] = float(row.get(name, 0.0)) + amount
        for part, items in effects.dirty.items():
            kept.dirty.setdefault(part, {}).update(dict.fromkeys(items, kept.seq))

    @staticmethod
    def _extend_journal(kept: _Shard, work: Work) -> None:
        kept.history += work.journal
        for entry in work.journal:
            last = kept.journal[-1] if kept.journal else None
            if last and last.kind == entry.kind and last.next == entry.first and entry.next:
                kept.journal[-1] = Entry(entry.kind, last.first, entry.next)
            else:
                kept.journal.append(entry)

    @staticmethod
    def _already(kept: _Shard, work: Work) -> Applied:
        return Applied("already", kept.out_head + len(kept.outbox) - len(work.outputs))

    @staticmethod
    def _trim(kept: _Shard, upto: int) -> None:
        if upto > kept.out_head:
            del kept.outbox[: upto - kept.out_head]
            kept.out_head = upto

    async def outbox(self, shard: ShardId) -> tuple[int, list[bytes]]:
        kept = self._shard(shard)
        return kept.out_head, list(kept.outbox)

    async def confirm(self, shard: ShardId, epoch: int, upto: int) -> None:
        kept = self._shard(shard)
        if epoch == kept.epoch:
            self._trim(kept, upto)

    async def save_snapshot(
        self, shard: ShardId, epoch: int, seq: int, watermarks: Mapping[str, int], blob: bytes
    ) -> bool:
        kept = self._shard(shard)
        if (epoch, seq) != (kept.epoch, kept.seq) or kept.watermarks != dict(watermarks):
            return False
        kept.snapshot = blob
        kept.journal.clear()
        for topic, offset in list(kept.quarantine):
            if offset < watermarks.get(topic, 0):
                del kept.quarantine[topic, offset]
        return True

    async def quarantine(
        self, shard: ShardId, epoch: int, topic: str, offset: int, why: str
    ) -> bool:
        kept = self._shard(shard)
        if epoch != kept.epoch or offset < kept.watermarks.get(topic, 0):
            return False
        kept.quarantine[topic, offset] = why
        return True

    async def layout(self, found: Mapping[str, str]) -> dict[str, str]:
        self._layout = {**found, **self._layout}
        return dict(self._layout)

    async def forget_layout(self) -> None:
        self._layout.clear()

    async def history(self, shard: ShardId) -> list[Entry]:
        return list(self._shard(shard).history)

    async def load_snapshot(self, shard: ShardId) -> bytes | None:
        return self._shard(shard).snapshot

    def keys(self, shard: ShardId) -> list[str]:
        """Return the names of the shard's hashes, for tests that compare stores."""
        return sorted(self._shard(shard).hashes)

    async def counts(self, shard: ShardId, key: str) -> dict[str, float]:
        return {name: float(x) for name, x in self._shard(shard).hashes.get(key, {}).items()}

    async def read(self, shard: ShardId, wanted: Sequence[Wanted]) -> list[dict[str, bytes]]:
        found = []
        for key, fields in wanted:
            row = self._shard(shard).hashes.get(key, {})
            names = row if fields is None else [name for name in fields if name in row]
            found.append({name: _as_text(row[name]) for name in names})
        return found

    async def dirty(
        self, shard: ShardId, parts: Sequence[int], limit: int
    ) -> dict[int, dict[str, int]]:
        kept = self._shard(shard).dirty
        return {part: dict(itertools.islice(kept.get(part, {}).items(), limit)) for part in parts}

    async def clean(self, shard: ShardId, marks: Mapping[int, Mapping[str, int]]) -> None:
        for part, own in marks.items():
            held = self._shard(shard).dirty.get(part, {})
            for item, mark in own.items():
                if held.get(item) == mark:
                    del held[item]

    async def publish_view(self, part: int, rows: Mapping[str, bytes | None]) -> int:
        kept = self._parts.setdefault(part, _Part())
        kept.undo.append((kept.version, {item: kept.rows.get(item) for item in rows}))
        kept.version = next(_VERSIONS)
        del kept.undo[:-VIEW_HISTORY]
        for item, blob in rows.items():
            if blob is None:
                kept.rows.pop(item, None)
            else:
                kept.rows[item] = blob
        return kept.version

    async def view_since(self, part: int, version: int) -> ViewChange:
        kept = self._parts.get(part, _Part())
        current = kept.version
        changed: set[str] = set()
        for before, olds in reversed(kept.undo):
            if current <= version:
                break
            changed.update(olds)
            current = before
        if current != version:
            return ViewChange(kept.version, dict(kept.rows), whole=True)
        return ViewChange(kept.version, {item: kept.rows.get(item) for item in changed})

    async def view_at(self, part: int, version: int) -> dict[str, bytes]:
        kept = self._parts.get(part, _Part())
        rows: dict[str, bytes | None] = dict(kept.rows)
        current = kept.version
        for before, olds in reversed(kept.undo):
            if current <= version:
                break
            rows.update(olds)
            current = before
        if current != version:
            raise ViewGone(f"Version {version} of view part {part} is not kept.")
        return {item: blob for item, blob in rows.items() if blob is not None}

    async def view_rows(self, part: int, items: Sequence[str]) -> dict[str, bytes]:
        rows = self._parts.get(part, _Part()).rows
        return {item: rows[item] for item in items if item in rows}

    async def tally(self, shard: ShardId) -> dict[str, int]:
        return dict(self._shard(shard).tally)

    async def shards(self) -> list[ShardId]:
        return sorted(self._shards)

    async def watermarks(self, shard: ShardId) -> dict[str, int]:
        return dict(self._shard(shard).watermarks)

    async def describe(self, shard: ShardId) -> ShardFacts:
        kept = self._shards.get(shard, _Shard())
        return ShardFacts(
            kept.epoch, dict(kept.watermarks), tuple(kept.journal), len(kept.outbox),
            len(kept.snapshot or b""),
        )  # fmt: skip

    async def reset(self, shard: ShardId) -> int:
        kept = self._shards.get(shard)
        if kept is None:
            return 0
        self._shards[shard] = _Shard(epoch=kept.epoch + 1)
        parts = (kept.journal, kept.outbox, kept.tally, kept.snapshot)
        return 1 + len(kept.hashes) + len(kept.dirty) + sum(map(bool, parts))

    async def close(self) -> None:
        """Nothing to let go of."""


def _as_text(value: bytes | float) -> bytes:
    """Return what Redis would have: counts are text there."""
    return value if isinstance(value, bytes) else repr(value).encode()

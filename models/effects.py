"""What a step wants done: deltas of counts, rows to write, outputs to send.

Steps never write anywhere themselves. They note their wishes in an `Effects`, which the store
applies in one atomic call together with the watermark of the events that caused them.
"""

from __future__ import annotations

import hashlib
import uuid
import zlib
from dataclasses import dataclass
from typing import Any

_IDS = uuid.uuid5(uuid.NAMESPACE_URL, "tailorline/outputs")
_SHA1 = hashlib.sha1(_IDS.bytes, usedforsecurity=False)
DIRTY = "dirty:"
"""The hashes of marked items, one a part of the view."""
SEPARATOR = "\x1f"
"""Joins the parts of a composite field; no article number contains a control character."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an event came from: the coordinates that its outputs' ids are made of."""

    topic: str
    partition: int
    offset: int
    timestamp: float
    """Kafka's timestamp in unix seconds: the only clock that a step may read beside the event's."""


@dataclass(frozen=True, slots=True)
class Output:
    """Something to send out, with an id that a replay gives again."""

    topic: str
    key: bytes
    id: str
    value: Any
    """A struct of `schemas`, or the raw bytes of a dead letter."""
    headers: tuple[tuple[str, bytes], ...] = ()


def part_of(item: str, parts: int) -> int:
    """Return which part of the merged view an item belongs to (stable over processes)."""
    return zlib.crc32(item.encode()) % parts


class Effects:
    """What the steps over one batch want done, pre-aggregated."""

    __slots__ = ("_ordinal", "_origin", "deltas", "dirty", "drops", "outputs", "parts", "puts")

    def __init__(self, parts: int = 1) -> None:
        self.parts = parts
        self.deltas: dict[str, dict[str, float]] = {}
        self.puts: dict[str, dict[str, bytes]] = {}
        self.drops: dict[str, set[str]] = {}
        self.dirty: dict[int, set[str]] = {}
        self.outputs: list[Output] = []
        self._origin: Origin | None = None
        self._ordinal = 0

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.deltas or self.puts or self.drops or self.dirty or self.outputs)

    def size(self) -> int:
        """Return how many fields these effects change: what they cost the store."""
        changed = (self.deltas, self.puts, self.drops)
        return sum(len(row) for rows in changed for row in rows.values())

    def begin(self, origin: Origin) -> None:
        """Start the effects of the event that came from ``origin``."""
        self._origin = origin
        self._ordinal = 0

    def add(self, key: str, field: str, amount: float) -> None:
        """Add ``amount`` to a field of a hash."""
        row = self.deltas.get(key)
        if row is None:
            self.deltas[key] = {field: amount}
        else:
            row[field] = row.get(field, 0) + amount

    def row(self, key: str) -> dict[str, float]:
        """Return what this batch adds to a hash so far, to be added to in place."""
        return self.deltas.setdefault(key, {})

    def put(self, key: str, field: str, value: bytes) -> None:
        """Set a field of a hash; the last one wins."""
        self.puts.setdefault(key, {})[field] = value

    def reset(self, key: str, field: str, value: float) -> None:
        """Set a count to ``value``, whatever this batch has added to it so far."""
        self.deltas.get(key, {}).pop(field, None)
        self.put(key, field, repr(value).encode())

    def drop(self, key: str, field: str) -> None:
        """Delete a field of a hash, together with what this batch has added to it so far."""
        self.deltas.get(key, {}).pop(field, None)
        self.puts.get(key, {}).pop(field, None)
        self.drops.setdefault(key, set()).add(field)

    def mark(self, item: str) -> None:
        """Note that an item's rows changed, so that the merge reads them."""
        self.dirty.setdefault(part_of(item, self.parts), set()).add(item)

    def unmark(self, item: str) -> None:
        """Take an item's mark back: the merge need not look at it any more."""
        part = part_of(item, self.parts)
        self.dirty.get(part, set()).discard(item)
        self.drop(f"{DIRTY}{part}", item)

    @property
    def shard(self) -> int:
        """The number of the shard: the partition that this event came from; 0 before any event."""
        return 0 if self._origin is None else self._origin.partition

    def new_id(self) -> str:
        """Return the id of this event's next output: the same again on every replay."""
        if self._origin is None:
            raise RuntimeError("begin(origin) must come before new_id().")
        origin = self._origin
        name = f"{origin.topic}/{origin.partition}/{origin.offset}/{self._ordinal}"
        self._ordinal += 1
        # As uuid.uuid5(_IDS, name), at a quarter of its time.
        sha1 = _SHA1.copy()
        sha1.update(name.encode())
        digits = sha1.hexdigest()
        variant = "89ab"[int(digits[16], 16) & 3]
        return (
            f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"
        )

    def send(self, output: Output) -> None:
        """Send an output once these effects are applied."""
        self.outputs.append(output)

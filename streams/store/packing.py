"""What goes to the scripts and what comes back, as Redis has it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from models.effects import Effects
from streams.store.protocol import Wanted, Work

_pack = msgspec.msgpack.Encoder().encode
_A_HASH = 8
"""A whole hash counts for so many fields."""


def packed(work: Work) -> bytes:
    """Return the work for ``apply.lua``; ``ValueError`` for a change that is no finite number."""
    effects: Effects = work.effects
    ints: list[Any] = []
    floats: list[Any] = []
    for key, row in effects.deltas.items():
        whole: list[Any] = []
        broken: list[Any] = []
        for name, amount in row.items():
            # An int stays one for ever: HINCRBY is exact and twice as fast.
            if isinstance(amount, int):
                if amount:
                    whole += (name, amount)
            elif math.isfinite(amount):
                broken += (name, amount)
            else:
                # Redis would refuse it in the middle of the script, and keep what came before.
                raise ValueError(f"{key}[{name}] is to be changed by {amount}: a bug of a step.")
        if whole:
            ints.append((key, whole))
        if broken:
            floats.append((key, broken))
    return _pack(
        (
            [(topic, first, after) for topic, (first, after) in work.covers.items()],
            [(key, sorted(names)) for key, names in effects.drops.items()],
            [
                # Redis' MessagePack knows no binary type; what is put is JSON, so text it is.
                (key, [part for name, blob in values.items() for part in (name, blob.decode())])
                for key, values in effects.puts.items()
            ],
            ints,
            floats,
            [(str(part), sorted(items)) for part, items in effects.dirty.items()],
            [entry.encode() for entry in work.journal],
            [part for pair in work.tally.items() for part in pair],
            work.confirmed,
        )
    )


def where(name: str) -> tuple[str, int]:
    """Return topic and offset of a field of the quarantine."""
    topic, _, offset = name.rpartition(":")
    return topic, int(offset)


def pairs(flat: Sequence[Any]) -> dict[str, Any]:
    """Return names and values that a script gave in turns."""
    return {flat[i].decode(): flat[i + 1] for i in range(0, len(flat), 2)}


def pairs_of(row: Mapping[bytes, bytes]) -> dict[str, bytes]:
    """Return a hash with its names as text."""
    return {name.decode(): value for name, value in row.items()}


def watermarks_of(meta: Mapping[str, Any]) -> dict[str, int]:
    """Return the next offset of each topic, of a shard's ``meta``."""
    return {
        name.removeprefix("next:"): int(value)
        for name, value in meta.items()
        if name.startswith("next:")
    }


def numbers(row: Mapping[bytes, bytes]) -> dict[str, float]:
    """Return a hash of counts."""
    return {name.decode(): float(value) for name, value in row.items()}


def pieces_of(
    wanted: Sequence[Wanted], most: int
) -> Iterator[list[tuple[int, str, Sequence[str] | None]]]:
    """Yield what is wanted in pieces of about ``most`` fields, each with its place in ``wanted``.

    How many fields a whole hash has is not known beforehand; most have few.
    """
    piece: list[tuple[int, str, Sequence[str] | None]] = []
    size = 0
    for place, (key, fields) in enumerate(wanted):
        parts: Iterable[Sequence[str] | None] = (
            [None]
            if fields is None
            else [fields[n : n + most] for n in range(0, len(fields), most)]
        )
        for part in parts:
            more = _A_HASH if part is None else len(part)
            if piece and size + more > most:
                yield piece
                piece, size = [], 0
            piece.append((place, key, part))
            size += more
    if piece:
        yield piece

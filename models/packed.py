"""Many small records in one piece of bytes: what of a shard's state is large.

A snapshot stops the shard until its state is taken down, and pickle takes each record apart in turn.
MessagePack of a type that is known beforehand takes a fraction of that, and names no classes.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
import numpy as np

T = TypeVar("T")


def pack(records: object) -> bytes:
    """Return records as bytes: of `msgspec.Struct` and what Python and MessagePack both have.

    No `OrderedDict`: of one msgspec takes the order in which keys came first, whatever was moved.
    """
    return _encode(records)


def unpack(packed: bytes, kind: type[T]) -> T:
    """Return the records that were packed; ``ValueError`` if they are of another kind."""
    return msgspec.msgpack.decode(packed, type=kind)


def _plain(value: object) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise NotImplementedError(f"{type(value).__name__} cannot be packed")


_encode = msgspec.msgpack.Encoder(enc_hook=_plain).encode

"""Outputs to bytes: JSON by orjson for Kafka, MessagePack for the outbox in between."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
import orjson

from models.effects import Output


class Record(NamedTuple):
    """An output as it goes to Kafka, and as it waits in the outbox."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    caused_at: float
    """Kafka's timestamp of the event that caused it, unix seconds: for the latency."""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[str, bytes, bytes, tuple[tuple[str, bytes], ...], float])


def record_of(output: Output, source: str, caused_at: float) -> Record:
    """Return the Kafka record of an output, with CloudEvents headers (binary mode)."""
    if isinstance(output.value, bytes):
        return Record(output.topic, output.key, output.value, output.headers, caused_at)
    headers = (
        ("ce_specversion", b"1.0"),
        ("ce_id", output.id.encode()),
        ("ce_type", f"tailorline.{output.topic}.v1".encode()),
        ("ce_source", source.encode()),
        ("content-type", b"application/json"),
        *output.headers,
    )
    return Record(output.topic, output.key, to_json(output.value), headers, caused_at)


def to_json(value: Any) -> bytes:
    """Return an output as JSON."""
    return orjson.dumps(msgspec.to_builtins(value), option=orjson.OPT_UTC_Z)


def pack(record: Record) -> bytes:
    """Return a record as it is kept in the outbox."""
    return _encode(tuple(record))


def unpack(raw: bytes) -> Record:
    """Read a record back from the outbox."""
    return Record(*_decode.decode(raw))

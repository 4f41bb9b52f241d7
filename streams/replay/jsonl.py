"""JSON Lines in our own schemas: one event a line, as it would stand on the topic."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from schemas.decoding import Reject
from streams.replay.reading import Meter, open_bytes
from streams.replay.records import BadRow, Record, decode_record


def read(path: Path, *, topic: str, meter: Meter | None = None) -> Iterator[Record | BadRow]:
    """Yield the events of a file in its order; blank lines are skipped.

    A line that the workers would refuse is a bad row with the reason they would give.
    """
    with open_bytes(path, meter) as lines:
        for number, line in enumerate(lines, start=1):
            value = line.strip()
            if not value:
                continue
            record = decode_record(topic, value)
            if isinstance(record, Reject):
                raw = value.decode("utf-8", "backslashreplace")
                detail = f"{record.where}: {record.message}"
                yield BadRow(str(path), number, record.reason, raw, detail)
            else:
                yield record

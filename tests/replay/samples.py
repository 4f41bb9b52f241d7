"""Small files in each format, written where a test wants them."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from schemas.decoding import DECODERS
from streams.replay.records import BadRow, Record, build_record

RETAIL_HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
SKAB_HEADER = (
    "datetime;Accelerometer1RMS;Accelerometer2RMS;Current;Pressure;Temperature;Thermocouple;"
    "Voltage;Volume Flow RateRMS;anomaly;changepoint"
)


def write(path: Path, *lines: str) -> Path:
    """Write lines to a file, packed if its name ends in .gz."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def split(items: Iterable[Record | BadRow]) -> tuple[list[Any], list[BadRow]]:
    """Return the records and the bad rows; each record's JSON is checked to decode again."""
    records: list[Any] = []
    bad: list[BadRow] = []
    for item in items:
        if isinstance(item, BadRow):
            bad.append(item)
        else:
            assert DECODERS[item.topic](msgspec.json.encode(item.event)) == item.event
            records.append(item)
    return records, bad


def reasons(bad: Iterable[BadRow]) -> list[tuple[int, str]]:
    """Return line and reason of bad rows."""
    return [(row.line, row.reason) for row in bad]


def views(*moments: float, customer: str = "c") -> Iterator[Record]:
    """Yield views of a customer at some moments (unix seconds)."""
    for number, at in enumerate(moments):
        record = build_record(
            "clickstream",
            {
                "type": "view",
                "event_id": f"{customer}-{number}",
                "occurred_at": datetime.fromtimestamp(at, UTC),
                "customer_id": customer,
                "session_id": customer,
                "sku": f"a{number}",
            },
        )
        assert isinstance(record, Record)
        yield record

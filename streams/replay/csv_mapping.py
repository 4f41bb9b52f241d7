"""Any CSV file, with a mapping file that says which column is which field."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from schemas.fields import MAX_LINES
from schemas.orders import OrderLine
from streams.replay.baskets import Basket
from streams.replay.event_ids import event_id
from streams.replay.mapping import Mapping, event_of
from streams.replay.measurements import Machine, measurements
from streams.replay.reading import Meter
from streams.replay.records import BadRow, Record
from streams.replay.tables import Row, table


def read(
    path: Path, *, name: str, mapping: Mapping, meter: Meter | None = None
) -> Iterator[Record | BadRow]:
    """Yield the events of a file in its order."""
    dated = _dated(path, mapping, meter)
    if mapping.lines:
        yield from _orders(dated, mapping, name)
        return
    for found in dated:
        if isinstance(found, BadRow):
            yield found
        elif mapping.sensors:
            yield from _samples(*found, mapping, name)
        else:
            row, moment = found
            yield _event(row, _fields(row, moment, mapping, name), mapping)


def _dated(
    path: Path, mapping: Mapping, meter: Meter | None
) -> Iterator[tuple[Row, datetime] | BadRow]:
    clock = mapping.clock()
    rows = table(path, delimiter=mapping.delimiter, needed=mapping.needed(), meter=meter)
    for row in rows:
        if isinstance(row, BadRow):
            yield row
            continue
        moment = row.parsed(mapping.time.column, clock, "bad_time")
        yield moment if isinstance(moment, BadRow) else (row, moment)


def _fields(row: Row, moment: datetime, mapping: Mapping, name: str) -> dict[str, Any]:
    """Return an event's fields as text; a cell that is empty leaves its field out."""
    cells = {field: row.text(column) for field, column in mapping.columns.items()}
    return {
        "event_id": event_id("csv", name, row.line),
        **mapping.constants,
        **{field: text for field, text in cells.items() if text},
        "occurred_at": moment,
    }


def _event(row: Row, fields: dict[str, Any], mapping: Mapping) -> Record | BadRow:
    """Read the texts as the types of the fields, then build the event."""
    try:
        event = msgspec.convert(fields, event_of(mapping), strict=False)
    except msgspec.ValidationError as error:
        return BadRow(row.file, row.line, "invalid", row.raw(), str(error)[:400])
    return row.build(mapping.topic, event)


def _samples(row: Row, moment: datetime, mapping: Mapping, name: str) -> Iterator[Record | BadRow]:
    fields = _fields(row, moment, mapping, name)
    machine = Machine("csv", name, str(fields.get("line", "")), str(fields.get("machine", "")))
    sensors = {column: (column, unit) for column, unit in mapping.sensors.items()}
    yield from measurements(row, moment, machine, sensors)


def _orders(
    dated: Iterator[tuple[Row, datetime] | BadRow], mapping: Mapping, name: str
) -> Iterator[Record | BadRow]:
    first: tuple[Row, dict[str, Any]] | None = None
    basket = Basket()
    for found in dated:
        if isinstance(found, BadRow):
            yield found
            continue
        row, moment = found
        line = _line(row, mapping)
        if isinstance(line, BadRow):
            yield line
            continue
        fields = _fields(row, moment, mapping, name)
        if first is None or first[1].get("order_id") != fields.get("order_id"):
            if first is not None:
                yield _event(first[0], first[1] | {"lines": basket.lines()}, mapping)
            first, basket = (row, fields), Basket()
        more = {"category": line.category} if line.category else {}
        if not basket.add(line.sku, line.quantity, line.unit_price, **more):
            yield row.bad("too_many_lines", f"an order has at most {MAX_LINES} lines")
    if first is not None:
        yield _event(first[0], first[1] | {"lines": basket.lines()}, mapping)


def _line(row: Row, mapping: Mapping) -> OrderLine | BadRow:
    cells = {field: row.text(column) for field, column in mapping.lines.items()}
    try:
        filled = {field: text for field, text in cells.items() if text}
        return msgspec.convert(filled, OrderLine, strict=False)
    except msgspec.ValidationError as error:
        return BadRow(row.file, row.line, "invalid", row.raw(), str(error)[:400])

"""A row of sensor values as measurements: one event a sensor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from streams.replay.cells import reading
from streams.replay.event_ids import event_id
from streams.replay.records import BadRow, Record
from streams.replay.tables import Row


class Machine(NamedTuple):
    """Whose values a file holds: the file's name in event ids, and the equipment."""

    source_format: str
    name: str
    line: str
    machine: str


def measurements(
    row: Row, moment: datetime, machine: Machine, sensors: Mapping[str, tuple[str, str]]
) -> Iterator[Record | BadRow]:
    """Yield one measurement for each column of ``sensors``: column -> (sensor, UCUM unit).

    An empty cell or NaN is a lost sample: a measurement without a value and of bad quality. A
    text that is no number is a bad row.
    """
    several = len(sensors) > 1
    for index, (column, (sensor, unit)) in enumerate(sensors.items()):
        try:
            value = reading(row.text(column))
        except ValueError as error:
            yield row.bad("not_a_number", f"{column}: {error}")
            continue
        position = (row.line, index) if several else (row.line,)
        fields = {
            "type": "measurement",
            "event_id": event_id(machine.source_format, machine.name, *position),
            "occurred_at": moment,
            "line": machine.line,
            "machine": machine.machine,
            "sensor": sensor,
            "value": value,
            "unit": unit,
            "quality": "bad" if value is None else "good",
        }
        yield row.build("sensors", fields)

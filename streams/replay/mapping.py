"""The mapping file of a CSV: which column is which field, in TOML, checked before a row is read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec

from schemas.topics import BY_NAME, INPUTS
from streams.replay.cells import Clocked, clocked
from streams.replay.records import SourceError

_LINE_FIELDS = ("sku", "quantity", "unit_price", "category")
_SENSOR_FIELDS = ("event_id", "sensor", "value", "unit", "quality")


class TimeColumn(msgspec.Struct, forbid_unknown_fields=True):
    """Where the time of an event stands and how it is written."""

    column: str
    format: str = "iso"
    zone: str = "UTC"


class Mapping(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A mapping file as written. The values of its tables are names of columns.

    ``lines`` is for orders, one row a line: rows of one ``order_id`` that follow each other become
    one order. ``sensors`` is for measurements, one column a sensor: column -> UCUM unit.
    """

    topic: str
    type: str
    time: TimeColumn
    columns: dict[str, str] = {}
    constants: dict[str, Any] = {}
    lines: dict[str, str] = {}
    sensors: dict[str, str] = {}
    delimiter: str = ","

    def clock(self) -> Clocked:
        """Return the function that reads the time column."""
        return clocked(self.time.format, self.time.zone)

    def needed(self) -> tuple[str, ...]:
        """Return the columns that a file must have."""
        return (self.time.column, *self.columns.values(), *self.lines.values(), *self.sensors)


def event_of(mapping: Mapping) -> type[msgspec.Struct]:
    """Return the event that the rows of a checked mapping become."""
    tags = {struct.__struct_config__.tag: struct for struct in _events(mapping.topic)}
    return tags[mapping.type]


def load_mapping(path: Path) -> Mapping:
    """Read and check a mapping file. Raises `SourceError` that says what to change."""
    try:
        mapping = msgspec.toml.decode(path.read_bytes(), type=Mapping)
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror or error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: {error}") from error
    _check(mapping, path)
    return mapping


def _check(mapping: Mapping, path: Path) -> None:
    # Without a known event there is nothing to compare the other tables with.
    problems = list(_heading(mapping)) or [*_lines(mapping), *_fields(mapping)]
    if problems:
        raise SourceError(f"{path}: {'; '.join(problems)}")


def _heading(mapping: Mapping) -> Iterator[str]:
    if mapping.topic not in BY_NAME or BY_NAME[mapping.topic].direction != "in":
        yield f"topic {mapping.topic!r} is none of {', '.join(topic.name for topic in INPUTS)}"
        return
    types = [str(struct.__struct_config__.tag) for struct in _events(mapping.topic)]
    if mapping.type not in types:
        yield f"type {mapping.type!r} is no event of {mapping.topic}; it has {', '.join(types)}"
    if len(mapping.delimiter) != 1:
        yield f"delimiter {mapping.delimiter!r} is not one character"
    try:
        mapping.clock()
    except ValueError as error:
        yield f"[time]: {error}"


def _lines(mapping: Mapping) -> Iterator[str]:
    if not mapping.lines:
        return
    if mapping.topic != "orders":
        yield f"[lines] is for orders; a {mapping.type} has no lines"
    for name in mapping.lines:
        if name not in _LINE_FIELDS:
            yield f"[lines] has no field {name!r}; it has {', '.join(_LINE_FIELDS)}"
    if "sku" not in mapping.lines:
        yield "[lines] also needs sku"
    if "order_id" not in mapping.columns:
        yield "[lines] needs order_id under [columns], to know which rows are one order"


def _fields(mapping: Mapping) -> Iterator[str]:
    if mapping.sensors and mapping.type != "measurement":
        yield "[sensors] is for type = 'measurement'"
    fields = {field.name: field for field in msgspec.structs.fields(event_of(mapping))}
    elsewhere = {"occurred_at": "[time]", "lines": "[lines]"}
    if mapping.sensors:
        elsewhere |= dict.fromkeys(_SENSOR_FIELDS, "[sensors]")
    for name in (*mapping.columns, *mapping.constants):
        if name not in fields:
            yield f"a {mapping.type} has no field {name!r}; it has {', '.join(fields)}"
        if name in elsewhere:
            yield f"{name} is set by {elsewhere[name]}; take it out of the other tables"
        if name in mapping.columns and name in mapping.constants:
            yield f"{name} is under [columns] and [constants]; one must go"
    set_here = {*mapping.columns, *mapping.constants, "event_id", "occurred_at"}
    set_here |= {"lines"} if mapping.lines else set()
    set_here |= set(_SENSOR_FIELDS) if mapping.sensors else set()
    missing = [name for name, field in fields.items() if field.required and name not in set_here]
    if missing:
        where = "[lines]" if missing == ["lines"] else "[columns] or [constants]"
        yield f"a {mapping.type} also needs {', '.join(missing)}: add it under {where}"


def _events(topic: str) -> tuple[type[msgspec.Struct], ...]:
    return get_args(BY_NAME[topic].event)

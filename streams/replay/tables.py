"""The rows of a CSV file by column name, one at a time; a row of another shape is a bad row."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

from schemas.decoding import Reject
from streams.replay.reading import Meter, open_bytes
from streams.replay.records import BadRow, Record, RowReason, SourceError, build_record

T = TypeVar("T")


class Row(NamedTuple):
    """One row: the file, the line it ends on (from 1), and its cells by column."""

    file: str
    line: int
    cells: dict[str, str]
    delimiter: str

    def text(self, column: str) -> str:
        """Return a cell without the space around it."""
        return self.cells[column].strip()

    def bad(self, reason: RowReason, detail: str = "") -> BadRow:
        """Return this row as one that cannot become an event."""
        return BadRow(self.file, self.line, reason, self.raw(), detail)

    def parsed(self, column: str, parse: Callable[[str], T], reason: RowReason) -> T | BadRow:
        """Return a cell read by ``parse``, or the bad row if it is empty or does not fit."""
        text = self.text(column)
        if not text:
            return self.bad("missing", f"{column} is empty")
        try:
            return parse(text)
        except ValueError as error:
            return self.bad(reason, f"{column}: {error}")

    def build(self, topic: str, fields: object) -> Record | BadRow:
        """Return the event of these fields, or the bad row if the workers would refuse it."""
        record = build_record(topic, fields)
        if isinstance(record, Reject):
            detail = f"{record.where}: {record.message}"
            return BadRow(self.file, self.line, record.reason, self.raw(), detail)
        return record

    def raw(self) -> str:
        """Return the row as it stood, quoted again where needed."""
        text = io.StringIO()
        csv.writer(text, delimiter=self.delimiter, lineterminator="").writerow(self.cells.values())
        return text.getvalue()


def table(
    path: Path, *, delimiter: str = ",", needed: Iterable[str], meter: Meter | None = None
) -> Iterator[Row | BadRow]:
    """Yield the rows of a CSV file that has a header; blank lines are skipped.

    Bytes that are not UTF-8 do no harm in a column that nobody reads. Raises `SourceError` if
    the file cannot be read or a column of ``needed`` is not in its header.
    """
    file = str(path)
    with open_bytes(path, meter) as raw:
        text = io.TextIOWrapper(raw, "utf-8-sig", errors="surrogateescape", newline="")
        reader = csv.reader(text, delimiter=delimiter)
        header = _header(reader, path, needed)
        while True:
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield BadRow(file, reader.line_num, "syntax", "", str(error))
                continue
            if len(values) == len(header):
                cells = dict(zip(header, values, strict=True))
                yield Row(file, reader.line_num, cells, delimiter)
            elif values:
                found = f"{len(values)} cells where the header has {len(header)}"
                yield BadRow(file, reader.line_num, "columns", delimiter.join(values), found)


def _header(reader: Iterator[list[str]], path: Path, needed: Iterable[str]) -> list[str]:
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise SourceError(f"{path}: not a CSV file: {error}") from error
    absent = [name for name in needed if name not in header]
    if absent:
        found = ", ".join(header)[:200] or "nothing"
        raise SourceError(f"{path}: no column {', '.join(absent)}; its header has: {found}")
    if len(set(header)) < len(header):
        raise SourceError(f"{path}: a column name occurs twice in the header")
    return header

"""Fields of recorded series: tables that say what is wrong with them, times, numbers, labels."""

from __future__ import annotations

import csv
import math
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench.data import DataError, rows_of


def table(
    path: Path, columns: Collection[str], *, delimiter: str = ","
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield line number and fields of each row.

    Raises `DataError`, with the file, if a column is missing or it is no table in UTF-8.
    """
    try:
        yield from rows_of(path, columns, delimiter=delimiter)
    except DataError as error:
        expected = delimiter.join(columns)
        raise DataError(
            f"{error} Its first line is to name {expected}, with {delimiter!r} between."
        ) from None
    except (UnicodeDecodeError, csv.Error, EOFError, OSError) as error:
        raise DataError(f"{path}: cannot be read as a table in UTF-8: {error}") from error


def moment(text: str | None) -> float:
    """Return Unix seconds of "2014-04-10 07:15:00", microseconds or not; raises `ValueError`.

    A text without an offset is taken as UTC: the benchmarks say none, and only spans count.
    """
    found = datetime.fromisoformat(text or "")
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def number(text: str | None) -> float:
    """Return a sensor's value; NaN if it is no finite number, as a broken sensor sends it."""
    try:
        value = float(text or "nan")
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def label(text: str | None) -> bool:
    """Return a label that is 0 or 1; raises `ValueError` if it is neither."""
    value = float(text or "nan")
    if value not in {0.0, 1.0}:
        raise ValueError(f"a label is 0 or 1, not {text!r}")
    return value == 1.0

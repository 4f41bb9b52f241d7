"""Public data sets as benchmarks read them: tables in text files, plain or gzip."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator
from pathlib import Path

from streams.replay.reading import open_bytes


class DataError(ValueError):
    """The files are not there, or not in the layout."""


def rows_of(
    path: Path, columns: Collection[str], *, delimiter: str = ","
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield line number and fields of each row; raises `DataError` if a column is missing."""
    with open_bytes(path) as file:
        rows = csv.DictReader(io.TextIOWrapper(file, "utf-8", newline=""), delimiter=delimiter)
        lacking = set(columns) - set(rows.fieldnames or ())
        if lacking:
            raise DataError(f"{path}: no column {', '.join(sorted(lacking))}.")
        for row in rows:
            yield rows.line_num, row

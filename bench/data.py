"""Public data sets as benchmarks read them: tables in text files, plain or gzip."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from streams.replay.reading import open_bytes


class DataError(ValueError):
    """The files are not there, or not in the layout."""


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """Open a plain or gzip file as text in UTF-8."""
    with open_bytes(path) as file:
        text = io.TextIOWrapper(file, "utf-8", newline="")
        try:
            yield text
        finally:
            text.detach()  # or it would close what is not its own


def rows_of(
    path: Path, columns: Collection[str], *, delimiter: str = ","
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield line number and fields of each row; raises `DataError` if a column is missing."""
    with open_text(path) as text:
        rows = csv.DictReader(text, delimiter=delimiter)
        lacking = set(columns) - set(rows.fieldnames or ())
        if lacking:
            raise DataError(f"{path}: no column {', '.join(sorted(lacking))}.")
        for row in rows:
            yield rows.line_num, row

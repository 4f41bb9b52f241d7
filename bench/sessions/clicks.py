"""Session logs in Serenade's layout: train and test, tab-separated, plain or gzip."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import NamedTuple

from streams.replay.reading import open_bytes

COLUMNS = ("SessionId", "ItemId", "Time")


class Click(NamedTuple):
    """One view."""

    session: str
    item: str
    at: float


class DataError(ValueError):
    """The files are not there, or not in the layout."""


def find(folder: Path, name: str) -> Path:
    """Return ``name.tsv`` or ``name.tsv.gz`` of a folder; raises `DataError` if neither is there."""
    for suffix in (".tsv", ".tsv.gz"):
        path = folder / f"{name}{suffix}"
        if path.is_file():
            return path
    raise DataError(f"{folder}: neither {name}.tsv nor {name}.tsv.gz is there.")


def load(path: Path) -> list[Click]:
    """Return the clicks by time; those of one second stay in the order of the file."""
    with open_bytes(path) as file:
        rows = csv.DictReader(io.TextIOWrapper(file, "utf-8", newline=""), delimiter="\t")
        lacking = set(COLUMNS) - set(rows.fieldnames or ())
        if lacking:
            raise DataError(f"{path}: no column {', '.join(sorted(lacking))}.")
        try:
            clicks = [Click(row["SessionId"], row["ItemId"], float(row["Time"])) for row in rows]
        except (TypeError, ValueError) as error:
            raise DataError(f"{path}: line {rows.line_num}: {error}") from error
    return sorted(clicks, key=lambda click: click.at)

"""Session logs in Serenade's layout: train and test, tab-separated, plain or gzip."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from bench.data import DataError, rows_of

COLUMNS = ("SessionId", "ItemId", "Time")


class Click(NamedTuple):
    """One view."""

    session: str
    item: str
    at: float


def find(folder: Path, name: str) -> Path:
    """Return ``name.tsv`` or ``name.tsv.gz`` of a folder; raises `DataError` if neither is there."""
    for suffix in (".tsv", ".tsv.gz"):
        path = folder / f"{name}{suffix}"
        if path.is_file():
            return path
    raise DataError(f"{folder}: neither {name}.tsv nor {name}.tsv.gz is there.")


def load(path: Path) -> list[Click]:
    """Return the clicks by time; those of one second stay in the order of the file."""
    clicks = []
    for line, row in rows_of(path, COLUMNS, delimiter="\t"):
        try:
            clicks.append(Click(row["SessionId"], row["ItemId"], float(row["Time"])))
        except (TypeError, ValueError) as error:
            raise DataError(f"{path}: line {line}: {error}") from error
    return sorted(clicks, key=lambda click: click.at)

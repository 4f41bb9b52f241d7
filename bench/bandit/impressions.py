"""Logs in the layout of the Open Bandit Dataset: one CSV per policy and campaign, plain or gzip."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bench.data import DataError, rows_of
from models.offers.evaluation import Floats
from streams.replay.records import SourceError

Whole = npt.NDArray[np.int64]

CAMPAIGNS = ("all", "men", "women")
POLICIES = ("random", "bts")
COLUMNS = ("timestamp", "item_id", "position", "click", "propensity_score")
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Log:
    """Impressions in the order of time; items and positions are numbers."""

    item: Whole
    position: Whole
    click: Floats
    propensity: Floats
    """With which the logging policy showed the item there; in (0, 1]."""

    def __len__(self) -> int:
        return len(self.click)

    def part(self, rows: slice | npt.NDArray[np.bool_]) -> Log:
        """Return some of the impressions."""
        return Log(self.item[rows], self.position[rows], self.click[rows], self.propensity[rows])


class _Row(NamedTuple):
    at: float
    item: int
    position: int
    click: int
    propensity: float


def find(folder: Path) -> dict[str, tuple[Path, Path]]:
    """Return the logs of random and bts for each campaign of a folder.

    Raises `DataError` if there is no campaign, or only one log of it.
    """
    found = {}
    for name in CAMPAIGNS:
        random, bts = (_log_of(folder / policy / name, name) for policy in POLICIES)
        if random and bts:
            found[name] = random, bts
        elif random or bts:
            lacking = "bts" if random else "random"
            raise DataError(f"{folder}: {lacking}/{name}/{name}.csv[.gz] is not there.")
    if not found:
        raise DataError(
            f"{folder}: no random/NAME/NAME.csv[.gz] beside bts/NAME/NAME.csv[.gz] is there, "
            f"NAME being one of {', '.join(CAMPAIGNS)}."
        )
    return found


def _log_of(folder: Path, name: str) -> Path | None:
    paths = (folder / f"{name}{suffix}" for suffix in (".csv", ".csv.gz"))
    return next((path for path in paths if path.is_file()), None)


def load(path: Path, advance: Callable[[int], None] = lambda _: None) -> Log:
    """Return the impressions by time; those of one moment stay in the order of the file."""
    rows = []
    line = 1
    try:
        for line, fields in rows_of(path, COLUMNS):  # noqa: B007 - the error says which
            rows.append(_row(fields))
            if len(rows) % _AT_ONCE == 0:
                advance(_AT_ONCE)
    except (DataError, SourceError) as error:
        raise DataError(str(error)) from error
    except (TypeError, ValueError, csv.Error) as error:
        raise DataError(f"{path}: line {line}: {error}") from error
    if not rows:
        raise DataError(f"{path}: no impressions.")
    rows.sort(key=lambda row: row.at)
    _, items, positions, clicks, propensities = zip(*rows, strict=True)
    return Log(
        np.array(items), np.array(positions),
        np.array(clicks, dtype=np.float64), np.array(propensities),
    )  # fmt: skip


def _row(fields: dict[str, str]) -> _Row:
    row = _Row(
        datetime.fromisoformat(fields["timestamp"]).timestamp(),
        int(fields["item_id"]), int(fields["position"]),
        int(fields["click"]), float(fields["propensity_score"]),
    )  # fmt: skip
    if row.click not in {0, 1}:
        raise ValueError(f"click is {row.click}, neither 0 nor 1")
    if not 0 < row.propensity <= 1:
        raise ValueError(f"propensity_score is {row.propensity}, not in (0, 1]")
    return row


def aligned(*logs: Log) -> tuple[list[Log], tuple[int, int]]:
    """Return the logs with items and positions numbered from 0 alike, and how many there are."""
    items, item = np.unique(np.concatenate([log.item for log in logs]), return_inverse=True)
    places, place = np.unique(np.concatenate([log.position for log in logs]), return_inverse=True)
    ends = np.cumsum([len(log) for log in logs])
    numbered = [
        Log(item[end - len(log) : end], place[end - len(log) : end], log.click, log.propensity)
        for log, end in zip(logs, ends, strict=True)
    ]
    return numbered, (len(items), len(places))

"""A folder in NAB's own layout: data/GROUP/*.csv, labels/combined_windows.json, profiles.json."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.anomaly.fields import moment, number, table
from bench.anomaly.nab.scoring import Profile, Window
from bench.anomaly.seam import Floats
from bench.data import DataError

LABELS = "labels/combined_windows.json"
PROFILES = "profiles.json"
PROFILE_NAMES = {
    "standard": "standard", "low_fp": "reward_low_FP_rate", "low_fn": "reward_low_FN_rate",
}  # fmt: skip
"""The metric of each profile, and what profiles.json calls it."""


class Series(NamedTuple):
    """One file: ``times[n]`` in Unix seconds, ``values[n]``, and the labelled windows."""

    name: str
    times: Floats
    values: Floats
    windows: list[Window]


def load(folder: Path) -> list[Series]:
    """Return the files of a folder by name; any subset of the benchmark's will do.

    Values that are no numbers are NaN. Raises `DataError` if there is no file, a file has no
    labels, or times or labels cannot be read. Layout: Lavin & Ahmad 2015.
    """
    paths = sorted((folder / "data").glob("*/*.csv"))
    if not paths:
        raise DataError(
            f"{folder}: no data/GROUP/*.csv is there; DIR is a folder in the layout of numenta/NAB."
        )
    labels = _json(folder / LABELS)
    return [_series(path, folder / LABELS, labels) for path in paths]


def load_profiles(folder: Path) -> dict[str, Profile]:
    """Return the weights by name of their metric; raises `DataError` if one cannot be read."""
    path = folder / PROFILES
    found = _json(path)
    profiles = {}
    for metric, name in PROFILE_NAMES.items():
        try:
            costs = found[name]["CostMatrix"]
            weights = [float(costs[key]) for key in ("tpWeight", "fpWeight", "fnWeight")]
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"{path}: profile {name!r} lacks a CostMatrix with numbers tpWeight, fpWeight and "
                "fnWeight; take the file from numenta/NAB."
            ) from error
        if not all(math.isfinite(w) and w >= 0 for w in weights) or weights[0] + weights[2] <= 0:
            raise DataError(
                f"{path}: profile {name!r}: weights are 0 or more, tpWeight or fnWeight above 0."
            )
        profiles[metric] = Profile(*weights)
    return profiles


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise DataError(f"{path} is not there; take it from numenta/NAB.") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: {error}") from error
    if not isinstance(found, dict):
        raise DataError(f"{path}: an object is expected.")
    return found


def _series(path: Path, labels_path: Path, labels: Mapping[str, Any]) -> Series:
    name = f"{path.parent.name}/{path.name}"
    if name not in labels:
        raise DataError(
            f"{labels_path}: no entry {name!r}; add its windows ([] if there are none), or take the "
            "file away."
        )
    times, values = [], []
    for line, row in table(path, ("timestamp", "value")):
        try:
            times.append(moment(row["timestamp"]))
        except ValueError as error:
            raise DataError(f"{path}: line {line}: timestamp: {error}") from error
        values.append(number(row["value"]))
    if not times:
        raise DataError(f"{path}: no records are there.")
    try:
        windows = _windows(labels[name], times)
    except (TypeError, ValueError) as error:
        line = _line(labels_path, name)
        raise DataError(f"{labels_path}: line {line}: {name}: {error}") from error
    return Series(name, np.asarray(times), np.asarray(values), windows)


def _windows(entry: Any, times: list[float]) -> list[Window]:
    """Return the windows as rows; of records at the same second the first counts, as in NAB."""
    row_of: dict[float, int] = {}
    for row, at in enumerate(times):
        row_of.setdefault(at, row)
    if not isinstance(entry, list):
        raise TypeError("a list of windows is expected")
    windows = []
    for pair in entry:
        if not isinstance(pair, list) or len(pair) != 2:
            raise ValueError(f"a window is [begin, end], not {pair!r}")
        begin, end = (moment(text) for text in pair)
        if begin not in row_of or end not in row_of:
            raise ValueError(f"no record is at the begin or at the end of the window {pair!r}")
        windows.append(Window(row_of[begin], row_of[end]))
    windows.sort()
    if any(one.last < one.first for one in windows):
        raise ValueError("a window ends before it begins")
    if any(after.first <= before.last for before, after in pairwise(windows)):
        raise ValueError("two windows overlap")
    return windows


def _line(path: Path, name: str) -> int:
    text = path.read_text("utf-8")
    return text[: text.find(f'"{name}"')].count("\n") + 1

"""Sessions in the layout of UCI's "Online Shoppers Purchasing Intention" (Sakar et al. 2018)."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from bench.data import DataError, rows_of
from models.propensity.signals import Signals

NUMBERS = (
    "Administrative", "Administrative_Duration", "Informational", "Informational_Duration",
    "ProductRelated", "ProductRelated_Duration", "BounceRates", "ExitRates", "PageValues",
    "SpecialDay",
)  # fmt: skip
KINDS = (
    "Month", "OperatingSystems", "Browser", "Region", "TrafficType", "VisitorType", "Weekend",
)  # fmt: skip
LABEL = "Revenue"
_GATE = "PageValues"
"""What the viewed pages are worth: zero unless they are near a purchase, as an empty cart is."""


class Visit(NamedTuple):
    """A session and what became of it."""

    signals: Signals
    bought: bool


def find(folder: Path) -> Path:
    """Return the one CSV of a folder; raises `DataError` if there is not exactly one."""
    found = sorted([*folder.glob("*.csv"), *folder.glob("*.csv.gz")])
    if len(found) != 1:
        raise DataError(f"{folder}: one .csv or .csv.gz is expected, {len(found)} are there.")
    return found[0]


def load(path: Path) -> list[Visit]:
    """Return the sessions in the order of the file."""
    visits = []
    for line, row in rows_of(path, (*NUMBERS, *KINDS, LABEL)):
        try:
            visits.append(_visit(row))
        except (TypeError, ValueError, KeyError) as error:
            raise DataError(f"{path}: line {line}: {error}") from error
    return visits


def _visit(row: dict[str, str]) -> Visit:
    numbers = {name: float(row[name]) for name in NUMBERS}
    kinds = {name: row[name] for name in KINDS}
    bought = {"TRUE": True, "FALSE": False, "1": True, "0": False}[row[LABEL].upper()]
    return Visit(Signals(numbers, kinds, numbers[_GATE] > 0), bought)

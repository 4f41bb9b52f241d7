"""Orders out of public sets of baskets: a basket a line, or a table with a line for each article."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from bench.data import DataError, open_text, rows_of

_NAMES = {
    "order": ("invoiceno", "invoice", "order_id", "basket_id", "transaction_id", "transactionid"),
    "sku": ("stockcode", "product_id", "item_id", "sku", "itemid", "article_id"),
    "customer": (
        "customerid",
        "customer id",
        "customer_id",
        "household_key",
        "user_id",
        "member_number",
    ),
    "at": ("invoicedate", "order_date", "timestamp", "date", "time", "day"),
    "quantity": ("quantity", "units", "qty"),
}
_FORMATS = ("%m/%d/%Y %H:%M", "%m/%d/%y %H:%M", "%d-%m-%Y", "%d/%m/%Y")
_MINUTE_S = 60.0
_BEGIN = 1_577_836_800.0


class Order(NamedTuple):
    """A basket: the distinct articles of one order."""

    order_id: str
    customer_id: str
    """Empty if the set does not say."""
    at: float
    """Unix seconds; sets without times get a minute for each order."""
    skus: tuple[str, ...]


def find(folder: Path) -> list[Path]:
    """Return the tables of a folder, or of the folders in it; raises `DataError` if there are none."""
    places = [folder, *sorted(path for path in folder.iterdir() if path.is_dir())]
    found = [p for place in places for p in sorted([*place.glob("*.csv"), *place.glob("*.csv.gz")])]
    if not found:
        raise DataError(f"{folder}: no .csv or .csv.gz is there.")
    return found


def load(path: Path) -> list[Order]:
    """Return the orders by time; those of one moment stay in the order of the file."""
    with open_text(path) as text:
        head = next(csv.reader(text), [])
    columns = _columns(head)
    if columns is None:
        return list(_lines(path))
    return sorted(_table(path, columns), key=lambda order: order.at)


def _columns(head: Sequence[str]) -> dict[str, str] | None:
    """Return which column holds what; None if there is no header with orders and articles."""
    known = {name.strip().lower(): name for name in head}
    found = {
        what: next((known[name] for name in names if name in known), "")
        for what, names in _NAMES.items()
    }
    return found if found["order"] and found["sku"] else None


def _lines(path: Path) -> Iterator[Order]:
    with open_text(path) as text:
        for number, row in enumerate(csv.reader(text)):
            skus = tuple(dict.fromkeys(cell.strip() for cell in row if cell.strip()))
            if skus:
                yield Order(f"line-{number}", "", _BEGIN + number * _MINUTE_S, skus)


def _table(path: Path, columns: dict[str, str]) -> list[Order]:
    orders: dict[str, tuple[str, float, dict[str, None]]] = {}
    for line, row in rows_of(path, [name for name in columns.values() if name]):
        try:
            if columns["quantity"] and float(row[columns["quantity"]]) <= 0:
                continue  # a cancellation or a correction: no basket
            number = row[columns["order"]].strip()
            at = _moment(row[columns["at"]]) if columns["at"] else _BEGIN + line
        except (TypeError, ValueError, AttributeError) as error:
            raise DataError(f"{path}: line {line}: {error}") from error
        customer = row[columns["customer"]].strip() if columns["customer"] else ""
        orders.setdefault(number, (customer, at, {}))[2][row[columns["sku"]].strip()] = None
    return [Order(name, who, at, tuple(skus)) for name, (who, at, skus) in orders.items()]


def _moment(text: str) -> float:
    with suppress(ValueError):
        return datetime.fromisoformat(text.strip()).replace(tzinfo=UTC).timestamp()
    for form in _FORMATS:
        with suppress(ValueError):
            return datetime.strptime(text.strip(), form).replace(tzinfo=UTC).timestamp()
    number = float(text)
    return number * 86_400.0 if number < 1e6 else number  # days, or unix seconds

"""The baskets of the public sets, as order events and as what a batch job would count."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from bench.workers import BenchError
from models.itemsets.sampling import basket_of
from schemas.orders import OrderLine, OrderPlaced
from streams.replay import online_retail
from streams.replay.reading import open_bytes
from streams.replay.records import BadRow, Record, record_of

_BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
_MAX_SKU = 64


def groceries(path: Path) -> Iterator[Record]:
    """Yield a basket a line, each of a customer of its own; the set has no times, so one a minute."""
    with open_bytes(path) as file:
        rows = csv.reader(io.TextIOWrapper(file, "utf-8", newline=""))
        for number, row in enumerate(rows):
            names = dict.fromkeys(cell.strip()[:_MAX_SKU] for cell in row)
            lines = tuple(OrderLine(sku=name) for name in names if name)
            if not lines:
                continue
            event = OrderPlaced(
                event_id=f"groceries-{number}",
                occurred_at=_BEGIN + timedelta(minutes=number),
                customer_id=f"c{number}",
                order_id=f"g{number}",
                lines=lines,
            )
            yield record_of("orders", event)


def retail(path: Path) -> Iterator[Record]:
    """Yield the invoices of Online Retail that are orders; returns are left out."""
    for record in online_retail.read(path, name="online_retail"):
        if not isinstance(record, BadRow) and isinstance(record.event, OrderPlaced):
            yield record


@dataclass(frozen=True, slots=True)
class BasketSet:
    """A data set, and what it is compared at."""

    name: str
    read: Callable[[Path], Iterator[Record]]
    support: float
    cap: int

    def find(self, folder: Path) -> Path | None:
        """Return the set's file in a folder, or in a folder of its name below."""
        for place in (folder, folder / self.name):
            for suffix in (".csv", ".csv.gz"):
                path = place / f"{self.name}{suffix}"
                if path.is_file():
                    return path
        return None

    def records(self, path: Path, limit: int = 0) -> list[Record]:
        """Return the first ``limit`` orders (0: all)."""
        return list(islice(self.read(path), limit or None))


SETS: tuple[BasketSet, ...] = (
    BasketSet("groceries", groceries, 0.001, 0),
    BasketSet("online_retail", retail, 0.005, 30),
)


def baskets_of(records: list[Record], cap: int) -> list[tuple[str, ...]]:
    """Return what each order counts as: its distinct articles, big ones sampled as shards do."""
    found = []
    for record in records:
        event = record.event
        if not isinstance(event, OrderPlaced):
            raise BenchError(f"{type(event).__name__} is no basket.")
        found.append(basket_of([line.sku for line in event.lines], event.order_id, cap))
    return found

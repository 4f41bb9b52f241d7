"""UCI Online Retail: the invoices of a gift shop, one row an article.

Rows of one invoice that follow each other become one ``OrderPlaced``; an invoice whose number
starts with C becomes an ``OrderReturned``. Times carry no zone and are taken as UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from schemas.fields import MAX_LINES
from streams.replay.baskets import Basket
from streams.replay.cells import clocked, real, utc, whole
from streams.replay.event_ids import event_id
from streams.replay.reading import Meter
from streams.replay.records import BadRow, Record
from streams.replay.tables import Row, table

COLUMNS = ("InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID")

_american = clocked("%m/%d/%Y %H:%M")


def read(path: Path, *, name: str, meter: Meter | None = None) -> Iterator[Record | BadRow]:
    """Yield one event an invoice, dated by its first good row, in the order of the file."""
    invoice: Invoice | None = None
    for row in table(path, needed=COLUMNS, meter=meter):
        if isinstance(row, BadRow):
            yield row
            continue
        number = row.text("InvoiceNo")
        if not number:
            yield row.bad("missing", "InvoiceNo is empty")
            continue
        if invoice is None or invoice.number != number:
            if invoice is not None:
                yield from invoice.records()
            invoice = Invoice(number, name)
        bad = invoice.add(row)
        if bad is not None:
            yield bad
    if invoice is not None:
        yield from invoice.records()


class Invoice:
    """The rows of one invoice so far."""

    def __init__(self, number: str, name: str) -> None:
        """Start an invoice of the file called ``name``."""
        self.number = number
        self._name = name
        self._sign = -1 if number.startswith("C") else 1
        self._basket = Basket()
        self._first: tuple[Row, datetime] | None = None

    def add(self, row: Row) -> BadRow | None:
        """Take a row in, or return why it is bad."""
        if not self.number.removeprefix("C").isdecimal():
            return row.bad("not_a_sale", f"invoice {self.number} is neither a sale nor a return")
        values = _values(row)
        if isinstance(values, BadRow):
            return values
        moment, sku, quantity, price = values
        if quantity * self._sign <= 0:
            expected = "negative" if self._sign < 0 else "positive"
            return row.bad("quantity_sign", f"{quantity} where {expected} is expected")
        if price < 0:
            return row.bad("price_negative", f"a price of {price}")
        if not self._basket.add(sku, quantity * self._sign, price):
            return row.bad("too_many_lines", f"an order has at most {MAX_LINES} lines")
        self._first = self._first or (row, moment)
        return None

    def records(self) -> Iterator[Record | BadRow]:
        """Yield the invoice's event, unless all its rows were bad."""
        if self._first is None:
            return
        row, moment = self._first
        # Some exports of this set passed through a float column: 17850.0.
        customer = row.text("CustomerID").removesuffix(".0")
        fields: dict[str, Any] = {
            "type": "placed" if self._sign > 0 else "returned",
            "event_id": event_id("online_retail", self._name, row.line),
            "occurred_at": moment,
            "customer_id": customer or f"guest-{self.number}",
            "consent": bool(customer),
            "order_id": self.number,
            "lines": self._basket.lines(),
        }
        if self._sign > 0:
            fields["currency"] = "GBP"
        yield row.build("orders", fields)


def _values(row: Row) -> tuple[datetime, str, int, float] | BadRow:
    sku = row.parsed("StockCode", str, "missing")
    if isinstance(sku, BadRow):
        return sku
    quantity = row.parsed("Quantity", whole, "not_a_number")
    if isinstance(quantity, BadRow):
        return quantity
    price = row.parsed("UnitPrice", real, "not_a_number")
    if isinstance(price, BadRow):
        return price
    moment = row.parsed("InvoiceDate", _moment, "bad_time")
    return moment if isinstance(moment, BadRow) else (moment, sku, quantity, price)


def _moment(text: str) -> datetime:
    """Read the time of either export of this set: ISO, or ``12/1/2010 8:26``."""
    return _american(text) if "/" in text else utc(text)

"""UCI Online Retail: rows become orders and returns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from schemas.fields import MAX_LINES
from schemas.orders import OrderPlaced, OrderReturned
from streams.replay import online_retail
from streams.replay.records import BadRow
from tests.replay.samples import RETAIL_HEADER, reasons, split, write


def row(
    invoice: str = "1", sku: str = "A", n: str = "1", price: str = "2.5", customer: str = "7"
) -> str:
    return f'{invoice},{sku},"A ""CUP"", RED",{n},2010-12-01 08:26:00,{price},{customer},UK'


def read(tmp_path: Path, *rows: str, name: str = "retail.csv") -> tuple[list[Any], list[BadRow]]:
    return split(online_retail.read(write(tmp_path / name, RETAIL_HEADER, *rows), name="retail"))


def test_rows_of_an_invoice_become_one_order(tmp_path: Path) -> None:
    records, bad = read(tmp_path, row(n="6"), row(sku="B"), row("2", customer="8"))
    assert bad == []
    first, second = (record.event for record in records)
    assert isinstance(first, OrderPlaced)
    assert [(line.sku, line.quantity, line.unit_price) for line in first.lines] == [
        ("A", 6, 2.5),
        ("B", 1, 2.5),
    ]
    assert (first.order_id, first.customer_id, first.consent) == ("1", "7", True)
    assert (first.currency, first.occurred_at.isoformat()) == ("GBP", "2010-12-01T08:26:00+00:00")
    assert [record.key for record in records] == [b"7", b"8"]
    assert [record.topic for record in records] == ["orders", "orders"]
    assert (first.event_id, second.event_id) == (
        "online_retail-retail-2",
        "online_retail-retail-4",
    )


def test_an_article_that_comes_twice_is_one_line_of_the_same_value(tmp_path: Path) -> None:
    records, _ = read(tmp_path, row(n="1", price="4"), row(sku="B"), row(n="3", price="2"))
    line = records[0].event.lines[0]
    assert (line.sku, line.quantity, line.unit_price) == ("A", 4, 2.5)


def test_an_invoice_with_c_is_a_return(tmp_path: Path) -> None:
    records, bad = read(tmp_path, row("C9", n="-3"), row("C9", n="3", sku="B"))
    assert isinstance(records[0].event, OrderReturned)
    assert records[0].event.lines[0].quantity == 3
    assert reasons(bad) == [(3, "quantity_sign")]


def test_a_customer_without_id_is_a_guest_without_consent(tmp_path: Path) -> None:
    records, _ = read(tmp_path, row("5", customer=""), row("6", customer="17850.0"))
    assert (records[0].key, records[0].event.consent) == (b"guest-5", False)
    assert (records[1].key, records[1].event.consent) == (b"17850", True)


def test_bad_rows_are_told_apart_and_do_not_spoil_their_order(tmp_path: Path) -> None:
    records, bad = read(
        tmp_path,
        row(n="0"),
        row(price="-1"),
        row(sku=""),
        row(n="many"),
        row(price="nan"),
        row().replace("2010-12-01 08:26:00", "yesterday"),
        row(""),
        row("A563185"),
        row() + ",more",
        row(n="2", sku="B"),
        row(sku="x" * 65, invoice="2"),
    )
    assert [len(record.event.lines) for record in records] == [1]
    assert reasons(bad) == [
        (2, "quantity_sign"),
        (3, "price_negative"),
        (4, "missing"),
        (5, "not_a_number"),
        (6, "not_a_number"),
        (7, "bad_time"),
        (8, "missing"),
        (9, "not_a_sale"),
        (10, "columns"),
        (12, "invalid"),
    ]
    assert bad[0].raw == row(n="0")
    assert "positive" in bad[0].detail


def test_lines_beyond_the_limit_are_bad_rows_and_the_largest_order_decodes(tmp_path: Path) -> None:
    rows = [row(sku=f"A{n}") for n in range(MAX_LINES + 2)]
    records, bad = read(tmp_path, *rows)
    assert len(records[0].event.lines) == MAX_LINES
    assert reasons(bad) == [
        (MAX_LINES + 2, "too_many_lines"),
        (MAX_LINES + 3, "too_many_lines"),
    ]


def test_the_american_export_and_gzip_are_read(tmp_path: Path) -> None:
    text = row().replace("2010-12-01 08:26:00", "12/1/2010 8:26")
    records, bad = read(tmp_path, text, name="retail.csv.gz")
    assert bad == []
    assert records[0].at == 1291191960.0

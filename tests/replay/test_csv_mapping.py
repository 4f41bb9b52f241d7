"""Any CSV with a mapping file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from streams.replay.mapping import load_mapping
from streams.replay.records import BadRow, SourceError
from streams.replay.sources import open_source
from tests.replay.samples import reasons, split, write

VIEWS = """
topic = "clickstream"
type = "view"
delimiter = ";"
[time]
column = "when"
format = "%d.%m.%Y %H:%M"
zone = "Europe/Berlin"
[columns]
customer_id = "user"
session_id = "visit"
sku = "article"
price = "price"
[constants]
consent = true
"""


def mapped(tmp_path: Path, mapping: str, *lines: str) -> tuple[list[Any], list[BadRow]]:
    toml = write(tmp_path / "mapping.toml", mapping)
    return split(open_source(write(tmp_path / "shop.csv", *lines), "csv", mapping=toml))


def test_columns_constants_and_time_become_an_event(tmp_path: Path) -> None:
    records, bad = mapped(
        tmp_path,
        VIEWS,
        "when;user;visit;article;price;other",
        "01.07.2026 12:00;007;v1;A-1;9.5;x",
        "01.01.2026 12:00;007;v1;A-1;;x",
    )
    assert bad == []
    first, second = (record.event for record in records)
    assert (first.customer_id, first.price, first.consent) == ("007", 9.5, True)
    assert (first.occurred_at.hour, second.occurred_at.hour) == (10, 11)
    assert second.price is None
    assert first.event_id == "csv-shop-2"


def test_bad_rows(tmp_path: Path) -> None:
    records, bad = mapped(
        tmp_path,
        VIEWS,
        "when;user;visit;article;price",
        "1.7.26;u;v;a;1",
        ";u;v;a;1",
        "01.07.2026 12:00;u;v;;1",
        "01.07.2026 12:00;u;v;a;cheap",
        "01.07.2026 12:00;u;v;a;-1",
    )
    assert records == []
    assert reasons(bad) == [
        (2, "bad_time"),
        (3, "missing"),
        (4, "invalid"),
        (5, "invalid"),
        (6, "invalid"),
    ]
    assert "sku" in bad[2].detail


def test_order_lines_of_one_order_are_gathered(tmp_path: Path) -> None:
    mapping = """
topic = "orders"
type = "placed"
time = { column = "t", format = "unix_ms" }
columns = { order_id = "o", customer_id = "c", event_id = "o" }
lines = { sku = "s", quantity = "n", category = "k" }
"""
    records, bad = mapped(
        tmp_path,
        mapping,
        "t,o,c,s,n,k",
        "1000,1,c,a,2,x",
        "1000,1,c,b,1,",
        "1000,1,c,b,zero,",
        "2500,2,c,a,1,x",
    )
    assert [[(line.sku, line.quantity) for line in r.event.lines] for r in records] == [
        [("a", 2), ("b", 1)],
        [("a", 1)],
    ]
    assert records[0].event.lines[0].category == "x"
    assert [(r.at, r.event.event_id) for r in records] == [(1.0, "1"), (2.5, "2")]
    assert reasons(bad) == [(4, "invalid")]


def test_sensor_columns_become_measurements(tmp_path: Path) -> None:
    mapping = """
topic = "sensors"
type = "measurement"
time.column = "t"
constants = { line = "press", machine = "m1" }
sensors = { TP2 = "bar", Oil = "Cel" }
"""
    records, bad = mapped(tmp_path, mapping, "t,TP2,Oil", "2020-02-01T00:00:00+01:00,1.5,")
    assert bad == []
    assert [(r.event.sensor, r.event.value, r.event.unit) for r in records] == [
        ("TP2", 1.5, "bar"),
        ("Oil", None, "Cel"),
    ]
    assert [r.event.event_id for r in records] == ["csv-shop-2-0", "csv-shop-2-1"]
    assert records[0].key == b"press/m1"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("clickstream", "clicks"),
            "topic 'clicks' is none of clickstream, orders, catalogue, sensors",
        ),
        (('"view"', '"look"'), "type 'look' is no event of clickstream; it has view, search"),
        (('sku = "article"', ""), "a view also needs sku: add it under"),
        (("sku =", "skus ="), "a view has no field 'skus'; it has"),
        (("consent = true", 'occurred_at = "now"'), "occurred_at is set by [time]"),
        (("consent = true", 'sku = "A"'), "sku is under [columns] and [constants]"),
        (("Europe/Berlin", "Europe/Atlantis"), "unknown time zone 'Europe/Atlantis'"),
        (('";"', '";;"'), "delimiter ';;' is not one character"),
        (("[constants]", "[consents]"), "unknown field `consents`"),
        (("[constants]", "[lines]\nsku = 'a'\n[constants]"), "[lines] is for orders"),
        (("[constants]", "[sensors]\na = 'A'\n[constants]"), "[sensors] is for type"),
        (("[time]", "[time"), "mapping.toml"),
    ],
)
def test_a_wrong_mapping_is_explained(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    path = write(tmp_path / "mapping.toml", VIEWS.replace(*change))
    with pytest.raises(SourceError) as caught:
        load_mapping(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_column_that_the_file_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no column when, price; its header has: user, visit"):
        mapped(tmp_path, VIEWS, "user;visit;article")


def test_the_mappings_of_the_manual_are_good(tmp_path: Path) -> None:
    manual = Path(__file__).parents[2] / "docs" / "replay.md"
    examples = [part.split("```")[0] for part in manual.read_text("utf-8").split("```toml\n")[1:]]
    assert len(examples) == 3
    for text in examples:
        load_mapping(write(tmp_path / "mapping.toml", text))

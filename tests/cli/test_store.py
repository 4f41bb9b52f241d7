"""``tailorline store``, and that the page about what is stored is that of the code."""

import json
from pathlib import Path

from streams.cli.store import page
from streams.store.bounds import FAMILIES
from tests.cli.installation import SHOP, fill

DOCS = Path(__file__).parents[2] / "docs" / "storage.md"


def test_the_page_is_that_of_the_code(run):
    assert DOCS.read_text() == page(), "make it anew: tailorline store docs > docs/storage.md"
    assert run("store", "docs").stdout == page()
    assert all(f"| `tl:{family.key}` |" in page() for family in FAMILIES)


def rows_of(result) -> dict[str, dict]:
    return {row["key"]: row for row in json.loads(result.stdout)}


def test_bounds_follow_from_the_settings(run, installed):
    env = installed.env | {"TAILORLINE_STORE__PREFIX": "my"}
    before = rows_of(run("store", "bounds", "--json", "--partitions", "12", **env))
    after = rows_of(
        run("store", "bounds", "--json", "--partitions", "12", **env, TAILORLINE_MAX_SKUS="10")
    )
    key = "my:{shop-k}:count:items"
    assert (before[key]["units"], after[key]["units"]) == (12 * 50_000, 120)
    assert after[key]["bytes"] == 120 * after[key]["unit_bytes"]
    assert before["my:{shard}:history"]["units"] is None
    assert len(before) == len(FAMILIES)
    busy = rows_of(run("store", "bounds", "--json", "--rate", "5000", **env))
    journal = "my:{shard}:journal"
    assert busy[journal]["units"] / 4 > before[journal]["units"] / 12


def test_the_number_of_partitions_is_that_of_the_store(run, installed, impatient):
    installed.in_store(fill)
    text = run("store", "bounds", **installed.env).stdout
    assert f"with {SHOP.number + 1} partitions" in text
    away = installed.env | {"TAILORLINE_STORE__URL": "redis://127.0.0.1:1/0"}
    result = run("store", "bounds", **away)
    assert result.exit_code == 0
    assert "with 4 partitions" in result.stdout


def test_bounds_can_be_measured(run, installed, monkeypatch):
    # Of fewer units than it takes to be right: that is for tests/store/test_bounds.py.
    monkeypatch.setattr("streams.store.measure.UNITS", 50)
    rows = rows_of(run("store", "bounds", "--json", "--measure", **installed.env))
    assert all(row["measured_bytes"] > 0 for row in rows.values())


def test_usage_says_what_is_held_and_how_much_of_the_bound(run, installed):
    assert run("store", "usage", **installed.env).stdout == "Nothing yet.\n"
    installed.in_store(fill)
    installed.in_store(lambda store: store.client.set(f"{installed.name}:stray", b"x"))
    result = run("store", "usage", "--json", **installed.env)
    answer = json.loads(result.stdout)
    rows = {row["key"].removeprefix(f"{installed.name}:"): row for row in answer["families"]}
    items = rows["{shop-k}:count:items"]
    assert (items["keys"], items["units"]) == (1, 1)
    assert items["bytes"] > 0
    assert items["share"] == items["bytes"] / items["bound_bytes"] < 1
    assert rows["{shop-k}:row:pairs:<article>"]["units"] == 0.5, "one of its two directions"
    assert rows["{shard}:outbox"]["units"] == 1
    assert rows["{shop-k}:snapshot"]["keys"] == 1
    assert rows["{floor-k}:count:made"]["keys"] == 0
    assert answer["unknown"] == [f"{installed.name}:stray"]
    text = run("store", "usage", **installed.env)
    assert "stray is of no family" in text.stderr
    assert "{shop-k}:count:items" in text.stdout
    assert "{floor-k}:count:made" not in text.stdout


def test_a_store_that_is_away_is_told(run, installed, impatient):
    result = run(
        "store", "usage", **installed.env | {"TAILORLINE_STORE__URL": "redis://127.0.0.1:1/0"}
    )
    assert result.exit_code == 1
    assert "Redis" in result.stderr

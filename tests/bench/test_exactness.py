"""What counts as equal, and that every kind of difference is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.exactness.baskets import SETS, baskets_of
from bench.exactness.compare import Side, compare, least_count, side_of_store
from bench.exactness.reference import fp_growth
from bench.exactness.run import Plan
from bench.workers import BenchError
from models.effects import SEPARATOR, Effects
from models.itemsets.counts import ITEMS, PAIRS, TOTALS, TRIPLES, ItemsetCounts, ItemsetSettings

BASKETS = [("a", "b", "c"), ("a", "b", "c"), ("a", "b"), ("a", "c"), ("b",), ("d",)]
SUPPORT = 2 / 6


def ours() -> Side:
    counts = ItemsetCounts(ItemsetSettings(half_life_s=0, epsilon=0, cap=0))
    effects = Effects()
    counts.open_triples([("a", "b", "c")], effects)
    for number, basket in enumerate(BASKETS):
        counts.learn(f"o{number}", basket, f"c{number}", 0.0, effects)
    deltas = effects.deltas
    pairs = {key.removeprefix(PAIRS): row for key, row in deltas.items() if key.startswith(PAIRS)}
    return side_of_store(deltas[TOTALS], deltas[ITEMS], pairs, deltas[TRIPLES])


def test_equal_counts_are_equal() -> None:
    found = compare(ours(), *fp_growth(BASKETS, SUPPORT), SUPPORT)
    assert (found.pairs, found.triples, found.total) == (3, 1, 0)
    assert found.rules == 3 * 2 + 6
    assert found.samples == []


@pytest.mark.parametrize("change", [1, -1])
def test_a_wrong_count_is_found_with_its_measures(change: int) -> None:
    side = ours()
    side.counts["a", "b"] += change
    found = compare(side, *fp_growth(BASKETS, SUPPORT), SUPPORT)
    assert (found.different, found.missing, found.extra) == (1, 0, 0)
    assert found.measures_different == 2 + 2  # of the pair, and of the rules out of it
    assert found.samples[0] == f"('a', 'b'): {3 + change} here, 3 in the batch"


def test_missing_and_extra_ones_are_found() -> None:
    side = ours()
    del side.counts["a", "b", "c"]
    side.counts["a", "d"] = 2.0
    found = compare(side, *fp_growth(BASKETS, SUPPORT), SUPPORT)
    assert (found.different, found.missing, found.extra) == (0, 1, 1)


def test_a_lost_basket_is_found() -> None:
    side = ours()
    side.baskets -= 1
    found = compare(side, *fp_growth(BASKETS, SUPPORT), SUPPORT)
    assert found.different == 1
    assert found.measures_different == found.rules


def test_rows_that_disagree_with_their_mirror_are_found() -> None:
    side = side_of_store({"n": 9}, {"a": 5, "b": 5}, {"a": {"b": 4}, "b": {"a": 3}}, {})
    assert compare(side, Side(9.0, {("a", "b"): 4.0}), [], 0.1).extra == 1


def test_the_least_count_is_rounded_as_fp_growth_does() -> None:
    assert least_count(0.001, 9_835) == 10
    assert least_count(0.1, 30) == 3  # 0.1 * 30 is a little more than 3 in floats
    assert least_count(0.5, 5) == 3


def test_triples_are_named_by_their_articles() -> None:
    side = side_of_store({"n": 3}, {}, {}, {SEPARATOR.join("abc"): 2})
    assert side.counts == {("a", "b", "c"): 2}


def test_groceries_are_one_basket_a_line_of_one_customer(tmp_path: Path) -> None:
    path = tmp_path / "groceries.csv"
    path.write_text('milk,"soft cheese ",milk\n\nbread\n')
    groceries = SETS[0]
    assert groceries.find(tmp_path) == path
    records = groceries.records(path)
    assert baskets_of(records, 0) == [("milk", "soft cheese"), ("bread",)]
    assert [record.key for record in records] == [b"c0", b"c2"]
    assert len(groceries.records(path, limit=1)) == 1


def test_retail_is_orders_only_and_big_ones_are_sampled(tmp_path: Path) -> None:
    folder = tmp_path / "online_retail"
    folder.mkdir()
    path = folder / "online_retail.csv"
    rows = ["InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"]
    rows += [f"536365,A{n},X,1,2010-12-01 08:26:00,1.0,17850,UK" for n in range(9)]
    rows += ["C536366,A1,X,-1,2010-12-01 08:27:00,1.0,17850,UK"]
    path.write_text("\n".join(rows) + "\n")
    retail = SETS[1]
    assert retail.find(tmp_path) == path
    (basket,) = baskets_of(retail.records(path), cap=5)
    assert len(basket) == 5


def test_a_plan_is_read_from_the_options(tmp_path: Path) -> None:
    (tmp_path / "groceries.csv").write_text("milk\n")
    plan = Plan.parsed(tmp_path, "1,2", True, ["groceries=0.01"], 0, "", "", False)
    (one,) = plan.sets.values()
    assert one.support == 0.01
    assert [run.name for run in plan.runs(one)] == [
        "groceries_1w", "groceries_2w", "groceries_kill",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("workers", "support", "says"),
    [("one", "", "--workers"), ("1", "sugar=0.1", "knows groceries"), ("1", "x", "--support")],
)
def test_wrong_options_are_told(tmp_path: Path, workers: str, support: str, says: str) -> None:
    (tmp_path / "groceries.csv").write_text("milk\n")
    with pytest.raises(BenchError, match=says):
        Plan.parsed(tmp_path, workers, True, [support] if support else [], 0, "", "", False)


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"groceries\.csv"):
        Plan.parsed(tmp_path, "1", True, [], 0, "", "", False)

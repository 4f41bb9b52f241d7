"""The benchmarks of baskets, on made-up files: what completes one, what the next one holds."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest
from rich.console import Console

from bench.baskets.completion import bench_baskets, prequential, show
from bench.baskets.counted import LAG, Counted
from bench.baskets.nextorder import Hits, bench_nextbasket
from bench.baskets.nextorder import show as show_next
from bench.baskets.orders import Order, find, load
from bench.data import DataError

ONLINE_RETAIL = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
2,c,C,1,2010-12-02 08:26:00,2.55,17850,UK
1,a,A,6,2010-12-01 08:26:00,2.55,17851.0,UK
1,b,B,6,2010-12-01 08:26:00,2.55,17851.0,UK
1,a,A,1,2010-12-01 08:26:00,2.55,17851.0,UK
C3,a,A,-6,2010-12-03 08:26:00,2.55,17851.0,UK
"""


def orders(number: int, seed: int = 1) -> list[Order]:
    """Draw baskets: an article and its mate, and popular ones beside them."""
    rng, made = random.Random(seed), []
    for n in range(number):
        k = rng.randrange(20)
        popular = rng.choices(["p1", "p2", "p3"], k=rng.randrange(3))
        skus = dict.fromkeys([f"a{k}", *([f"b{k}"] if rng.random() < 0.8 else []), *popular])
        made.append(Order(f"o{n}", f"c{n}", 60.0 * n, tuple(skus)))
    return made


def test_a_basket_a_line(tmp_path: Path) -> None:
    path = tmp_path / "groceries.csv.gz"
    path.write_bytes(gzip.compress(b"milk, bread ,milk\n\ntea\n"))
    found = load(path)
    assert [order.skus for order in found] == [("milk", "bread"), ("tea",)]
    assert [order.customer_id for order in found] == ["", ""]
    assert found[0].at < found[1].at
    assert found[0].order_id != found[1].order_id


def test_a_table_of_lines_in_the_order_of_time(tmp_path: Path) -> None:
    path = tmp_path / "retail.csv"
    path.write_text(ONLINE_RETAIL)
    found = load(path)
    assert [(order.order_id, order.skus) for order in found] == [("1", ("a", "b")), ("2", ("c",))]
    assert found[1].at - found[0].at == 86_400.0
    assert found[1].customer_id == "17850"


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [("12/1/2010 8:26", 1291191960.0), ("2010-12-01", 1291161600.0), ("711", 711 * 86_400.0),
     ("1291191960", 1291191960.0)],
)  # fmt: skip
def test_other_shops_write_times_and_columns_otherwise(
    tmp_path: Path, moment: str, seconds: float
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"household_key,basket_id,day,product_id\n7,1,{moment},a\n")
    assert load(path) == [Order("1", "7", seconds, ("a",))]


def test_what_is_wrong_with_a_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no \.csv"):
        find(tmp_path)
    path = tmp_path / "x.csv"
    path.write_text("basket_id,day,product_id\n1,yesterday,a\n")
    with pytest.raises(DataError, match="line 2"):
        load(path)


def test_mates_are_found_and_popular_ones_are_not_enough(tmp_path: Path) -> None:
    text = "\n".join(",".join(order.skus) for order in orders(600))
    (tmp_path / "sets").mkdir()
    (tmp_path / "sets" / "made-up.csv").write_text(text)
    report = bench_baskets(tmp_path, Console(quiet=True))
    show(report, Console(quiet=True))
    assert report.data == ["made-up.csv"]
    assert report.results["n_made-up"] > 300
    assert report.results["hr10"] == report.results["hr10_made-up"] > 0.7
    assert {"popularity", "cosine", "wilson_x_log_lift"} <= report.baselines.keys()
    assert report.baselines["popularity"]["hr10"] < report.results["hr10"] - 0.2


def test_a_basket_is_guessed_before_it_is_learnt() -> None:
    outcome = prequential([Order(f"o{n}", "", float(n), ("a", f"b{n}")) for n in range(50)])
    assert outcome.scores["tailorline"].hit_rate == 0.0


def test_rows_are_as_old_as_the_merge_lets_them_be() -> None:
    counted = Counted()
    for n in range(LAG):
        counted.learn(f"o{n}", ("a", "x"), f"c{n}", float(n))
        counted.learn(f"p{n}", ("y", "z"), f"c{n}", float(n))
    before = counted.row("a")
    assert [pair.sku for pair in before.bought_with] == ["x"]
    assert before.bought_with[0].n_ab == pytest.approx(LAG, rel=1e-3)
    assert before.baskets == pytest.approx(2 * LAG, rel=1e-3)
    counted.learn("more", ("a", "x"), "c", 1e3)
    assert counted.row("a") is before
    for n in range(LAG):
        counted.learn(f"q{n}", ("a", "x"), f"c{n}", 1e3)
    assert counted.row("a").bought_with[0].n_ab == pytest.approx(2 * LAG + 1, rel=1e-2)
    assert counted.row("unknown").bought_with == ()


def habits(customers: int, orders: int) -> str:
    """Draw customers who order three articles of their own and one at random."""
    rng, lines = random.Random(5), ["basket_id,household_key,day,product_id"]
    for n in range(customers * orders):
        customer, turn = n % customers, n // customers
        skus = [*(f"own{customer}-{k}" for k in range(3)), f"r{rng.randrange(500)}"]
        lines += [f"{n},h{customer},{turn + 1},{sku}" for sku in skus]
    return "\n".join(lines)


def test_habits_are_found(tmp_path: Path) -> None:
    (tmp_path / "lines.csv").write_text("milk,bread\n")
    with pytest.raises(DataError, match="0 of 1"):
        bench_nextbasket(tmp_path, Console(quiet=True))
    (tmp_path / "carts.csv").write_text(habits(20, 8))
    report = bench_nextbasket(tmp_path, Console(quiet=True))
    show_next(report, Console(quiet=True))
    assert report.data == ["carts.csv"]
    assert report.results["n"] == 128
    assert report.results["nrecall10"] == pytest.approx(0.75, abs=0.05)
    assert report.results["nrecall10_repeat"] > 0.95
    assert set(report.baselines) == {"personal_top_frequency", "personal_decayed", "popularity"}
    assert report.baselines["popularity"]["nrecall10"] < 0.2


def test_recall_is_of_what_ten_guesses_can_hold() -> None:
    hits = Hits()
    order = Order("o", "c", 0.0, tuple(f"a{n}" for n in range(20)))
    hits.add(order, [f"a{n}" for n in range(5)] + ["no"] * 5 + ["a9"], frozenset(["a0", "a7"]))
    assert hits.recalls == [0.5]
    assert hits.repeats == [0.5]
    assert hits.explored == [0.4]
    assert hits.metrics()["hr10"] == 1.0

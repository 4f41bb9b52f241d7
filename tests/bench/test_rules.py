"""The benchmark of rules, on made-up files: what it must notice, and what must hold anywhere."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from scipy.stats import binom

from bench.baskets.orders import Order
from bench.rules.chance import independent, published, shares_of
from bench.rules.counts import EXACT, bounded, incremental, truth
from bench.rules.run import bench_rules, show
from models.merge import MergeSettings


def skewed(number: int, seed: int = 1) -> list[Order]:
    """Draw baskets of some of 400 articles, the first ones far more often than the last."""
    rng = np.random.default_rng(seed)
    shares = np.minimum(0.6 / np.arange(1, 401) ** 0.9, 1.0)
    return [
        Order(f"o{n}", "", 60.0 * n, tuple(f"a{k}" for k in np.flatnonzero(row)))
        for n, row in enumerate(rng.random((number, 400)) < shares)
        if row.any()
    ]


def test_the_whole_bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.rules.run.RUNS", 3)
    text = "\n".join(",".join(order.skus) for order in skewed(300))
    (tmp_path / "shop.csv").write_text(text)
    report = bench_rules(tmp_path, Console(quiet=True))
    show(report, Console(quiet=True))
    found = report.results
    assert found["n_shop"] > 200
    assert found["pairs_shop_0.01"] > 50
    assert not any(
        v for name, v in found.items() if name.startswith(("different", "missed", "out_of"))
    )
    assert found["runs_with_rules_shop"] <= 5


def test_exact_counts_are_the_truth() -> None:
    orders = skewed(400)
    held, _ = incremental(orders, EXACT)
    counted = Counter(pair for order in orders for pair in combinations(sorted(order.skus), 2))
    assert held == counted == truth(orders, EXACT.cap)


def test_a_bound_misses_nothing_frequent_and_holds_a_part_of_the_pairs() -> None:
    orders = skewed(4_000)
    result = bounded(orders, 1e-2, truth(orders, EXACT.cap))
    assert (result.missed, result.out_of_bounds) == (0, 0)
    assert result.frequent > 30
    assert result.held <= result.most_held < result.distinct / 4


def test_what_breaks_a_bound_is_counted() -> None:
    orders = skewed(500)
    true = truth(orders, EXACT.cap)
    more = Counter({pair: count + 100 for pair, count in true.items()})
    less = Counter({pair: count - 1 for pair, count in true.items()})
    assert bounded(orders, 1e-3, more).out_of_bounds > 0
    assert bounded(orders, 1e-3, less).out_of_bounds > 0
    assert bounded(orders, 1e-3, Counter({**true, ("a", "never"): 400})).missed == 1


def test_chance_alone_publishes_hardly_ever_a_rule() -> None:
    """At most 5 % of runs, with what 20 runs allow at 99.9 %."""
    shares = np.minimum(0.25 / np.arange(1, 170) ** 0.8, 0.25)
    rng = np.random.default_rng(2)
    false = sum(
        bool(published(independent(shares, 1_000, rng), MergeSettings())) for _ in range(20)
    )
    assert false <= binom.ppf(0.999, 20, 0.05)


def test_what_depends_is_published() -> None:
    rng = np.random.default_rng(3)
    baskets = independent(np.full(30, 0.1), 2_000, rng)
    baskets[:, 3] |= baskets[:, 7] & (rng.random(2_000) < 0.5)
    pairs = {(rule.antecedent, rule.consequent) for rule in published(baskets, MergeSettings())}
    assert pairs == {("a3", "a7"), ("a7", "a3")}


def test_shares_are_of_the_orders() -> None:
    orders = [Order("1", "", 0.0, ("a", "b")), Order("2", "", 1.0, ("a",))]
    assert shares_of(orders).tolist() == [1.0, 0.5]

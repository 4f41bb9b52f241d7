"""``tailorline bench rules``: whether counts are exact, bounds kept, and rules more than chance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.stats import binomtest

from bench.baskets.orders import find, load
from bench.exactness.reference import fp_growth
from bench.report import Report, progress, text
from bench.rules.chance import independent, published, shares_of
from bench.rules.counts import EXACT, bounded, incremental, truth
from models.itemsets.sampling import basket_of
from models.merge import MergeSettings

SUPPORTS = (0.005, 0.01, 0.02)
EPSILONS = (1e-3, 1e-4)
RUNS = 100
_MOST_ARTICLES = 1_000
"""With more articles 100 draws of independent baskets take hours; such sets are left out there."""


def bench_rules(folder: Path, console: Console) -> Report:
    """Run everything on each table; raises `DataError` if there is none."""
    paths = find(folder)
    report = Report(
        "rules", [path.name for path in paths],
        {"supports": SUPPORTS, "epsilons": EPSILONS, "runs": RUNS, "seed": 7},
    )  # fmt: skip
    with progress(console) as bars:
        for path in paths:
            name = path.name.split(".")[0]
            orders = load(path)
            shares = shares_of(orders)
            drawn = RUNS if len(shares) <= _MOST_ARTICLES else 0
            steps = 1 + len(SUPPORTS) + len(EPSILONS) + drawn
            task = bars.add_task(name, total=steps)
            found = report.results
            found[f"n_{name}"] = len(orders)
            held, _ = incremental(orders, EXACT)
            bars.advance(task)
            baskets = [basket_of(o.skus, o.order_id, EXACT.cap) for o in orders]
            for support in SUPPORTS:
                batch, _ = fp_growth(baskets, support)
                pairs = {items: n for items, n in batch.counts.items() if len(items) == 2}
                ours = {pair: n for pair, n in held.items() if n >= support * len(orders)}
                found[f"pairs_{name}_{support:g}"] = len(pairs)
                found[f"different_{name}_{support:g}"] = len(pairs.items() ^ ours.items())
                bars.advance(task)
            true = truth(orders, EXACT.cap)
            for epsilon in EPSILONS:
                result = bounded(orders, epsilon, true)
                for metric in ("frequent", "missed", "out_of_bounds", "distinct"):
                    found[f"{metric}_{name}_{epsilon:g}"] = getattr(result, metric)
                distinct = max(result.distinct, 1)
                found[f"entries_{name}_{epsilon:g}"] = result.held / distinct
                found[f"entries_{name}_{epsilon:g}_most"] = result.most_held / distinct
                bars.advance(task)
            if drawn:
                rng, false = np.random.default_rng(7), 0
                for _ in range(drawn):
                    false += bool(published(independent(shares, len(orders), rng), MergeSettings()))
                    bars.advance(task)
                interval = binomtest(false, drawn).proportion_ci(method="wilson")
                found[f"runs_with_rules_{name}"] = false
                found[f"runs_with_rules_{name}_high"] = float(interval.high)
    return report


def show(report: Report, console: Console) -> None:
    """Print the table."""
    table = Table(title="Rules: counts, bounds, chance", title_justify="left")
    table.add_column("", no_wrap=True)
    table.add_column("", justify="right")
    for name, value in report.results.items():
        table.add_row(name, text(value))
    console.print(table)

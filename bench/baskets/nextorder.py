"""``tailorline bench nextbasket``: each order of a known customer is guessed, then learnt."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console

from bench.baskets.counted import Counted
from bench.baskets.orders import Order, find, load
from bench.data import DataError
from bench.report import Metrics, Report, comparison, progress
from bench.sessions.metrics import bootstrap
from models.customers import NEVER, Customer, Purchase
from models.offers.next_order import NextOrder, candidates_of

WARM_UP = 0.2
CUT = 10
_COLUMNS = {
    "nrecall10": "nRecall@10", "hr10": "HR@10", "nrecall10_repeat": "of repeats",
    "nrecall10_explore": "of new ones",
}  # fmt: skip


@dataclass(slots=True)
class Hits:
    """What one contender found."""

    recalls: list[float] = field(default_factory=list)
    """Share of the order that was among the guesses; of larger orders, of as many as guesses."""
    customers: list[str] = field(default_factory=list)
    repeats: list[float] = field(default_factory=list)
    """The same of what the customer had bought before; orders without any are left out."""
    explored: list[float] = field(default_factory=list)

    def add(self, order: Order, guesses: Sequence[str], before: frozenset[str]) -> None:
        """Take in the guesses for one order of a customer who had bought ``before``."""
        wanted = frozenset(order.skus)
        self.customers.append(order.customer_id)
        self.recalls.append(_recall(guesses, wanted))
        for part, found in ((wanted & before, self.repeats), (wanted - before, self.explored)):
            if part:
                found.append(_recall(guesses, part))

    def metrics(self) -> Metrics:
        """Return the figures under the names of the contract."""
        return {
            "nrecall10": float(np.mean(self.recalls or [0.0])),
            "hr10": float(np.mean([float(recall > 0) for recall in self.recalls] or [0.0])),
            "nrecall10_repeat": float(np.mean(self.repeats or [0.0])),
            "nrecall10_explore": float(np.mean(self.explored or [0.0])),
        }

    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of nRecall, drawing whole customers."""
        _, number = np.unique(np.array(self.customers), return_inverse=True)
        sums = np.bincount(number, np.array(self.recalls))[None, :].astype(float)
        means = bootstrap(sums, np.bincount(number).astype(float), 7)
        low, high = np.quantile(means[0], (0.025, 0.975))
        return float(low), float(high)


def _recall(guesses: Sequence[str], wanted: frozenset[str]) -> float:
    return sum(guess in wanted for guess in guesses[:CUT]) / min(CUT, len(wanted))


def bench_nextbasket(folder: Path, console: Console) -> Report:
    """Run the one table with customers; raises `DataError` if there is none, or several."""
    tables = {path: load(path) for path in find(folder)}
    known = {path: orders for path, orders in tables.items() if any(o.customer_id for o in orders)}
    if len(known) != 1:
        raise DataError(
            f"{folder}: one table of orders with a column of customers is expected, "
            f"{len(known)} of {len(tables)} are."
        )
    ((path, orders),) = known.items()
    report = Report("nextbasket", [path.name], {"cut": CUT, "warm_up": WARM_UP})
    seconds: list[float] = []
    with progress(console) as bars:
        task = bars.add_task(path.name, total=len(orders))
        found = prequential(orders, seconds, lambda: bars.advance(task))
    for label, hits in found.items():
        if label != "tailorline":
            report.baselines[label] = hits.metrics()
            continue
        low, high = hits.interval()
        report.results = {"n": len(hits.recalls)} | hits.metrics()
        report.results |= {"nrecall10_low": low, "nrecall10_high": high}
        report.results["us_per_order"] = float(np.mean(seconds or [0.0]) * 1e6)
    return report


def prequential(
    orders: Sequence[Order], seconds: list[float], advance: Callable[[], None] = lambda: None
) -> dict[str, Hits]:
    """Guess each order of customers who had ordered before, then learn it, in the order of time."""
    counted, ours = Counted(), NextOrder()
    customers: dict[str, Customer] = {}
    histories: dict[str, dict[str, Purchase]] = {}
    found = {name: Hits() for name in ("tailorline", *_BASELINES, "popularity")}
    popular: list[str] = []
    for number, order in enumerate(orders):
        advance()
        if number % 100 == 0:
            items = counted.items()
            popular = sorted(items, key=lambda item: (-items[item], item))[:CUT]
        customer = (
            customers.setdefault(order.customer_id, Customer()) if order.customer_id else None
        )
        if customer is not None:
            if customer.bought and number >= WARM_UP * len(orders):
                history = histories[order.customer_id]
                before = frozenset(history)
                began = time.perf_counter()
                candidates = candidates_of(customer, counted, order.at)
                best = np.argsort(-ours.ranking.scores(candidates.features), kind="stable")
                seconds.append(time.perf_counter() - began)
                guesses = [candidates.skus[at] for at in best[:CUT].tolist()]
                found["tailorline"].add(order, guesses, before)
                for name, guess in _BASELINES.items():
                    own = guess(history, order.at)
                    fill = [sku for sku in popular if sku not in before]
                    found[name].add(order, [*own, *fill][:CUT], before)
                found["popularity"].add(order, popular, before)
            ours.learn(customer, order.skus, counted, order.at)
            customer.orders += 1
            customer.last_order_at = order.at
            for sku in order.skus:
                customer.remember_purchase(sku, order.at)
            # All that was ever bought: what a profile may keep is our limit, not the baselines'.
            history = histories.setdefault(order.customer_id, {})
            for sku in order.skus:
                history[sku] = history.get(sku, NEVER).again(order.at)
        counted.learn(order.order_id, order.skus, order.customer_id or order.order_id, order.at)
    return found


def _by_times(history: Mapping[str, Purchase], at: float) -> list[str]:
    del at
    return sorted(history, key=lambda sku: (-history[sku].times, -history[sku].at))


def _by_weight(history: Mapping[str, Purchase], at: float) -> list[str]:
    return sorted(history, key=lambda sku: -history[sku].weight_at(at))


_BASELINES: dict[str, Callable[[Mapping[str, Purchase], float], list[str]]] = {
    "personal_top_frequency": _by_times,
    "personal_decayed": _by_weight,
}


def show(report: Report, console: Console) -> None:
    """Print the table."""
    rows = {"tailorline": report.results, **report.baselines}
    console.print(comparison("What a known customer orders next", rows, _COLUMNS))
    own = report.results
    console.print(
        f"n = {own['n']}; nRecall@10 95 % by customer from {own['nrecall10_low']:.4f} to "
        f"{own['nrecall10_high']:.4f}; {own['us_per_order']:.0f} µs an order.",
        highlight=False,
    )

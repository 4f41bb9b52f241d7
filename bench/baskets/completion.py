"""``tailorline bench baskets``: one article of each basket is held out, guessed, then all is learnt."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console

from bench.baskets.counted import Counted
from bench.baskets.orders import Order, find, load
from bench.report import Metrics, Report, comparison, progress
from bench.sessions.metrics import Scores, reciprocal_rank
from models.itemsets.completion import BasketCompletion, CompletionSettings, held_out

WARM_UP = 0.2
CUT = 10
_ALONE = {"wilson_confidence": 6, "wilson_x_log_lift": 7, "cosine": 8, "best_rule": 9}
"""Single measures, summed over the basket or the best of it, by their place among the features."""
_COLUMNS = {"hr10": "HR@10", "mrr10": "MRR@10"}


@dataclass(slots=True)
class Outcome:
    """The guesses of all contenders over one set."""

    scores: dict[str, Scores] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    in_reach: int = 0

    def add(self, name: str, order: Order, guesses: Sequence[str], held: str) -> None:
        """Take in the guesses of one contender for one basket."""
        self.scores.setdefault(name, Scores()).add(
            order.order_id, reciprocal_rank(guesses[:CUT], held)
        )


def bench_baskets(folder: Path, console: Console) -> Report:
    """Run everything; raises `DataError` if there are no tables of baskets."""
    paths = find(folder)
    report = Report("baskets", [path.name for path in paths], {"cut": CUT, "warm_up": WARM_UP})
    means: dict[str, list[Metrics]] = {}
    with progress(console) as bars:
        for path in paths:
            name = path.name.split(".")[0]
            orders = load(path)
            task = bars.add_task(name, total=len(orders))
            outcome = prequential(orders, lambda task=task: bars.advance(task))  # type: ignore[misc]
            for label, scores in outcome.scores.items():
                own: Metrics = {f"hr10_{name}": scores.hit_rate, f"mrr10_{name}": scores.mean_rank}
                means.setdefault(label, []).append(own)
                if label == "tailorline":
                    low, high = scores.intervals()["hr"]
                    micro = np.array(outcome.seconds) * 1e6
                    report.results |= own | {
                        f"n_{name}": len(scores),
                        f"hr10_{name}_low": low,
                        f"hr10_{name}_high": high,
                        f"in_reach_{name}": outcome.in_reach / max(len(scores), 1),
                        f"us_per_basket_{name}": float(micro.mean()),
                    }
                else:
                    report.baselines[label] = report.baselines.get(label, {}) | own
    report.results["hr10"] = _mean(means["tailorline"], "hr10")
    for label in report.baselines:
        report.baselines[label]["hr10"] = _mean(means[label], "hr10")
    return report


def _mean(sets: Sequence[Metrics], metric: str) -> float:
    """Return the mean of a metric over the sets."""
    found = [value for own in sets for name, value in own.items() if name.startswith(f"{metric}_")]
    return float(np.mean([value or 0.0 for value in found]))


def prequential(orders: Sequence[Order], advance: Callable[[], None] = lambda: None) -> Outcome:
    """Guess the held-out article of each basket, then learn the basket, in the order of time."""
    counted, ours = Counted(), BasketCompletion(CompletionSettings())
    outcome, popular = Outcome(), list[str]()
    for number, order in enumerate(orders):
        if len(order.skus) > 1:
            if number >= WARM_UP * len(orders):
                if number % 100 == 0 or not popular:
                    items = counted.items()
                    popular = sorted(items, key=lambda item: -items[item])[: 3 * CUT]
                _guess(order, counted, ours, popular, outcome)
            ours.learn(order.order_id, order.skus, counted)
        customer = order.customer_id or order.order_id
        counted.learn(order.order_id, order.skus, customer, order.at)
        advance()
    return outcome


def _guess(
    order: Order, counted: Counted, ours: BasketCompletion, popular: Sequence[str], outcome: Outcome
) -> None:
    held = held_out(order.order_id, order.skus)
    rest = [sku for sku in order.skus if sku != held]
    began = time.perf_counter()
    found = ours.candidates(rest, counted, order.order_id)
    chances = ours.ranking.chances(found.features)
    best = np.argsort(-chances, kind="stable")[:CUT]
    outcome.seconds.append(time.perf_counter() - began)
    outcome.in_reach += held in found.skus
    outcome.add("tailorline", order, [found.skus[at] for at in best.tolist()], held)
    for name, column in _ALONE.items():
        best = np.argsort(-found.features[:, column], kind="stable")[:CUT]
        outcome.add(name, order, [found.skus[at] for at in best.tolist()], held)
    known = frozenset(rest)
    outcome.add("popularity", order, [item for item in popular if item not in known], held)


def show(report: Report, console: Console) -> None:
    """Print a table for each set."""
    rows = {"tailorline": report.results, **report.baselines}
    for name in (metric.removeprefix("n_") for metric in report.results if metric[:2] == "n_"):
        columns = {f"{metric}_{name}": head for metric, head in _COLUMNS.items()}
        own = report.results
        console.print(comparison(f"{name}: the article held out of each basket", rows, columns))
        console.print(
            f"n = {own[f'n_{name}']}; HR@10 95 % from {own[f'hr10_{name}_low']:.4f} to "
            f"{own[f'hr10_{name}_high']:.4f}; {own[f'in_reach_{name}']:.1%} were among the candidates; "
            f"{own[f'us_per_basket_{name}']:.0f} µs a basket.",
            highlight=False,
        )

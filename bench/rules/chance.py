"""Baskets in which nothing depends on anything: whatever rule they publish is false."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bench.baskets.orders import Order
from models.itemsets.rules import Rule
from models.merge import MergeSettings, Totals, frequent_partners, p_limit_of, significant

Baskets = npt.NDArray[np.bool_]


def independent(shares: npt.ArrayLike, baskets: int, rng: np.random.Generator) -> Baskets:
    """Draw baskets (rows) that hold each article (column) with its share, independently."""
    wanted = np.asarray(shares)
    found: Baskets = rng.random((baskets, len(wanted))) < wanted
    return found


def shares_of(orders: Sequence[Order]) -> npt.NDArray[np.float64]:
    """Return in which share of the orders each article is."""
    counts = Counter(sku for order in orders for sku in order.skus)
    return np.array(list(counts.values())) / len(orders)


def published(baskets: Baskets, settings: MergeSettings) -> list[Rule]:
    """Return the rules that the merge publishes of such baskets, each of a customer of its own."""
    counts = baskets.astype(np.int64).T @ baskets.astype(np.int64)
    names = [f"a{number}" for number in range(len(counts))]
    items = {name: float(counts[number, number]) for number, name in enumerate(names)}
    totals = Totals(float(len(baskets)), float(len(baskets)))
    found: dict[str, list[Rule]] = {}
    tests = 0
    for number, name in enumerate(names):
        partners = np.nonzero(counts[number])[0].tolist()
        pairs = {names[k]: float(counts[number, k]) for k in partners if k != number}
        tests += len(pairs)
        found[name] = frequent_partners(name, pairs, items, totals, settings)
    limit = p_limit_of([rule.p for own in found.values() for rule in own], tests, settings)
    reach = {
        name: {rule.consequent: float(rule.n_ab >= 5) for rule in own}
        for name, own in found.items()
    }
    return [
        rule
        for name, own in found.items()
        for rule in significant(own, reach[name], limit, settings)
    ]

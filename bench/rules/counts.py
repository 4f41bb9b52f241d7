"""Incremental counts of pairs beside the whole truth: exact, and bounded by Lossy Counting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from bench.baskets.counted import Counted
from bench.baskets.orders import Order
from models.itemsets.counts import ItemsetSettings
from models.itemsets.sampling import basket_of

Pair = tuple[str, str]
EXACT = ItemsetSettings(half_life_s=0, epsilon=0, cap=30, max_pairs=10**9)


@dataclass(slots=True)
class Bounded:
    """How counts bounded by ``epsilon`` compare with the truth."""

    epsilon: float
    distinct: int
    """Pairs that ever met."""
    held: int
    most_held: int
    """Most pairs held at any time."""
    frequent: int
    """Pairs with a support above ``epsilon``."""
    missed: int
    """Of these, those not held: must be none."""
    out_of_bounds: int
    """Pairs counted too high, or too low by more than ``epsilon`` times the baskets: must be none."""


def truth(orders: Sequence[Order], cap: int) -> Counter[Pair]:
    """Return in how many baskets each pair is; large ones are sampled as shards do."""
    found: Counter[Pair] = Counter()
    for order in orders:
        found.update(combinations(basket_of(order.skus, order.order_id, cap), 2))
    return found


def incremental(
    orders: Sequence[Order], settings: ItemsetSettings
) -> tuple[dict[Pair, float], int]:
    """Return the counts of pairs that a shard has in the end, and the most that it ever held."""
    counted, most = Counted(settings), 0
    for order in orders:
        counted.learn(order.order_id, order.skus, order.customer_id or order.order_id, order.at)
        most = max(most, len(counted.itemsets))
    return counted.pairs(), most


def bounded(orders: Sequence[Order], epsilon: float, true: Counter[Pair]) -> Bounded:
    """Count with a bound, and hold the counts against ``true``."""
    held, most = incremental(orders, replace(EXACT, epsilon=epsilon))
    slack = epsilon * len(orders)
    frequent = [pair for pair, count in true.items() if count > slack]
    return Bounded(
        epsilon, len(true), len(held), most, len(frequent),
        sum(pair not in held for pair in frequent),
        sum(not true[pair] - slack <= count <= true[pair] for pair, count in held.items()),
    )  # fmt: skip

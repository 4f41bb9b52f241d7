"""What a customer's next order will hold: own purchases, and what goes with the last order.

How often and how lately something was bought says most (the personal top-frequency baseline of Li and
others 2023, "A next basket recommendation reality check"); how much each says, and how much what
others buy with the last order, is learnt from every order of a customer who had ordered before.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from models.customers import Customer
from models.itemsets.measures import Floats, measures_of
from models.listwise import Listwise
from models.view import CoPurchase, Rows

PRIOR = (1.0, 0.3, -0.2, 0.0, 0.2, 0.3, 0.0)
_DAY_S = 86_400.0
_LAST = 20
"""Most articles of the last order that are looked at."""
_MORE = 30
"""Most articles beside the customer's own purchases."""


class Candidates(NamedTuple):
    """Articles that the next order may hold, the customer's own purchases first."""

    skus: list[str]
    features: Floats
    own: int
    """How many were bought before."""
    because: dict[str, tuple[str, CoPurchase]]
    """Of the others, the article of the last order that speaks most for each."""


class NextOrder:
    """One shard's learnt score of what is ordered next."""

    __slots__ = ("ranking",)

    def __init__(self) -> None:
        self.ranking = Listwise(PRIOR)

    def learn(self, customer: Customer, ordered: Collection[str], rows: Rows, at: float) -> None:
        """Learn from an order before it is remembered; a first order teaches nothing."""
        if not customer.bought:
            return
        found = candidates_of(customer, rows, at)
        chosen = [place for place, sku in enumerate(found.skus) if sku in ordered]
        self.ranking.learn(found.features, chosen)


def candidates_of(customer: Customer, rows: Rows, at: float) -> Candidates:
    """Return what a customer may order next at ``at`` (unix seconds), with its features."""
    own = list(customer.bought)
    near, because = _bought_with_last(customer, rows)
    others = sorted(
        (sku for sku in near if sku not in customer.bought), key=lambda s: (-near[s], s)
    )
    skus = [*own, *others[:_MORE]]
    size = len(skus)
    weight, times, gap = np.zeros(size), np.zeros(size), np.zeros(size)
    for place, purchase in enumerate(customer.bought.values()):
        weight[place] = purchase.weight_at(at)
        times[place] = purchase.times
        gap[place] = max(at - purchase.at, 0.0) / _DAY_S
    mine = (np.arange(size) < len(own)).astype(np.float64)
    cosine = np.array([near.get(sku, 0.0) for sku in skus])
    share = np.array([_share(rows, sku, because.get(sku)) for sku in skus])
    # Shifted and scaled so that all features are of about the same size, and none is far from 0.
    features = np.column_stack(
        [
            np.log(weight + 0.05) + 3.0, np.log1p(times), mine * np.log1p(gap) / 3.0, mine,
            np.log(cosine + 0.005) + 5.0, np.log(share + 1e-3) / 3.0,
            mine * times / max(customer.orders, 1),
        ]
    ) if size else np.zeros((0, len(PRIOR)))  # fmt: skip
    return Candidates(skus, features, len(own), because)


def _bought_with_last(
    customer: Customer, rows: Rows
) -> tuple[dict[str, float], dict[str, tuple[str, CoPurchase]]]:
    """Return the mean cosine of each article with those of the last order, and the one it rests on."""
    last = [sku for sku, had in customer.bought.items() if had.at == customer.last_order_at][:_LAST]
    near: dict[str, float] = {}
    best: dict[str, float] = {}
    because: dict[str, tuple[str, CoPurchase]] = {}
    for item in last:
        row = rows.row(item)
        if not row.bought_with:
            continue
        n_b = np.array([pair.n_b for pair in row.bought_with])
        n_ab = np.array([pair.n_ab for pair in row.bought_with])
        cosines = measures_of(row.baskets, row.count, n_b, n_ab).cosine.tolist()
        for pair, cosine in zip(row.bought_with, cosines, strict=True):
            near[pair.sku] = near.get(pair.sku, 0.0) + cosine / len(last)
            if cosine > best.get(pair.sku, 0.0):
                best[pair.sku] = cosine
                because[pair.sku] = (item, pair)
    return near, because


def _share(rows: Rows, sku: str, met: tuple[str, CoPurchase] | None) -> float:
    """Return the share of all orders that hold an article, as one it was met with says, or its own row."""
    row = rows.row(met[0] if met else sku)
    count = met[1].n_b if met else row.count
    return count / row.baskets if row.baskets else 0.0

"""What completes a basket: co-purchases of all that is in it, by a score that is learnt.

No measure ranks best everywhere: in one public set it is confidence, in another lift weighed by how
certain it is. So the measures are features, and every order teaches how much each says here: one
of its articles is held out and to be found again by the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from models.itemsets.measures import Floats, measures_of
from models.itemsets.sampling import basket_of
from models.listwise import Listwise
from models.view import CoPurchase, Rows

PRIOR = (0.3, 0.5, 0.3, 0.3, 0.0, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0)
"""Of the features in their order: how certain and how much above chance comes first."""
_LITTLE = 1e-3
_RARE = 1e-4


@dataclass(frozen=True, slots=True)
class CompletionSettings:
    """How baskets are completed. ``basket``: most articles of one that are looked at."""

    basket: int = 30
    step: float = 0.05


class Candidates(NamedTuple):
    """Articles bought with those of a basket, and what is known of each."""

    skus: list[str]
    features: Floats
    """One row for each article."""
    because: list[tuple[str, CoPurchase]]
    """For each, the article of the basket that speaks most for it, and their co-purchase."""


class BasketCompletion:
    """One shard's learnt score of what completes a basket."""

    __slots__ = ("_settings", "ranking")

    def __init__(self, settings: CompletionSettings) -> None:
        self._settings = settings
        self.ranking = Listwise(PRIOR, settings.step)

    def candidates(self, basket: Collection[str], view: Rows, seed: str = "") -> Candidates:
        """Return what was bought with the articles of a basket (of a large one, with a sample)."""
        items = basket_of(basket, seed, self._settings.basket)
        return candidates_of(items, frozenset(basket), view)

    def learn(self, order_id: str, basket: Collection[str], view: Rows) -> None:
        """Hold out one article of an order, drawn by its id, and learn to find it again."""
        if len(basket) < 2:
            return
        held = held_out(order_id, basket)
        found = self.candidates([sku for sku in basket if sku != held], view, order_id)
        if held in found.skus:
            self.ranking.learn(found.features, [found.skus.index(held)])


def held_out(order_id: str, basket: Collection[str]) -> str:
    """Return the article of an order that is held out: the same on every replay."""

    def drawn(sku: str) -> bytes:
        return hashlib.blake2b(f"{sku}\0{order_id}".encode(), digest_size=8).digest()

    return min(sorted(basket), key=drawn)


def candidates_of(items: Sequence[str], without: Collection[str], view: Rows) -> Candidates:
    """Return the co-purchases of ``items`` that are not among ``without``, with their features."""
    places: dict[str, int] = {}
    where: list[int] = []
    pairs: list[tuple[str, CoPurchase]] = []
    counts: list[tuple[float, float, float, float]] = []
    for item in items:
        row = view.row(item)
        for pair in row.bought_with:
            if pair.sku not in without:
                where.append(places.setdefault(pair.sku, len(places)))
                pairs.append((item, pair))
                counts.append((row.baskets, row.count, pair.n_b, pair.n_ab))
    if not places:
        return Candidates([], np.zeros((0, len(PRIOR))), [])
    place = np.array(where)
    n, n_a, n_b, n_ab = np.array(counts).T
    found = measures_of(n, n_a, n_b, n_ab)
    size = len(places)

    def summed(values: Floats) -> Floats:
        total: Floats = np.bincount(place, values, size).astype(np.float64)
        return total

    def largest(values: Floats) -> Floats:
        best = np.zeros(size)
        np.maximum.at(best, place, values)
        return best

    wilson, score, cosine = summed(found.wilson), summed(found.score), summed(found.cosine)
    best, best_cosine = largest(found.score), largest(found.cosine)
    share = largest(n_b / n)
    means = [values / len(items) for values in (wilson, score, cosine, summed(found.confidence))]
    features = np.column_stack(
        [
            np.log(means[0] + _LITTLE), np.log(means[1] + _LITTLE), np.log(best + _LITTLE),
            np.log(means[2] + _LITTLE), np.log(means[3] + _LITTLE), np.log(share + _RARE),
            wilson, score, cosine, best, best_cosine,
        ]
    )  # fmt: skip
    # The pair with the best score of each article; of equal ones the first.
    order = np.lexsort((-np.arange(len(place)), found.score))
    strongest = np.empty(size, dtype=int)
    strongest[place[order]] = order
    return Candidates(list(places), features, [pairs[at] for at in strongest.tolist()])

"""Baskets with planted structure, and exact answers about them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from itertools import combinations

import pandas as pd
from mlxtend.frequent_patterns import fpgrowth

from models.effects import Effects
from models.itemsets.counts import ItemsetCounts
from models.merge import MergeSettings
from tests.models.stores import Store, rows_of

Baskets = dict[str, tuple[str, ...]]


def baskets(seed: int, number: int = 300, articles: int = 25) -> Baskets:
    """Return orders in which some pairs and a triple go together more often than by chance."""
    rng = random.Random(seed)
    skus = [f"a{n:02d}" for n in range(articles)]
    made: Baskets = {}
    for order in range(number):
        chosen = {rng.choice(skus) for _ in range(rng.randint(1, 5))}
        for group in (skus[:3], skus[5:7], skus[10:12]):
            if rng.random() < 0.15:
                chosen |= set(group)
        shuffled = sorted(chosen)
        rng.shuffle(shuffled)
        made[f"o{seed}-{order}"] = tuple(shuffled)
    return made


def frequent(made: Iterable[Iterable[str]], least: int) -> dict[frozenset[str], float]:
    """Return the counts of all sets of up to three articles in at least ``least`` baskets."""
    rows = [set(basket) for basket in made]
    skus = sorted(set().union(*rows))
    table = pd.DataFrame([[sku in row for sku in skus] for row in rows], columns=skus)
    found = fpgrowth(table, (least - 0.5) / len(rows), use_colnames=True, max_len=3)
    return {
        frozenset(items): round(support * len(rows))
        for items, support in zip(found["itemsets"], found["support"], strict=True)
    }


def supersets(rows: Mapping[str, Iterable[str]]) -> set[tuple[str, str, str]]:
    """Return the triangles of a graph of frequent pairs, by brute force."""
    edges = {frozenset((item, other)) for item, partners in rows.items() for other in partners}
    nodes = sorted({node for edge in edges for node in edge})
    return {
        (a, b, c)
        for a, b, c in combinations(nodes, 3)
        if {frozenset((a, b)), frozenset((a, c)), frozenset((b, c))} <= edges
    }


class Shards:
    """Some shards with their stores, and the merge that tells them which triples to count."""

    def __init__(self, shards: list[ItemsetCounts], least: int) -> None:
        self.shards = shards
        self.stores = [Store() for _ in shards]
        self.settings = MergeSettings(min_support=0.0, min_count=least)

    def of(self, order_id: str) -> int:
        return int(order_id.rsplit("-", 1)[1]) % len(self.shards)

    def learn(self, order_id: str, skus: Iterable[str], at: float = 0.0) -> None:
        shard, effects = self.of(order_id), Effects()
        self.shards[shard].learn(order_id, skus, f"c-{order_id}", at, effects)
        self.stores[shard].apply(effects)

    def unlearn(self, order_id: str, skus: Iterable[str] = ()) -> bool:
        shard, effects = self.of(order_id), Effects()
        known = self.shards[shard].unlearn(order_id, frozenset(skus), effects)
        self.stores[shard].apply(effects)
        return known

    def merge(self) -> None:
        rows = rows_of(self.stores, self.settings)
        triples = supersets({item: row.partners for item, row in rows.items()})
        for shard, store in zip(self.shards, self.stores, strict=True):
            effects = Effects()
            shard.open_triples(triples - shard.opened, effects)
            store.apply(effects)

    def frequent(self, least: float) -> dict[frozenset[str], float]:
        total: dict[frozenset[str], float] = {}
        for store in self.stores:
            for items, n in store.itemsets().items():
                total[items] = total.get(items, 0.0) + n
        return {items: n for items, n in total.items() if n >= least}

"""A store in dicts, and the merge over some of them, as plainly as they can be written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from models.articles import ARTICLES, Article
from models.decay import Levels, align
from models.effects import Effects, Origin
from models.itemsets.counts import ITEMS, PAIRS, REACH, TOTALS, TRIPLES
from models.merge import (
    Hypotheses,
    MergeSettings,
    Totals,
    add_up,
    article_of,
    bought_with,
    frequent_partners,
    neighbours_of,
    p_limit_of,
    significant,
    trends_of,
)
from models.options.counts import CHOOSERS, CONFIGURED, OPTIONS
from models.options.merge import choices_of, configured, pairs_shown, pairs_tested, reached
from models.shop import COVISITS, TRENDS
from models.view import TRENDING, Row, View, encode

_levels = msgspec.json.Decoder(Levels).decode
_article = msgspec.json.Decoder(Article).decode


def origin(offset: int = 0, timestamp: float = 2e9, topic: str = "clickstream") -> Origin:
    return Origin(topic, 0, offset, timestamp)


class Store:
    """The hashes of one shard. Order as in the real stores: drops, then puts, then deltas."""

    def __init__(self) -> None:
        self.hashes: dict[str, dict[str, bytes | float]] = {}

    def apply(self, effects: Effects) -> Effects:
        for key, fields in effects.drops.items():
            for name in fields:
                self.hashes.get(key, {}).pop(name, None)
        for key, values in effects.puts.items():
            self.hashes.setdefault(key, {}).update(values)
        for key, deltas in effects.deltas.items():
            row = self.hashes.setdefault(key, {})
            for name, amount in deltas.items():
                row[name] = float(row.get(name, 0.0)) + amount
        return Effects(effects.parts)

    def counts(self, key: str) -> dict[str, float]:
        return {name: float(count) for name, count in self.hashes.get(key, {}).items()}

    def rows(self, prefix: str) -> dict[str, dict[str, float]]:
        return {key.removeprefix(prefix): self.counts(key) for key in self.hashes
                if key.startswith(prefix)}  # fmt: skip

    @property
    def baskets(self) -> float:
        return self.counts(TOTALS).get("n", 0.0)

    def itemsets(self) -> dict[frozenset[str], float]:
        """Return the counts of all single articles, pairs and triples."""
        found = {frozenset([item]): n for item, n in self.counts(ITEMS).items()}
        for first, row in self.rows(PAIRS).items():
            for second, n in row.items():
                pair = frozenset([first, second])
                assert found.setdefault(pair, n) == n, "the two directions differ"
        for triple, n in self.counts(TRIPLES).items():
            found[frozenset(triple.split("\x1f"))] = n
        return found


def totals_of(stores: Iterable[Store]) -> Totals:
    found = add_up([store.counts(TOTALS) for store in stores])
    return Totals(found.get("w", 0.0), found.get("w2", 0.0))


def rows_of(stores: Sequence[Store], settings: MergeSettings) -> dict[str, Row]:
    """Return the merged rows of all articles."""
    totals = totals_of(stores)
    items = add_up([store.counts(ITEMS) for store in stores])
    near = [store.hashes.get(COVISITS, {}) for store in stores]
    told = [store.hashes.get(ARTICLES, {}) for store in stores]
    pairs = {item: add_up([s.rows(PAIRS).get(item, {}) for s in stores]) for item in items}
    reach = {item: add_up([s.rows(REACH).get(item, {}) for s in stores]) for item in items}
    found = frequent_partners(pairs, items, totals, settings)
    bought = bought_with(pairs, items, reach, totals, settings)
    p_limit = p_limit_of(
        [rule.p for rules in found.values() for rule in rules], sum(map(len, pairs.values())),
        settings,
    )  # fmt: skip
    options = options_of(stores, settings)
    scale = totals.effective / totals.w if totals.w > 0 else 0.0
    return {
        item: Row(
            rules=significant(found.get(item, []), reach.get(item, {}), p_limit, settings),
            partners=tuple(r.consequent for r in found.get(item, []) if r.consequent > item),
            next=neighbours_of(
                align([_levels(own[item]) for own in near if item in own]), settings
            ),
            bought_with=bought.get(item, ()),
            count=items.get(item, 0.0) * scale,
            baskets=totals.effective if item in items else 0.0,
            article=article_of([_article(own[item]) for own in told if item in own]),
            **options.get(item, {}),
        )
        for item in {*items, *(item for own in (*near, *told) for item in own)}
    }


def options_of(stores: Sequence[Store], settings: MergeSettings) -> dict[str, dict[str, Any]]:
    """Return what the merged rows say of options, by article."""
    weights = add_up([store.counts(CONFIGURED) for store in stores])
    bought = add_up([store.counts(ITEMS) for store in stores])
    counts = {
        item: configured(weight, add_up([store.counts(OPTIONS + item) for store in stores]))
        for item, weight in weights.items()
    }
    tested = pairs_tested(counts, settings)
    tests, found = Hypotheses(), dict[str, dict[str, Any]]()
    for item, weight in weights.items():
        reach = reached(add_up([store.counts(CHOOSERS + item) for store in stores]))
        tests.note(item, tested[item].p_values, tested[item].tests)
        found[item] = {
            "options": choices_of(counts[item], reach, settings),
            "configured": min(weight / bought[item], 1.0) if bought.get(item) else 0.0,
            "option_pairs": (tested[item].pairs, reach),
        }
    limit = tests.limit(settings)
    for own in found.values():
        own["option_pairs"] = pairs_shown(*own["option_pairs"], limit, settings)
    return found


def view_of(stores: Sequence[Store], settings: MergeSettings, version: int = 1) -> View:
    """Return the merged view of some shards, as one part."""
    blobs = {item: encode(row) for item, row in rows_of(stores, settings).items()}
    tops = [store.hashes[TRENDS]["top"] for store in stores if TRENDS in store.hashes]
    blobs[TRENDING] = encode(trends_of(align([_levels(top) for top in tops]), settings))
    return View(1, blobs, (version,))

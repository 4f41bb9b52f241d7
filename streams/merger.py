"""Merging on a timer: the owner of shop shard ``k`` merges part ``k`` of the view from all shards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from models.decay import Levels, align
from models.itemsets.counts import ITEMS, PAIRS, REACH, TOTALS
from models.itemsets.rules import Rule
from models.merge import (
    MergeSettings,
    Totals,
    add_up,
    frequent_partners,
    neighbours_of,
    p_limit_of,
    significant,
    trends_of,
)
from models.shop import COVISITS, TRENDS
from models.view import TRENDING, Row, encode
from streams.store.protocol import Store
from streams.topology import ShardId

_levels = msgspec.json.Decoder(Levels).decode


class Merger:
    """Merges one part of the view. Keeps the candidates' p-values, for the tests are many."""

    def __init__(
        self, part: int, parts: int, store: Store, settings: MergeSettings, rows: int
    ) -> None:
        self._part = part
        self._shards = [ShardId("shop", number) for number in range(parts)]
        self._store = store
        self._settings = settings
        self._limit = rows
        self._p_values: dict[str, list[float]] = {}
        self._tests: dict[str, int] = {}

    async def merge(self) -> int:
        """Merge what changed since the last time; return how many rows were published."""
        marks = [await self._store.dirty(s, self._part, self._limit) for s in self._shards]
        items = sorted({item for mark in marks for item in mark})
        if not items:
            return 0
        rows = await self._rows([item for item in items if item != TRENDING])
        if TRENDING in items:
            tops = [await self._store.blobs(s, TRENDS, ["top"]) for s in self._shards]
            trends = trends_of(align([_levels(t["top"]) for t in tops if t]), self._settings)
            rows[TRENDING] = encode(trends)
        await self._store.publish_view(self._part, rows)
        for shard, mark in zip(self._shards, marks, strict=True):
            await self._store.clean(shard, self._part, mark)
        return len(rows)

    async def _rows(self, items: Sequence[str]) -> dict[str, bytes]:
        totals = await self.totals()
        pairs = await self._summed(PAIRS, items)
        reach = await self._summed(REACH, items)
        wanted = sorted({*items, *(other for row in pairs.values() for other in row)})
        counts = add_up([await self._store.counts_of(s, ITEMS, wanted) for s in self._shards])
        covisits = [await self._store.blobs(s, COVISITS, items) for s in self._shards]
        scale = totals.effective / totals.w if totals.w > 0 else 0.0
        candidates: dict[str, list[Rule]] = {}
        for item in items:
            candidates[item] = (
                frequent_partners(item, pairs[item], counts, totals, self._settings)
                if totals.w > 0
                else []
            )
            self._p_values[item] = [rule.p for rule in candidates[item]]
            self._tests[item] = len(pairs[item])
        p_limit = p_limit_of(
            [p for own in self._p_values.values() for p in own],
            sum(self._tests.values()),
            self._settings,
        )
        return {
            item: encode(
                Row(
                    rules=significant(candidates[item], reach[item], p_limit, self._settings),
                    partners=tuple(
                        rule.consequent for rule in candidates[item] if rule.consequent > item
                    ),
                    next=neighbours_of(
                        align([_levels(own[item]) for own in covisits if item in own]),
                        self._settings,
                    ),
                    count=counts.get(item, 0.0) * scale,
                )
            )
            for item in items
        }

    async def _summed(self, prefix: str, items: Sequence[str]) -> Mapping[str, dict[str, float]]:
        keys = [prefix + item for item in items]
        by_shard = [await self._store.rows(shard, keys) for shard in self._shards]
        return {
            item: add_up([rows[number] for rows in by_shard]) for number, item in enumerate(items)
        }

    async def totals(self) -> Totals:
        """Return the weight of all shards' baskets."""
        found = add_up([await self._store.counts(shard, TOTALS) for shard in self._shards])
        return Totals(found.get("w", 0.0), found.get("w2", 0.0))

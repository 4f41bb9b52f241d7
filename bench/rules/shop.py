"""Counting, merging and testing as workers do it, in one process: baskets in, rules out."""

from __future__ import annotations

from collections.abc import Iterable

from models.effects import Effects
from models.itemsets.counts import ItemsetCounts, ItemsetSettings
from models.itemsets.rules import Rule
from models.merge import MergeSettings
from streams.merger import Merger
from streams.settings import Settings
from streams.store.memory import MemoryStore
from streams.store.protocol import Work
from streams.topology import ShardId
from streams.views import Views

_BEGIN = 1_790_000_000.0
_BETWEEN_S = 60.0
"""A basket a minute: against the half-life that is shipped, two weeks of orders hardly decay."""


class Shop:
    """Shop shards with a store in memory, and a merger for each of their parts of the view."""

    def __init__(
        self,
        parts: int,
        itemsets: ItemsetSettings | None = None,
        rules: MergeSettings | None = None,
    ) -> None:
        """Have ``parts`` shards, and the settings that are shipped where none are given."""
        shipped = Settings.model_construct()
        store = MemoryStore()
        self._shards = {
            ShardId("shop", number): ItemsetCounts(itemsets or shipped.itemsets)
            for number in range(parts)
        }
        self._parts = range(parts)
        self._merger = Merger(
            parts, store, rules or shipped.rules, shipped.merging.rows, shipped.view_rows()
        )
        self._store = store
        self._views = Views(store, parts)
        self._work = 0
        self._learnt = 0

    async def learn(self, baskets: Iterable[Iterable[str]]) -> None:
        """Count baskets, each an order of a customer of its own, a minute after the one before."""
        effects = {shard: Effects(len(self._parts)) for shard in self._shards}
        shards = list(self._shards.items())
        for basket in baskets:
            shard, counts = shards[self._learnt % len(shards)]
            name, at = str(self._learnt), _BEGIN + _BETWEEN_S * self._learnt
            counts.learn(name, basket, name, at, effects[shard])
            self._learnt += 1
        self._work += 1
        for shard, wanted in effects.items():
            claim = await self._store.claim(shard, 1)
            applied = await self._store.apply(shard, claim.epoch, Work(self._work, effects=wanted))
            if applied.status != "applied":
                raise RuntimeError(f"The store in memory answers {applied.status}.")

    async def rules(self) -> list[Rule]:
        """Merge all that changed, and return the rules that are published then."""
        while await self._merger.merge(self._parts):
            pass
        view = await self._views.refresh()
        return [rule for row in view.rows().values() for rule in row.rules]

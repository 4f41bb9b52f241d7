"""Merging on a timer: the owner of shop shard ``k`` merges part ``k`` of the view from all shards."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import islice
from typing import TypeVar

import msgspec

from models.decay import Levels, align
from models.itemsets.counts import ITEMS, PAIRS, REACH, TOTALS
from models.itemsets.rules import Rule
from models.merge import (
    MergeSettings,
    Totals,
    add_up,
    bought_with,
    frequent_partners,
    neighbours_of,
    p_limit_of,
    significant,
    trends_of,
)
from models.shop import COVISITS, TRENDS
from models.view import EMPTY_ROW, TRENDING, Row, encode
from streams.stopwatch import Stopwatch
from streams.store.protocol import Store
from streams.topology import ShardId

T = TypeVar("T")
_levels = msgspec.json.Decoder(Levels).decode
_ROUND = 10
"""Rows looked at on each round though nothing marked them, whether anything is left of them: a mark
may be lost, and a row that nothing is behind would be offered from for ever."""
_AT_ONCE = 16
"""So many shards are asked at a time. One after the other each answer is waited for, behind the steps
that the loop does meanwhile; all at once would be a connection for each."""


class Merger:
    """Merges one part of the view. Keeps the candidates' p-values, for the tests are many."""

    def __init__(
        self, part: int, parts: int, store: Store, settings: MergeSettings, rows: int, most: int
    ) -> None:
        """Merge ``rows`` rows at a time; no new row is published beyond ``most`` of them."""
        self.watch = Stopwatch()
        """What the merging itself takes of the loop."""
        self._part = part
        self._shards = [ShardId("shop", number) for number in range(parts)]
        self._store = store
        self._settings = settings
        self._limit = rows
        self._most = most
        self._after = ""
        self._known: OrderedDict[str, None] | None = None
        """The rows of the part, those first that were not looked at for longest."""
        self._p_values: dict[str, list[float]] = {}
        self._tests: dict[str, int] = {}

    async def merge(self) -> int:
        """Merge what changed since the last time; return how many rows were published."""
        return await self.watch.of(self._merge())

    async def _merge(self) -> int:
        # Few rounds of questions: behind each one the loop does the steps that have come meanwhile.
        known = await self._load()
        marks, bare = await asyncio.gather(
            self._of_all(lambda s: self._store.dirty(s, self._part, self._limit)),
            self._bare(known),
        )
        items = self._in_turn(sorted({item for mark in marks for item in mark}))
        chosen = frozenset(items)
        left = [item for item in bare if item not in chosen]
        if not items and not left:
            return 0
        rows = await self._rows([*(item for item in items if item != TRENDING), *left])
        for item in left:
            if rows[item] is not None:
                del rows[item]
        if TRENDING in items:
            tops = await self._of_all(lambda s: self._store.blobs(s, TRENDS, ["top"]))
            trends = trends_of(align([_levels(t["top"]) for t in tops if t]), self._settings)
            rows[TRENDING] = encode(trends)
        await self._publish(rows, known)
        merged = {
            shard: {item: number for item, number in mark.items() if item in chosen}
            for shard, mark in zip(self._shards, marks, strict=True)
        }
        await self._of_all(lambda s: self._store.clean(s, self._part, merged[s]))
        return len(rows)

    async def _of_all(self, ask: Callable[[ShardId], Awaitable[T]]) -> list[T]:
        """Ask all shards, several at a time; return their answers in order."""
        answers: list[T] = []
        for first in range(0, len(self._shards), _AT_ONCE):
            asked = self._shards[first : first + _AT_ONCE]
            answers += await asyncio.gather(*(self.watch.of(ask(shard)) for shard in asked))
        return answers

    def _in_turn(self, items: list[str]) -> list[str]:
        """Return as many as may be merged at a time, going on where the last time ended."""
        if len(items) > self._limit:
            start = bisect_right(items, self._after)
            items = [*items[start:], *items[:start]][: self._limit]
            self._after = items[-1]
        return items

    async def _load(self) -> OrderedDict[str, None]:
        if self._known is None:
            change = await self._store.view_since(self._part, 0)
            rows = sorted(item for item, blob in change.rows.items() if blob is not None)
            self._known = OrderedDict.fromkeys(rows)
            self._known.pop(TRENDING, None)
        return self._known

    async def _bare(self, known: OrderedDict[str, None]) -> list[str]:
        """Return those of the next rows in turn that no shard has counts of orders for."""
        names = list(islice(known, _ROUND))
        for item in names:
            known.move_to_end(item)
        if not names:
            return []
        counts = await self._of_all(lambda s: self._store.counts_of(s, ITEMS, names))
        return [item for item in names if not any(item in own for own in counts)]

    async def _publish(self, rows: dict[str, bytes | None], known: OrderedDict[str, None]) -> None:
        for item, blob in list(rows.items()):
            if item == TRENDING:
                continue
            if blob is not None and (item in known or len(known) < self._most):
                known[item] = None
                continue
            if blob is None:
                known.pop(item, None)
            else:
                del rows[item]  # no room: it comes when it changes the next time
            self._p_values.pop(item, None)
            self._tests.pop(item, None)
        if rows:
            await self._store.publish_view(self._part, rows)

    async def _rows(self, items: Sequence[str]) -> dict[str, bytes | None]:
        totals, (pairs, reach), covisits = await asyncio.gather(
            self.totals(),
            self.watch.of(self._summed((PAIRS, REACH), items)),
            self._of_all(lambda s: self._store.blobs(s, COVISITS, items)),
        )
        wanted = sorted({*items, *(other for row in pairs.values() for other in row)})
        counts = add_up(await self._of_all(lambda s: self._store.counts_of(s, ITEMS, wanted)))
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
        rows = {
            item: (
                Row(
                    rules=significant(candidates[item], reach[item], p_limit, self._settings),
                    partners=tuple(
                        rule.consequent for rule in candidates[item] if rule.consequent > item
                    ),
                    next=neighbours_of(
                        align([_levels(own[item]) for own in covisits if item in own]),
                        self._settings,
                    ),
                    bought_with=bought_with(
                        item, pairs[item], counts, reach[item], totals, self._settings
                    ),
                    count=counts.get(item, 0.0) * scale,
                    baskets=totals.effective if item in counts else 0.0,
                )
            )
            for item in items
        }
        # An article that no shard knows any more has no row at all.
        return {item: None if row == EMPTY_ROW else encode(row) for item, row in rows.items()}

    async def _summed(
        self, prefixes: Sequence[str], items: Sequence[str]
    ) -> list[Mapping[str, dict[str, float]]]:
        """Return each family's rows by article, of all shards together."""
        keys = [prefix + item for prefix in prefixes for item in items]
        by_shard = await self._of_all(lambda s: self._store.rows(s, keys))
        summed = [add_up([rows[number] for rows in by_shard]) for number in range(len(keys))]
        size = len(items)
        return [
            dict(zip(items, summed[size * n : size * (n + 1)], strict=True))
            for n in range(len(prefixes))
        ]

    async def totals(self) -> Totals:
        """Return the weight of all shards' baskets."""
        found = add_up(await self._of_all(lambda s: self._store.counts(s, TOTALS)))
        return Totals(found.get("w", 0.0), found.get("w2", 0.0))

"""Merging on a timer: the owner of shop shard ``k`` merges part ``k`` of the view from all shards."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from itertools import islice

from models.itemsets.counts import ITEMS
from models.merge import MergeSettings
from models.view import EMPTY_ROW, NO_ARTICLES, TRENDING, Row, Trend, encode
from streams.counted import Counted, Judged
from streams.store.protocol import Store, Wanted

_ROUND = 10
"""Rows looked at on each round though nothing marked them, whether anything is left of them: a mark
may be lost, and a row that nothing is behind would be offered from for ever."""


class Part:
    """One part of the view: which rows there are, and which are due."""

    def __init__(self, number: int, store: Store, rows: int, most: int) -> None:
        """Have ``rows`` rows merged at a time; no new row is published beyond ``most`` of them."""
        self.number = number
        self.tests = Judged()
        self.known: OrderedDict[str, None] = OrderedDict()
        """The rows of the part, those first that were not looked at for longest."""
        self.ordered: set[str] = set()
        """Those of the known rows that may show something which came of orders."""
        self._store = store
        self._limit = rows
        self._most = most
        self._after = ""
        self._loaded = False

    async def load(self) -> None:
        """See what rows there are, if that is not known yet."""
        if self._loaded:
            return
        change = await self._store.view_since(self.number, 0)
        rows = sorted(item for item, blob in change.rows.items() if blob is not None)
        # No shard counts these: they would be taken for articles that nothing is behind.
        self.known = OrderedDict.fromkeys(item for item in rows if item not in NO_ARTICLES)
        self.ordered = set(self.known)
        self._loaded = True

    def in_turn(self, marked: Collection[str]) -> list[str]:
        """Return as many as may be merged at a time, going on where the last time ended."""
        items = sorted(marked)
        if len(items) > self._limit:
            start = bisect_right(items, self._after)
            items = [*items[start:], *items[:start]][: self._limit]
            self._after = items[-1]
        return items

    def looked_at(self) -> list[str]:
        """Return the next rows to be looked at though nothing marked them."""
        names = list(islice(self.known, _ROUND))
        for item in names:
            self.known.move_to_end(item)
        return names

    def encoded(self, made: Mapping[str, Row]) -> dict[str, bytes | None]:
        """Return rows as they are published; an article that no shard knows any more has none."""
        self.ordered -= made.keys()
        self.ordered |= {item for item, row in made.items() if row.baskets}
        return {item: None if row == EMPTY_ROW else encode(row) for item, row in made.items()}

    async def publish(self, rows: dict[str, bytes | None]) -> int:
        """Publish rows, as far as there is room for new ones; return how many."""
        for item, blob in list(rows.items()):
            if item in NO_ARTICLES:
                continue
            if blob is not None and (item in self.known or len(self.known) < self._most):
                self.known[item] = None
                continue
            if blob is None:
                self.known.pop(item, None)
            else:
                del rows[item]  # no room: it comes when it changes the next time
            self.ordered.discard(item)
            self.tests.forget(item)
        if rows:
            await self._store.publish_view(self.number, rows)
        return len(rows)


class Merger:
    """Merges parts of the view, all that are asked for in the same few questions to each shard."""

    def __init__(
        self, parts: int, store: Store, settings: MergeSettings, rows: int, most: int
    ) -> None:
        """Merge ``rows`` rows of a part at a time; a part has no more than ``most``."""
        self.counted = Counted(store, parts, settings)
        self._store = store
        self._limits = (rows, most)
        self._parts: dict[int, Part] = {}

    @property
    def seconds(self) -> float:
        """What merging has taken of the loop so far."""
        return self.counted.watch.seconds

    def part(self, number: int) -> Part:
        """Return what is known of a part."""
        if number not in self._parts:
            self._parts[number] = Part(number, self._store, *self._limits)
        return self._parts[number]

    def forget(self, number: int) -> None:
        """Forget a part: somebody else merges it now."""
        self._parts.pop(number, None)

    async def merge(self, numbers: Sequence[int]) -> int:
        """Merge what changed in some parts since the last time; return how many rows were published."""
        return await self.counted.watch.of(self._merge([self.part(number) for number in numbers]))

    async def _merge(self, parts: Sequence[Part]) -> int:
        # Few rounds of questions: behind each one the loop does the steps that have come meanwhile.
        await asyncio.gather(*(part.load() for part in parts))
        looked_at = {part.number: part.looked_at() for part in parts}
        numbers, limit = list(looked_at), self._limits[0]
        marks, counts = await asyncio.gather(
            self.counted.of_all(lambda s: self._store.dirty(s, numbers, limit)),
            self.counted.read(
                [Wanted(ITEMS, [item for own in looked_at.values() for item in own])]
            ),
        )
        due: dict[int, list[str]] = {}
        bare: dict[int, list[str]] = {}
        for part in parts:
            chosen = part.in_turn({item for mark in marks for item in mark[part.number]})
            due[part.number] = chosen
            bare[part.number] = [
                item
                for item in looked_at[part.number]
                if item not in chosen and not any(item in own for (own,) in counts)
            ]
        if not any(due.values()) and not any(bare.values()):
            return 0
        made, trends = await self.counted.rows(
            [
                (
                    [*(i for i in due[part.number] if i not in NO_ARTICLES), *bare[part.number]],
                    part.tests,
                )
                for part in parts
            ],
            with_trends=any(TRENDING in items for items in due.values()),
        )
        published = await asyncio.gather(
            *(
                part.publish(self._encoded(part, due[part.number], bare[part.number], made, trends))
                for part in parts
            )
        )
        await self._clean(due, marks)
        return sum(published)

    def _encoded(
        self, part: Part, due: Sequence[str], bare: Sequence[str], made: Mapping[str, Row],
        trends: Sequence[Trend],
    ) -> dict[str, bytes | None]:  # fmt: skip
        """Return what is to be published of a part."""
        own = {item: made[item] for item in due if item in made}
        for item in bare:
            # What it still shows is not of orders, but viewed, or in the catalogue: so it is not bare.
            if made[item] == EMPTY_ROW or item in part.ordered:
                own[item] = made[item]
        rows = part.encoded(own)
        if TRENDING in due:
            rows[TRENDING] = encode(trends)
        return rows

    async def _clean(
        self, due: Mapping[int, Sequence[str]], marks: Sequence[Mapping[int, Mapping[str, int]]]
    ) -> None:
        """Unmark what was merged."""
        merged = {number: frozenset(items) for number, items in due.items()}
        done = {
            shard: {
                number: {item: at for item, at in own.items() if item in merged[number]}
                for number, own in mark.items()
            }
            for shard, mark in zip(self.counted.shards, marks, strict=True)
        }
        await self.counted.of_all(lambda shard: self._store.clean(shard, done[shard]))

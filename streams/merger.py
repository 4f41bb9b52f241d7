"""Merging on a timer: the owner of shop shard ``k`` merges part ``k`` of the view from all shards."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

import msgspec

from models.articles import ARTICLES, Article
from models.decay import Levels, align
from models.itemsets.counts import ITEMS, PAIRS, REACH, TOTALS
from models.merge import (
    Counts,
    Hypotheses,
    MergeSettings,
    Totals,
    add_up,
    article_of,
    bought_with,
    frequent_partners,
    neighbours_of,
    significant,
    trends_of,
)
from models.options.counts import CHOOSERS, CONFIGURED, OPTIONS
from models.options.merge import choices_of, configured, pairs_shown, pairs_tested, reached
from models.shop import COVISITS, TRENDS
from models.view import EMPTY_ROW, NO_ARTICLES, TRENDING, Row, Trend, encode
from streams.stopwatch import Stopwatch
from streams.store.protocol import Store, Wanted, counts_in
from streams.topology import ShardId

T = TypeVar("T")
_levels = msgspec.json.Decoder(Levels).decode
_article = msgspec.json.Decoder(Article).decode
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
        self._ordered: set[str] = set()
        """Those of the known rows that may show something which came of orders."""
        self._rules = Hypotheses()
        self._option_rules = Hypotheses()

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
        made, trends = await self._rows(
            [*(item for item in items if item not in NO_ARTICLES), *left], TRENDING in chosen
        )
        for item in left:
            # What it still shows is not of orders: viewed, or in the catalogue. So it is not bare.
            if made[item] != EMPTY_ROW and item not in self._ordered:
                del made[item]
        rows = self._encoded(made)
        if TRENDING in chosen:
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
            # No shard counts these: they would be taken for articles that nothing is behind.
            self._known = OrderedDict.fromkeys(item for item in rows if item not in NO_ARTICLES)
            self._ordered = set(self._known)
        return self._known

    async def _bare(self, known: OrderedDict[str, None]) -> list[str]:
        """Return those of the next rows in turn that no shard has counts of orders for."""
        names = list(islice(known, _ROUND))
        for item in names:
            known.move_to_end(item)
        if not names:
            return []
        counts = await self._read([Wanted(ITEMS, names)])
        return [item for item in names if not any(item in own for (own,) in counts)]

    def _encoded(self, made: Mapping[str, Row]) -> dict[str, bytes | None]:
        """Return rows as they are published; an article that no shard knows any more has none."""
        self._ordered -= made.keys()
        self._ordered |= {item for item, row in made.items() if row.baskets}
        return {item: None if row == EMPTY_ROW else encode(row) for item, row in made.items()}

    async def _publish(self, rows: dict[str, bytes | None], known: OrderedDict[str, None]) -> None:
        for item, blob in list(rows.items()):
            if item in NO_ARTICLES:
                continue
            if blob is not None and (item in known or len(known) < self._most):
                known[item] = None
                continue
            if blob is None:
                known.pop(item, None)
            else:
                del rows[item]  # no room: it comes when it changes the next time
            self._ordered.discard(item)
            self._rules.forget(item)
            self._option_rules.forget(item)
        if rows:
            await self._store.publish_view(self._part, rows)

    async def _rows(
        self, items: Sequence[str], with_trends: bool
    ) -> tuple[dict[str, Row], tuple[Trend, ...]]:
        """Return the rows of articles, and what is looked at most if that is asked for."""
        size, settings = len(items), self._settings
        first = await self._read(
            [
                *(Wanted(PAIRS + item) for item in items),
                *(Wanted(REACH + item) for item in items),
                Wanted(COVISITS, items), Wanted(ARTICLES, items), Wanted(CONFIGURED, items),
                Wanted(TRENDS, ["top"] if with_trends else []),
            ]
        )  # fmt: skip
        pairs = _summed(items, [own[:size] for own in first])
        reach = _summed(items, [own[size : 2 * size] for own in first])
        covisits, articles, configurations, tops = zip(
            *(own[2 * size :] for own in first), strict=True
        )
        weights = add_up([counts_in(own) for own in configurations])
        # Pairs first and all orders last: no article is in more orders than there are. Most articles of
        # most shops have no options: only the others cost a read.
        options = sorted(weights)
        second = await self._read(
            [
                *(Wanted(OPTIONS + item) for item in options),
                *(Wanted(CHOOSERS + item) for item in options),
                Wanted(ITEMS, sorted({*items, *(other for row in pairs.values() for other in row)})),
                Wanted(TOTALS),
            ]
        )  # fmt: skip
        counts = add_up([counts_in(own[-2]) for own in second])
        found = add_up([counts_in(own[-1]) for own in second])
        totals = Totals(found.get("w", 0.0), found.get("w2", 0.0))
        candidates = frequent_partners(pairs, counts, totals, settings)
        for item in items:
            self._rules.note(item, [rule.p for rule in candidates[item]], len(pairs[item]))
        p_limit = self._rules.limit(settings)
        bought = bought_with(pairs, counts, reach, totals, settings)
        scale = totals.effective / totals.w if totals.w > 0 else 0.0
        configured_as = self._options(
            items, weights, counts,
            _summed(options, [own[: len(options)] for own in second]),
            _summed(options, [own[len(options) : -2] for own in second]),
        )  # fmt: skip
        rows = {
            item: Row(
                rules=significant(candidates[item], reach[item], p_limit, settings),
                partners=tuple(
                    rule.consequent for rule in candidates[item] if rule.consequent > item
                ),
                next=neighbours_of(
                    align([_levels(own[item]) for own in covisits if item in own]), settings
                ),
                bought_with=bought[item],
                count=counts.get(item, 0.0) * scale,
                baskets=totals.effective if item in counts else 0.0,
                article=article_of([_article(own[item]) for own in articles if item in own]),
                **configured_as.get(item, {}),
            )
            for item in items
        }
        return rows, trends_of(align([_levels(own["top"]) for own in tops if own]), settings)

    def _options(
        self, items: Sequence[str], weights: Counts, bought: Counts, rows: Mapping[str, Counts],
        choosers: Mapping[str, Counts],
    ) -> dict[str, dict[str, Any]]:  # fmt: skip
        """Return the fields of the rows of those articles that are configured."""
        for item in items:
            if item not in weights:
                self._option_rules.forget(item)
        counts = {item: configured(weights[item], row) for item, row in rows.items()}
        reach = {item: reached(row) for item, row in choosers.items()}
        tested = pairs_tested(counts, self._settings)
        found: dict[str, dict[str, Any]] = {}
        for item, own in counts.items():
            self._option_rules.note(item, tested[item].p_values, tested[item].tests)
            found[item] = {
                "options": choices_of(own, reach[item], self._settings),
                "configured": min(weights[item] / max(bought.get(item, 0.0), 1e-300), 1.0),
            }
        limit = self._option_rules.limit(self._settings)
        for item, (pairs, *_) in tested.items():
            found[item]["option_pairs"] = pairs_shown(pairs, reach[item], limit, self._settings)
        return found

    async def _read(self, wanted: Sequence[Wanted]) -> list[list[dict[str, bytes]]]:
        """Read the same hashes of all shards."""
        return await self._of_all(lambda shard: self._store.read(shard, wanted))


def _summed(
    items: Sequence[str], by_shard: Sequence[Sequence[Mapping[str, bytes]]]
) -> dict[str, dict[str, float]]:
    """Return the rows of articles, of all shards together."""
    rows = zip(*by_shard, strict=True)
    return {
        item: add_up([counts_in(own) for own in owns])
        for item, owns in zip(items, rows, strict=True)
    }

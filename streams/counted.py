"""The rows of the merged view, made of what all shards have counted, of several parts at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
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
from models.view import Row, Trend
from streams.stopwatch import Stopwatch
from streams.store.protocol import Store, Wanted, counts_in
from streams.topology import ShardId

T = TypeVar("T")
_levels = msgspec.json.Decoder(Levels).decode
_article = msgspec.json.Decoder(Article).decode
_AT_ONCE = 16
"""So many shards are asked at a time. One after the other each answer is waited for, behind the steps
that the loop does meanwhile; all at once would be a connection for each."""


@dataclass(slots=True)
class Judged:
    """What the rules of a part are judged by: all p-values of it together, for the tests are many."""

    rules: Hypotheses = field(default_factory=Hypotheses)
    options: Hypotheses = field(default_factory=Hypotheses)

    def forget(self, item: str) -> None:
        """Forget an article."""
        self.rules.forget(item)
        self.options.forget(item)


class Counted:
    """The shards' counts, and rows made of them."""

    def __init__(self, store: Store, parts: int, settings: MergeSettings) -> None:
        self.watch = Stopwatch()
        """What asking takes of the loop, and what is done with the answers."""
        self.shards = [ShardId("shop", number) for number in range(parts)]
        self._store = store
        self._settings = settings

    async def of_all(self, ask: Callable[[ShardId], Awaitable[T]]) -> list[T]:
        """Ask all shards, several at a time; return their answers in order."""
        answers: list[T] = []
        for first in range(0, len(self.shards), _AT_ONCE):
            asked = self.shards[first : first + _AT_ONCE]
            answers += await asyncio.gather(*(self.watch.of(ask(shard)) for shard in asked))
        return answers

    async def read(self, wanted: Sequence[Wanted]) -> list[list[dict[str, bytes]]]:
        """Read the same hashes of all shards."""
        return await self.of_all(lambda shard: self._store.read(shard, wanted))

    async def rows(
        self, parts: Sequence[tuple[Sequence[str], Judged]], *, with_trends: bool
    ) -> tuple[dict[str, Row], tuple[Trend, ...]]:
        """Return the rows of articles, and what is looked at most if that is asked for.

        ``parts`` are the articles of each part of the view, with its tests, which take theirs in.
        """
        items = [item for own, _ in parts for item in own]
        size, settings = len(items), self._settings
        first = await self.read(
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
        second = await self.read(
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
        p_limits: dict[str, float] = {}
        for own, tests in parts:
            for item in own:
                tests.rules.note(item, [rule.p for rule in candidates[item]], len(pairs[item]))
            p_limits |= dict.fromkeys(own, tests.rules.limit(settings))
        bought = bought_with(pairs, counts, reach, totals, settings)
        scale = totals.effective / totals.w if totals.w > 0 else 0.0
        configured_as = self._options(
            parts, weights, counts,
            _summed(options, [own[: len(options)] for own in second]),
            _summed(options, [own[len(options) : -2] for own in second]),
        )  # fmt: skip
        rows = {
            item: Row(
                rules=significant(candidates[item], reach[item], p_limits[item], settings),
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
        self, parts: Sequence[tuple[Sequence[str], Judged]], weights: Counts, bought: Counts,
        rows: Mapping[str, Counts], choosers: Mapping[str, Counts],
    ) -> dict[str, dict[str, Any]]:  # fmt: skip
        """Return the fields of the rows of those articles that are configured."""
        counts = {item: configured(weights[item], row) for item, row in rows.items()}
        reach = {item: reached(row) for item, row in choosers.items()}
        tested = pairs_tested(counts, self._settings)
        found: dict[str, dict[str, Any]] = {
            item: {
                "options": choices_of(own, reach[item], self._settings),
                "configured": min(weights[item] / max(bought.get(item, 0.0), 1e-300), 1.0),
            }
            for item, own in counts.items()
        }
        for items, tests in parts:
            for item in items:
                if item in tested:
                    tests.options.note(item, tested[item].p_values, tested[item].tests)
                else:
                    tests.options.forget(item)
            limit = tests.options.limit(self._settings)
            for item in items:
                if item in tested:
                    shown = pairs_shown(tested[item].pairs, reach[item], limit, self._settings)
                    found[item]["option_pairs"] = shown
        return found


def _summed(
    items: Sequence[str], by_shard: Sequence[Sequence[Mapping[str, bytes]]]
) -> dict[str, dict[str, float]]:
    """Return the rows of articles, of all shards together."""
    rows = zip(*by_shard, strict=True)
    return {
        item: add_up([counts_in(own) for own in owns])
        for item, owns in zip(items, rows, strict=True)
    }

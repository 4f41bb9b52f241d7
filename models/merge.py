"""Merging shard counts into the view's rows. Pure: counts in, rows out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.articles import Article
from models.itemsets.measures import measures_of
from models.itemsets.rules import Rule
from models.itemsets.significance import benjamini_hochberg, independence_p
from models.view import CoPurchase, Neighbour, Trend

Counts = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class MergeSettings:
    """What is published. Shares between 0 and 1."""

    min_support: float = 0.001
    min_count: float = 5.0
    false_discovery_rate: float = 0.01
    rules_per_item: int = 20
    neighbours_per_item: int = 50
    bought_with: int = 50
    option_values: int = 20
    option_pairs: int = 100
    trending: int = 50


@dataclass(frozen=True, slots=True)
class Totals:
    """How many baskets the counts come from."""

    w: float
    w2: float

    @property
    def effective(self) -> float:
        """The sample size that a decayed sum is worth: ``w**2 / w2`` (Kish)."""
        return self.w * self.w / self.w2 if self.w2 else 0.0


def add_up(rows: Sequence[Counts]) -> dict[str, float]:
    """Return the sum of several shards' rows."""
    total: dict[str, float] = {}
    for row in rows:
        for field, count in row.items():
            total[field] = total.get(field, 0.0) + count
    return total


def frequent_partners(
    item: str, pairs: Counts, items: Counts, totals: Totals, settings: MergeSettings
) -> list[Rule]:
    """Return the rules ``item -> x`` for all pairs above the minimum support, with p-values.

    Counts are scaled to effective ones, so that a decayed sum is not taken for as much evidence as
    it is large, and reads as a number of orders. Exact counts are their own effective counts.
    """
    least = max(settings.min_support * totals.w, _min_weight(totals, settings))
    n_a = items.get(item, 0.0)
    kept = [
        (other, weight)
        for other, weight in sorted(pairs.items())
        if weight >= least and items.get(other, 0.0) > 0
    ]
    if not kept or n_a <= 0:
        return []
    scale = totals.effective / totals.w
    n, n_a = totals.effective, n_a * scale
    n_ab = np.array([weight for _, weight in kept]) * scale
    n_b = np.array([items[other] for other, _ in kept]) * scale
    p = independence_p(np.full_like(n_ab, n), np.full_like(n_ab, n_a), n_b, n_ab)
    return [
        Rule(
            antecedent=item, consequent=other,
            n=n, n_a=n_a, n_b=float(n_b[i]), n_ab=float(n_ab[i]), p=float(p[i]),
        )
        for i, (other, _) in enumerate(kept)
    ]  # fmt: skip


def _min_weight(totals: Totals, settings: MergeSettings) -> float:
    """Return ``min_count`` baskets in the counts' own (decayed) weight."""
    return settings.min_count * totals.w / totals.effective if totals.effective else 0.0


def significant(
    candidates: Sequence[Rule], reach: Counts, p_limit: float, settings: MergeSettings
) -> tuple[Rule, ...]:
    """Return the rules worth showing: significant, positive, bought by enough customers."""
    chosen = [
        rule
        for rule in candidates
        if rule.p <= p_limit and rule.lift > 1 and reach.get(rule.consequent, 0) > 0
    ]
    chosen.sort(key=lambda rule: (-rule.score, rule.consequent))
    return tuple(chosen[: settings.rules_per_item])


def bought_with(
    item: str, pairs: Counts, items: Counts, reach: Counts, totals: Totals, settings: MergeSettings
) -> tuple[CoPurchase, ...]:
    """Return what an article is bought with, best first: more often than by chance, untested.

    For ranking, where a weak hint is worth something; rules are what is shown as known. As with
    rules, nothing that only few customers bought.
    """
    n_a = items.get(item, 0.0)
    others = [
        other
        for other in sorted(pairs)
        if pairs[other] > 0 and items.get(other, 0.0) > 0 and reach.get(other, 0.0) > 0
    ]
    if not others or n_a <= 0:
        return ()
    scale = totals.effective / totals.w
    n_b = np.array([items[other] for other in others]) * scale
    n_ab = np.array([pairs[other] for other in others]) * scale
    score = measures_of(totals.effective, n_a * scale, n_b, n_ab).score
    best = np.argsort(-score, kind="stable")[: settings.bought_with]
    return tuple(
        CoPurchase(others[at], round(float(n_ab[at]), 2), round(float(n_b[at]), 2))
        for at in best.tolist()
        if score[at] > 0
    )


def p_limit_of(p_values: Sequence[float], tests: int, settings: MergeSettings) -> float:
    """Return the p-value up to which rules are published (Benjamini-Hochberg)."""
    return benjamini_hochberg(p_values, settings.false_discovery_rate, tests)


class Hypotheses:
    """What one kind of rules was tested with, by article: all of it together sets the limit."""

    def __init__(self) -> None:
        self._p_values: dict[str, Sequence[float]] = {}
        self._tests: dict[str, int] = {}

    def __len__(self) -> int:
        """Return the number of articles."""
        return len(self._tests)

    def __contains__(self, item: str) -> bool:
        return item in self._tests

    def note(self, item: str, p_values: Sequence[float], tests: int) -> None:
        """Note an article's tests in the place of what was noted before; none: nothing is kept."""
        if tests:
            self._p_values[item] = p_values
            self._tests[item] = tests
        else:
            self.forget(item)

    def forget(self, item: str) -> None:
        """Forget an article's tests."""
        self._p_values.pop(item, None)
        self._tests.pop(item, None)

    def limit(self, settings: MergeSettings) -> float:
        """Return the p-value up to which rules are published."""
        p_values = [p for own in self._p_values.values() for p in own]
        return p_limit_of(p_values, sum(self._tests.values()), settings)


def neighbours_of(rows: Sequence[Counts], settings: MergeSettings) -> tuple[Neighbour, ...]:
    """Return what is looked at near an article, as shares of all that is."""
    total = add_up(rows)
    whole = sum(total.values())
    if whole <= 0:
        return ()
    best = sorted(total.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(
        Neighbour(sku, weight / whole) for sku, weight in best[: settings.neighbours_per_item]
    )


def article_of(told: Sequence[Article]) -> Article | None:
    """Return what shards were told last of an article.

    It is more than one shard only if a producer used another partitioner at some time.
    """
    return max(told, key=lambda article: article.changed_at, default=None)


def trends_of(rows: Sequence[Counts], settings: MergeSettings) -> tuple[Trend, ...]:
    """Return the articles that are looked at most now."""
    total = add_up(rows)
    whole = sum(total.values())
    best = sorted(total.items(), key=lambda pair: (-pair[1], pair[0]))[: settings.trending]
    return tuple(Trend(sku, weight / whole) for sku, weight in best) if whole > 0 else ()

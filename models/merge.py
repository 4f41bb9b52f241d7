"""Merging shard counts into the view's rows. Pure: counts in, rows out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

import numpy as np

from models.articles import Article
from models.itemsets.measures import Floats, measures_of
from models.itemsets.rules import Rule
from models.itemsets.significance import benjamini_hochberg, independence_p
from models.view import CoPurchase, Neighbour, Trend

Counts = Mapping[str, float]
_first = itemgetter(0)


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
    pairs: Mapping[str, Counts], items: Counts, totals: Totals, settings: MergeSettings
) -> dict[str, list[Rule]]:
    """Return for each article of ``pairs`` the rules ``article -> x``, with p-values.

    For all pairs above the minimum support, tested in one go. Counts are scaled to effective ones, so
    that a decayed sum is not taken for as much evidence as it is large, and reads as a number of
    orders. Exact counts are their own effective counts.
    """
    found: dict[str, list[Rule]] = {item: [] for item in pairs}
    least = max(settings.min_support * totals.w, _min_weight(totals, settings))
    kept = [
        (item, other, weight)
        for item, own in pairs.items()
        if items.get(item, 0.0) > 0
        for other, weight in sorted(own.items())
        if weight >= least and items.get(other, 0.0) > 0
    ]
    if not kept or totals.w <= 0:
        return found
    n = totals.effective
    n_a, n_b, n_ab = _effective(kept, items, totals)
    p = independence_p(np.full_like(n_ab, n), n_a, n_b, n_ab)
    columns = (column.tolist() for column in (n_a, n_b, n_ab, p))
    for (item, other, _), with_a, with_b, with_both, chance in zip(kept, *columns, strict=True):
        rule = Rule(
            antecedent=item, consequent=other,
            n=n, n_a=with_a, n_b=with_b, n_ab=with_both, p=chance,
        )  # fmt: skip
        found[item].append(rule)
    return found


def _effective(
    pairs: Sequence[tuple[str, str, float]], items: Counts, totals: Totals
) -> tuple[Floats, Floats, Floats]:
    """Return effective counts of pairs ``(one, other, weight)``: of each article, and of both."""
    scale = totals.effective / totals.w
    n_a = np.array([items[one] for one, _, _ in pairs]) * scale
    n_b = np.array([items[other] for _, other, _ in pairs]) * scale
    n_ab = np.array([weight for _, _, weight in pairs]) * scale
    return n_a, n_b, n_ab


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
    pairs: Mapping[str, Counts], items: Counts, reach: Mapping[str, Counts], totals: Totals,
    settings: MergeSettings,
) -> dict[str, tuple[CoPurchase, ...]]:  # fmt: skip
    """Return what each article is bought with, best first: more often than by chance, untested.

    For ranking, where a weak hint is worth something; rules are what is shown as known. As with
    rules, nothing that only few customers bought.
    """
    found: dict[str, tuple[CoPurchase, ...]] = dict.fromkeys(pairs, ())
    kept = [
        (item, other, weight)
        for item, own in pairs.items()
        if items.get(item, 0.0) > 0
        for other, weight in sorted(own.items())
        if weight > 0 and items.get(other, 0.0) > 0 and reach[item].get(other, 0.0) > 0
    ]
    if not kept or totals.w <= 0:
        return found
    n_a, n_b, n_ab = _effective(kept, items, totals)
    scores = measures_of(totals.effective, n_a, n_b, n_ab).score.tolist()
    own: dict[str, list[tuple[float, CoPurchase]]] = {}
    columns = (np.round(column, 2).tolist() for column in (n_ab, n_b))
    for (item, other, _), score, together, alone in zip(kept, scores, *columns, strict=True):
        if score > 0:
            own.setdefault(item, []).append((-score, CoPurchase(other, together, alone)))
    for item, scored in own.items():
        scored.sort(key=_first)
        found[item] = tuple(pair for _, pair in scored[: settings.bought_with])
    return found


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

"""A shard's counts held against FP-growth, and its bounded counts against its exact ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from models.effects import Effects
from models.itemsets.counts import ItemsetCounts, ItemsetSettings
from models.itemsets.mining import Itemset, fp_growth

_PIECE = 1_000


@dataclass(frozen=True, slots=True)
class Equality:
    """How a shard's exact counts compare with FP-growth at one support."""

    compared: int
    different: int


@dataclass(frozen=True, slots=True)
class Bounded:
    """What Lossy Counting kept of a shard's pairs, beside counting all of them."""

    frequent: int
    """Pairs with a support above epsilon."""
    recalled: int
    """Of these, pairs that are still counted."""
    violations: int
    """Counts above the true one, or below it by more than epsilon times the baskets."""
    kept: int
    most_kept: int
    distinct: int

    @property
    def recall(self) -> float:
        """Share of the frequent pairs that are counted; 1 if there are none."""
        return self.recalled / self.frequent if self.frequent else 1.0

    @property
    def share(self) -> float:
        """Pairs held in the end, as a share of all pairs that came."""
        return self.kept / self.distinct if self.distinct else 0.0


def learnt(
    settings: ItemsetSettings, baskets: Sequence[Itemset],
    every: Callable[[ItemsetCounts], None] = lambda _: None,
) -> ItemsetCounts:  # fmt: skip
    """Return a shard's counts of all baskets; ``every`` sees it after each basket."""
    counts, effects = ItemsetCounts(settings), Effects()
    for number, basket in enumerate(baskets):
        if number % _PIECE == 0:
            effects = Effects()  # what a store would take is not kept
        counts.learn(str(number), basket, str(number), 0.0, effects)
        every(counts)
    return counts


def exact(baskets: Sequence[Itemset]) -> ItemsetCounts:
    """Return the counts without decay and without bounds, of baskets that are already sampled."""
    return learnt(_without(epsilon=0.0), baskets)


def _without(epsilon: float) -> ItemsetSettings:
    """Return settings without decay, sample and caps: here one bound is measured."""
    return ItemsetSettings(
        half_life_s=0, epsilon=epsilon, cap=0, max_pairs=10**9, max_triples=10**9
    )


def equality(counts: ItemsetCounts, baskets: Sequence[Itemset], least: int) -> Equality:
    """Compare exact counts with FP-growth's from ``least`` baskets on; opens triples for that.

    Unequal is each set with another count, and each pair that only the shard takes for frequent.
    """
    mined = fp_growth(baskets, least)
    triples = [(a, b, c) for a, b, c in (items for items in mined if len(items) == 3)]
    counts.open_triples(triples, Effects())
    different = sum(counts.held(items)[0] != count for items, count in mined.items())
    extra = sum(pair not in mined for pair in counts.pairs_from(least))
    return Equality(len(mined), different + extra)


def bounded(baskets: Sequence[Itemset], epsilon: float, true: ItemsetCounts) -> Bounded:
    """Count with Lossy Counting, and compare every pair with its true count."""
    most = 0

    def watch(counts: ItemsetCounts) -> None:
        nonlocal most
        most = max(most, len(counts))

    counts = learnt(_without(epsilon), baskets, watch)
    limit = epsilon * len(baskets)
    kept = set(counts.pairs_from(0))
    frequent = recalled = violations = 0
    for pair in true.pairs_from(0):
        count, exactly = counts.held(pair)[0], true.held(pair)[0]
        violations += not exactly - limit <= count <= exactly
        if exactly > limit:
            frequent += 1
            recalled += pair in kept
    return Bounded(frequent, recalled, violations, len(counts), most, len(true))

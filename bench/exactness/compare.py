"""Counts of itemsets from two sides, and what differs between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import ceil, isclose, nan
from typing import NamedTuple

from models.effects import SEPARATOR
from models.itemsets.rules import Rule

Itemset = tuple[str, ...]
Counts = dict[Itemset, float]


@dataclass(slots=True)
class Side:
    """What one side knows: how many baskets, and in how many of them each itemset is."""

    baskets: float = 0.0
    counts: Counts = field(default_factory=dict)

    def at_least(self, least: float) -> Counts:
        """Return the pairs and triples with at least ``least`` baskets."""
        return {
            items: count
            for items, count in self.counts.items()
            if len(items) in {2, 3} and count >= least
        }


class BatchRule(NamedTuple):
    """A rule as the batch job measured it."""

    antecedent: Itemset
    consequent: Itemset
    support: float
    confidence: float
    lift: float


@dataclass(slots=True)
class Difference:
    """How two sides compare; the first few of each kind are kept to look at."""

    pairs: int = 0
    triples: int = 0
    rules: int = 0
    different: int = 0
    missing: int = 0
    extra: int = 0
    measures_different: int = 0
    samples: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Everything that is not equal."""
        return self.different + self.missing + self.extra + self.measures_different

    def note(self, text: str) -> None:
        """Keep an example."""
        if len(self.samples) < 10:
            self.samples.append(text)


def least_count(support: float, baskets: float) -> int:
    """Return the smallest count whose support reaches ``support``, as FP-growth rounds it."""
    return ceil(support * baskets - 1e-9)


def side_of_store(
    totals: Mapping[str, float], items: Mapping[str, float],
    pairs: Mapping[str, Mapping[str, float]], triples: Mapping[str, float],
) -> Side:  # fmt: skip
    """Return what the store's hashes say, summed over the shards beforehand.

    A pair lies in the rows of both its articles; a row that disagrees with its mirror is worse
    than a wrong number, so it is kept as an itemset that no batch job can have.
    """
    side = Side(totals.get("n", 0.0))
    for item, count in items.items():
        side.counts[item,] = count
    for one, row in pairs.items():
        for other, count in row.items():
            pair = (one, other) if one < other else (other, one)
            if side.counts.setdefault(pair, count) != count:
                side.counts[one, "differs from its mirror", other] = max(count, side.baskets)
    for name, count in triples.items():
        side.counts[tuple(name.split(SEPARATOR))] = count
    return side


def compare(ours: Side, theirs: Side, rules: Iterable[BatchRule], support: float) -> Difference:
    """Compare all pairs and triples from ``support`` up: counts, then each rule's measures."""
    found = Difference()
    if ours.baskets != theirs.baskets:
        found.different += 1
        found.note(f"baskets: {ours.baskets:g} here, {theirs.baskets:g} in the batch")
    least = least_count(support, theirs.baskets)
    mine, batch = ours.at_least(least), theirs.at_least(least)
    for items, count in batch.items():
        found.pairs += len(items) == 2
        found.triples += len(items) == 3
        if items not in ours.counts:
            found.missing += 1
            found.note(f"{items}: missing, {count:g} in the batch")
        elif ours.counts[items] != count:
            found.different += 1
            found.note(f"{items}: {ours.counts[items]:g} here, {count:g} in the batch")
    for items in mine.keys() - batch.keys():
        found.extra += 1
        found.note(f"{items}: {mine[items]:g} here, not in the batch")
    for rule in rules:
        found.rules += 1
        measures = measures_of(ours, rule)
        if not all(map(_alike, measures, (rule.support, rule.confidence, rule.lift))):
            found.measures_different += 1
            found.note(f"{rule}: {measures} here")
    return found


def measures_of(side: Side, batch: BatchRule) -> tuple[float, float, float]:
    """Return support, confidence and lift as a side's counts give them; nan without counts."""
    count = side.counts
    n_a, n_b = count.get(batch.antecedent, 0.0), count.get(batch.consequent, 0.0)
    together = count.get(tuple(sorted((*batch.antecedent, *batch.consequent))), 0.0)
    if not (side.baskets and n_a and n_b):
        return (nan, nan, nan)
    rule = Rule(antecedent="", consequent="", n=side.baskets, n_a=n_a, n_b=n_b, n_ab=together)
    return (rule.support, rule.confidence, rule.lift)


def _alike(one: float, other: float) -> bool:
    """Whether two numbers differ by the rounding of a division or two at most."""
    return isclose(one, other, rel_tol=1e-12)

"""The incremental counts of a shard held against exact mining of the baskets that it still keeps.

FP-growth over the kept baskets says which sets of one to three articles are frequent, and in how
many baskets they are; decayed counts are held against the sums of those baskets' weights. A
decayed count has a weight for each basket, so sums are compared in baskets of average weight.

While the window never was full, all counted baskets are kept (*complete*): articles and opened
triples must be equal, a pair's count may lack what Lossy Counting or the cap on pairs allows.
Afterwards older baskets are in the counts and not in the window (*partly*). Then a count may not be
below the window's part, less the same allowance; not above it by more than all older baskets
weigh; and that of a set not above what any part of it may have.

In four steps, so that a worker's loop is held up for the two short ones only: `look` and `cut` read
the shard, `choose` and `compare` compute on what these took out. A cut is of one moment, so each
may be of a few sets, with other work in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil, inf

import numpy as np
import numpy.typing as npt

from models.itemsets.counts import ItemsetCounts
from models.itemsets.mining import Itemset, Miner, MinerError
from models.itemsets.window import Kept

MOST = 5_000
"""Sets compared beside other work; with more the least count is raised until they are so few."""
AT_ONCE = 300
"""Sets in a cut beside other work: some milliseconds in a shard that is full."""
_SHOWN = 5
_ROUNDING = 1e-9
"""Of all baskets' weight: what sums of floats in another order may differ by."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What mining needs of a shard."""

    kept: tuple[Kept, ...]
    opened: frozenset[Itemset]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The sets to compare: frequent in the baskets that were looked at."""

    kept: tuple[Kept, ...]
    least: int
    mined: Mapping[Itemset, int]
    """In how many of these baskets each set is."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What a shard holds at one moment."""

    kept: tuple[Kept, ...]
    complete: bool
    itemsets: tuple[Itemset, ...]
    """What is to be compared, sorted."""
    counts: Mapping[Itemset, tuple[float, float]]
    """By set the count held, and how much too low it may be; the parts of the sets too."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A count outside its bounds, in baskets. No articles: the weight of all baskets."""

    items: Itemset
    held: float
    low: float
    high: float

    @property
    def excess(self) -> float:
        """How far outside."""
        return max(self.low - self.held, self.held - self.high)


@dataclass(frozen=True, slots=True)
class Audit:
    """What came out."""

    baskets: int
    complete: bool
    least: int
    """From how many of the kept baskets on sets were compared."""
    compared: int
    violations: int
    missing: int
    """Violations where the shard holds no count at all."""
    largest_difference: float
    """In baskets, within the bounds or not: to the exact count, or what lacks to the window's part."""
    largest_relative: float
    worst: tuple[Finding, ...]


def look(counts: ItemsetCounts) -> Looked:
    """Return what to mine; quick."""
    return Looked(counts.window.baskets(), frozenset(counts.opened))


def choose(
    looked: Looked, mine: Miner, support: float, min_count: float, most: int = MOST
) -> Chosen:
    """Mine what was looked at: sets in a share ``support`` of the baskets, and ``min_count``."""
    baskets = [basket.items for basket in looked.kept]
    least = max(ceil(support * len(baskets) - 1e-9), ceil(min_count), 1)
    mined = mine(baskets, least, looked.opened)
    if len(mined) > most:
        least = sorted(mined.values(), reverse=True)[most] + 1
        mined = {items: count for items, count in mined.items() if count >= least}
    return Chosen(looked.kept, least, {(): len(baskets)} | mined)


def cut(counts: ItemsetCounts, itemsets: Iterable[Itemset]) -> Cut:
    """Return what a shard holds of these sets; quick if they are few."""
    ordered = tuple(sorted(itemsets))
    wanted = {part for items in ordered for part in (items, *_parts(items))}
    window = counts.window
    held = {items: counts.held(items) for items in {(), *wanted}}
    return Cut(window.baskets(), window.complete, ordered, held)


def compare(chosen: Chosen, taken: Cut) -> Audit:
    """Hold the counts of a cut against its baskets.

    Raises `MinerError` if the miner and the posting lists differ on the same baskets.
    """
    number = len(taken.kept)
    if not number:
        return Audit(0, taken.complete, chosen.least, 0, 0, 0, 0.0, 0.0, ())
    numbers, sums = _in_window(taken.kept, taken.itemsets)
    if chosen.kept == taken.kept:
        _agree(chosen, taken.itemsets, numbers)
    windowed, weight = sum(basket.weight for basket in taken.kept), taken.counts[()][0]
    average = windowed / number
    older = 0.0 if taken.complete else max(weight - windowed, 0.0)
    slack = _ROUNDING * max(weight, windowed)
    findings, difference, relative = [], 0.0, 0.0
    for items, part in zip(taken.itemsets, sums, strict=True):
        held, lacking = taken.counts[items]
        low = part - lacking
        high = min([part + older, *(sum(taken.counts[each]) for each in _parts(items))])
        if held < low - slack or held > high + slack:
            findings.append(Finding(items, held / average, low / average, high / average))
        off = abs(part - held) if taken.complete else part - held
        if off > slack:
            difference = max(difference, off / average)
            relative = max(relative, off / part if part else inf)
    findings.sort(key=_worst_first)
    return Audit(
        baskets=number, complete=taken.complete, least=chosen.least, compared=len(taken.itemsets),
        violations=len(findings), missing=sum(found.held == 0 for found in findings),
        largest_difference=difference, largest_relative=relative, worst=tuple(findings[:_SHOWN]),
    )  # fmt: skip


def together(audits: Sequence[Audit]) -> Audit:
    """Return what came out of several cuts of a shard."""
    found = sorted((found for each in audits for found in each.worst), key=_worst_first)
    return Audit(
        audits[-1].baskets,
        all(each.complete for each in audits),
        audits[-1].least,
        sum(each.compared for each in audits),
        sum(each.violations for each in audits),
        sum(each.missing for each in audits),
        max(each.largest_difference for each in audits),
        max(each.largest_relative for each in audits),
        tuple(found[:_SHOWN]),
    )


def audit(counts: ItemsetCounts, mine: Miner, support: float, min_count: float) -> Audit:
    """Do all four steps at once, without a bound on the sets, and thoroughly.

    Looks also at what only the shard takes for frequent: its heavy pairs and the triples it opened.
    """
    looked = look(counts)
    chosen = choose(looked, mine, support, min_count, most=1_000_000)
    average = sum(basket.weight for basket in looked.kept) / max(len(looked.kept), 1)
    heavy = counts.pairs_from(chosen.least * average)
    return compare(chosen, cut(counts, {*chosen.mined, *heavy, *looked.opened}))


def _parts(items: Itemset) -> Iterable[Itemset]:
    """Return a set without each of its articles: in no fewer baskets than the set itself."""
    return combinations(items, len(items) - 1) if items else ()


def _worst_first(found: Finding) -> tuple[float, Itemset]:
    return -found.excess, found.items


def _agree(chosen: Chosen, itemsets: Sequence[Itemset], numbers: Sequence[int]) -> None:
    for items, number in zip(itemsets, numbers, strict=True):
        mined = chosen.mined.get(items, 0 if number < chosen.least else -1)
        if mined not in {0, number}:
            raise MinerError(
                f"{', '.join(items)}: in {number:,} of the kept baskets by their posting lists, but "
                f"{'not mined' if mined < 0 else f'{mined:,} mined'} from {chosen.least:,} on. The "
                "mining library is wrong: see whether the version is the one that is pinned."
            )


def _in_window(kept: Sequence[Kept], itemsets: Sequence[Itemset]) -> tuple[list[int], list[float]]:
    """Return in how many baskets each set is, and their summed weight, by posting lists."""
    postings: dict[str, list[int]] = {item: [] for items in itemsets for item in items}
    wanted = frozenset(postings)
    for number, basket in enumerate(kept):
        for item in wanted.intersection(basket.items):
            postings[item].append(number)
    rows = {item: np.array(places, np.int64) for item, places in postings.items()}
    weights = np.array([basket.weight for basket in kept])
    marked = np.zeros(len(kept), np.bool_)

    def both(one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        marked[one] = True
        found = other[marked[other]]
        marked[one] = False
        return found

    every = np.arange(len(kept))
    numbers, sums = [], []
    before: Itemset = ()
    shared = np.zeros(0, np.int64)
    for items in itemsets:  # sorted: a triple's first pair serves the next ones too
        found = rows[items[0]] if items else every
        if len(items) > 1:
            if before != items[:2]:
                before, shared = items[:2], both(found, rows[items[1]])
            found = shared if len(items) == 2 else both(shared, rows[items[2]])
        numbers.append(len(found))
        sums.append(float(weights[found].sum()))
    return numbers, sums

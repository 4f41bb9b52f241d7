"""Merging the shards' counts of an article's options: what is chosen, and what goes with what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from models.itemsets.significance import independence_p
from models.merge import Counts, MergeSettings, Totals
from models.options.choices import OptionChoice, OptionPair, OptionValue
from models.options.counts import W2
from models.options.names import parts_of
from schemas.fields import MAX_OPTIONS

_DIGITS = 3
_NEXT_TO_NOTHING = 1e-6


@dataclass(frozen=True, slots=True)
class Configured:
    """The counts of one article's configured lines, of all shards together.

    Effective ones: decayed sums are worth as many lines as Kish's formula says, so that they are
    not taken for more evidence than they are. Exact counts are their own effective counts.
    """

    n: float
    values: Mapping[tuple[str, ...], float]
    """By option and value."""
    pairs: Mapping[tuple[str, ...], float]
    """By both options with their values."""


def configured(weight: float, row: Counts) -> Configured:
    """Return the counts from the weight of an article's configured lines and its summed row."""
    n = Totals(weight, row.get(W2, 0.0)).effective
    scale = n / weight if weight > 0 else 0.0
    counts = {
        parts_of(name): count * scale
        for name, count in sorted(row.items())
        if name != W2 and count > 0
    }
    return Configured(
        n,
        {parts: count for parts, count in counts.items() if len(parts) == 2},
        {parts: count for parts, count in counts.items() if len(parts) == 4},
    )


def reached(row: Counts) -> frozenset[tuple[str, ...]]:
    """Return the values and pairs that enough customers of a shard chose, from the summed row."""
    return frozenset(parts_of(name) for name, shards in row.items() if shards > 0)


def choices_of(
    counts: Configured, reach: frozenset[tuple[str, ...]], settings: MergeSettings
) -> tuple[OptionChoice, ...]:
    """Return what is chosen of each option; values that few customers chose are only numbered."""
    by_option: dict[str, list[OptionValue]] = defaultdict(list)
    for (option, value), count in counts.values.items():
        by_option[option].append(OptionValue(value, round(count, _DIGITS)))
    found = []
    for option, values in by_option.items():
        without = counts.n - sum(own.count for own in values)
        shown = [own for own in values if (option, own.value) in reach]
        shown.sort(key=lambda own: (-own.count, own.value))
        if shown:
            found.append(
                OptionChoice(
                    option, round(counts.n, _DIGITS),
                    round(without, _DIGITS) if without > _NEXT_TO_NOTHING * counts.n else 0.0,
                    len(values), tuple(shown[: settings.option_values]),
                )
            )  # fmt: skip
    found.sort(key=lambda choice: (choice.without, choice.option))
    return tuple(found[:MAX_OPTIONS])


class Tested(NamedTuple):
    """An article's pairs of values, and what is to be judged together with all other articles'."""

    pairs: list[OptionPair]
    p_values: list[float]
    tests: int
    """How many pairs were tested, also those that never came."""


def pairs_tested(counts: Mapping[str, Configured], settings: MergeSettings) -> dict[str, Tested]:
    """Return what is tested of each article: all of it in one go.

    That is every two values of different options that were each chosen often enough, also where
    nobody chose both: which pairs are looked at must not hang on how often they came.
    """
    found: dict[str, Tested] = {}
    kept: list[tuple[str, tuple[str, ...]]] = []
    numbers: list[tuple[float, float, float, float]] = []
    for item, own in counts.items():
        often = {name: n for name, n in own.values.items() if n >= settings.min_count}
        sizes: dict[str, int] = defaultdict(int)
        for option, _ in often:
            sizes[option] += 1
        tests = (len(often) ** 2 - sum(size * size for size in sizes.values())) // 2
        found[item] = Tested([], [], tests)
        for pair, n_ab in own.pairs.items():
            if pair[:2] in often and pair[2:] in often:
                kept.append((item, pair))
                numbers.append((own.n, often[pair[:2]], often[pair[2:]], n_ab))
    if not kept:
        return found
    columns = np.array(numbers).T
    p = independence_p(*columns)
    p[columns[3] < settings.min_count] = 1.0
    rounded = (np.round(column, _DIGITS).tolist() for column in columns)
    for (item, (option, value, option2, value2)), chance, n, n_a, n_b, n_ab in zip(
        kept, p.tolist(), *rounded, strict=True
    ):
        own_pairs, p_values, _ = found[item]
        own_pairs.append(OptionPair(option, value, option2, value2, n, n_a, n_b, n_ab, chance))
        if chance < 1.0:
            p_values.append(chance)
    return found


def pairs_shown(
    tested: Sequence[OptionPair],
    reach: frozenset[tuple[str, ...]],
    p_limit: float,
    settings: MergeSettings,
) -> tuple[OptionPair, ...]:
    """Return the significant pairs, each beside all others of its two options, the surest first.

    All of them, for a value that goes with another says something only beside what else does.
    Nothing that only few customers chose.
    """
    together: dict[tuple[str, str], list[OptionPair]] = defaultdict(list)
    for pair in tested:
        names = (pair.option, pair.value, pair.option2, pair.value2)
        if names in reach:
            sure = pair.p <= p_limit and pair.n_ab * pair.n > pair.n_a * pair.n_b
            own = OptionPair(*names, pair.n, pair.n_a, pair.n_b, pair.n_ab, pair.p, sure)
            together[pair.option, pair.option2].append(own)
    tables = [
        sorted(table, key=lambda own: (not own.significant, own.p, own.value, own.value2))
        for table in together.values()
        if any(own.significant for own in table)
    ]
    tables.sort(key=lambda table: (table[0].p, table[0].option, table[0].option2))
    shown: list[OptionPair] = []
    for table in tables:
        shown += table
    return tuple(shown[: settings.option_pairs])

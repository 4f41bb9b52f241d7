"""Baskets in which articles do not hang together: whatever rule is published is false."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.rules.shop import Shop

BAG = "bag"
"""Is in every basket. Otherwise empty ones would have to be left out, and that alone makes articles
hang together a little."""
LOOKS = 10
NAIVE_LIFT = 1.5
NAIVE_COUNT = 5
"""The rule of thumb beside: so much lift, in so many baskets."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one run: how many rules were published in the end, ever, and by the rule of thumb."""

    published: int
    ever: int
    naive: int


def power_law(articles: int, exponent: float, most: float) -> npt.NDArray[np.float64]:
    """Return the share of baskets that each article is in: ``most / rank ** exponent``."""
    return np.asarray(most / np.arange(1, articles + 1) ** exponent, np.float64)


def shares_of(baskets: Sequence[Sequence[str]]) -> npt.NDArray[np.float64]:
    """Return the share of baskets that each article is in, the most frequent first."""
    counts = Counter(item for basket in baskets for item in set(basket))
    return np.array(sorted(counts.values(), reverse=True)) / len(baskets)


def draw(shares: npt.NDArray[np.float64], number: int, seed: int) -> npt.NDArray[np.bool_]:
    """Draw baskets (rows) that hold each article (column) by its share, whatever else is in them."""
    return np.random.default_rng(seed).random((number, len(shares))) < shares


def run(
    shares: npt.NDArray[np.float64], number: int, seed: int, *, parts: int = 4, looks: int = 1
) -> Outcome:
    """Count, merge and test ``number`` independent baskets, merging ``looks`` times on the way."""
    drawn = draw(shares, number, seed)
    baskets = [[BAG, *(f"a{article}" for article in np.flatnonzero(row))] for row in drawn]
    shop = Shop(parts)

    async def all_of_it() -> tuple[int, int]:
        ends = [number * (turn + 1) // looks for turn in range(looks)]
        published = [0]
        for start, end in zip([0, *ends], ends, strict=False):
            await shop.learn(baskets[start:end])
            published.append(len(await shop.rules()))
        return published[-1], max(published)

    last, ever = asyncio.run(all_of_it())
    return Outcome(last, ever, _naive(drawn))


def _naive(drawn: npt.NDArray[np.bool_]) -> int:
    """Return how many pairs have the lift and the count of the rule of thumb, both directions."""
    ones = drawn.astype(np.float64)
    together = ones.T @ ones
    alone = np.diag(together).copy()
    np.fill_diagonal(together, 0)
    by_chance = np.outer(alone, alone) / len(drawn)
    return int(((together >= NAIVE_COUNT) & (together >= NAIVE_LIFT * by_chance)).sum())

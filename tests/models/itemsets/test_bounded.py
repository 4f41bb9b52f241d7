"""What Lossy Counting promises, on a long tail of made-up baskets: no frequent pair lost, and small.

Most pairs of a shop come once or twice. The method holds a pair that came ``c`` times for at most
``c / epsilon`` baskets, so what is held depends on epsilon and the size of baskets, not on how many
different pairs there are: the longer the stream, the smaller the share.
"""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from models.effects import Effects
from models.itemsets.counts import ItemsetCounts, ItemsetSettings

EPSILON = 2e-3
NUMBER = 15_000
ARTICLES = 20_000


def skewed(seed: int) -> list[list[str]]:
    """Baskets of one to seven articles by a power law, like a grocer's with a long tail.

    A tenth of the orders holds one of a few bundles, of which some are about as frequent as
    epsilon: those are what a bound could lose.
    """
    rng = np.random.default_rng(seed)
    weights = 1 / np.arange(3, ARTICLES + 3) ** 0.8
    sizes = rng.integers(1, 8, NUMBER)
    drawn = iter(rng.choice(ARTICLES, sizes.sum(), p=weights / weights.sum()).tolist())
    bundles = [(f"b{n}", f"c{n}") for n in range(40)]
    rates = np.geomspace(0.5, 8, 40) * EPSILON
    bundle = rng.choice(41, NUMBER, p=[*rates, 1 - rates.sum()]).tolist()
    return [
        [f"a{next(drawn)}" for _ in range(size)] + [*(bundles[own] if own < 40 else ())]
        for size, own in zip(sizes.tolist(), bundle, strict=True)
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_all_frequent_pairs_within_their_bound_in_a_tenth_of_the_room(seed: int) -> None:
    counts = ItemsetCounts(ItemsetSettings(half_life_s=0, epsilon=EPSILON, cap=0))
    true: Counter[tuple[str, str]] = Counter()
    most, most_of_a_basket = 0, 0
    for number, skus in enumerate(skewed(seed)):
        pairs = list(combinations(sorted(set(skus)), 2))
        true.update(pairs)
        most_of_a_basket = max(most_of_a_basket, len(pairs))
        counts.learn(str(number), skus, str(number), 0.0, Effects())
        most = max(most, len(counts))

    bound = EPSILON * NUMBER
    held = dict.fromkeys(counts.pairs_from(0))
    frequent = [pair for pair, count in true.items() if count > bound]
    assert sum(pair[0][0] == "b" for pair in frequent) > 20
    assert len(frequent) > 25
    assert [pair for pair in frequent if pair not in held] == []

    off = {pair: count - counts.held(pair)[0] for pair, count in true.items()}
    assert min(off.values()) == 0
    assert 0 < max(off.values()) <= bound
    assert max(off[pair] - counts.held(pair)[1] for pair in true) <= 0  # nor beyond its own bound

    # Manku and Motwani, section 4.2, for as many pairs in each basket as the largest has.
    assert most <= most_of_a_basket / EPSILON * (math.log(bound) + 1)
    assert len(true) > 100_000
    assert most <= len(true) / 10

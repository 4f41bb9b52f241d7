"""Counts held in Redis after streaming equal those of a batch FP-growth, whatever happens."""

import contextlib
import random
from itertools import combinations

import msgspec
import pandas as pd
import pytest
from mlxtend.frequent_patterns import fpgrowth
from mlxtend.preprocessing import TransactionEncoder

from models.effects import SEPARATOR
from models.itemsets.counts import ITEMS, PAIRS, TOTALS, TRIPLES
from tests.streams.events import order
from tests.system.installation import Installation, until

BASKETS = 1500
SUPPORT = 0.02
EXACT = {
    "TAILORLINE_ITEMSETS__HALF_LIFE_S": "0",
    "TAILORLINE_ITEMSETS__EPSILON": "0",
    "TAILORLINE_ITEMSETS__CAP": "0",
    "TAILORLINE_RULES__MIN_SUPPORT": str(SUPPORT),
    "TAILORLINE_RULES__MIN_COUNT": "1",
    "TAILORLINE_MERGING__EVERY_S": "0.3",
    "TAILORLINE_TICK_S": "0.5",
}


def baskets(seed: int) -> list[list[str]]:
    """Baskets of skewed popularity with some bundles planted in them."""
    rng = random.Random(seed)
    items = [f"item-{n:02d}" for n in range(40)]
    weights = [1 / (n + 2) for n in range(40)]
    bundles = [rng.sample(items, 3) for _ in range(6)]
    found = []
    for _ in range(BASKETS):
        basket = set(rng.choices(items, weights, k=rng.randint(1, 6)))
        if rng.random() < 0.5:
            basket |= set(rng.choice(bundles))
        found.append(sorted(basket))
    return found


def frequent(transactions: list[list[str]]) -> dict[frozenset[str], float]:
    encoder = TransactionEncoder()
    table = pd.DataFrame(encoder.fit_transform(transactions), columns=encoder.columns_)
    sets = fpgrowth(table, min_support=SUPPORT, use_colnames=True, max_len=3)
    return {frozenset(row.itemsets): row.support for row in sets.itertuples()}


def held(installation: Installation, expected: dict[frozenset[str], float]) -> dict:
    """The supports in Redis of the sets that FP-growth found."""
    n = installation.counts(TOTALS)["n"]
    items, triples = installation.counts(ITEMS), installation.counts(TRIPLES)
    rows = {item: installation.counts(PAIRS + item) for item in items}
    found = {}
    for itemset in expected:
        names = sorted(itemset)
        if len(names) == 1:
            count = items[names[0]]
        elif len(names) == 2:
            count = rows[names[0]].get(names[1], 0)
            assert rows[names[1]].get(names[0], 0) == count
        else:
            count = triples.get(SEPARATOR.join(names), 0)
        found[itemset] = count / n
    for one, other in combinations(sorted(items), 2):
        # Nothing is frequent in Redis that is not in the batch result.
        assert rows[one].get(other, 0) / n < SUPPORT or frozenset((one, other)) in expected
    return found


@pytest.mark.parametrize(("workers", "kill"), [(1, False), (2, False), (2, True)])
def test_supports_in_redis_equal_fp_growth(installation, workers: int, kill: bool):
    transactions = baskets(5)
    expected = frequent(transactions)
    assert sum(len(itemset) == 3 for itemset in expected) > 10
    messages = [
        ("orders", f"c{n}".encode(), msgspec.json.encode(order(n, *b, customer=f"c{n}", second=n)))
        for n, b in enumerate(transactions)
    ]
    for _ in range(workers):
        installation.start_worker(**EXACT)
    installation.publish(messages[: BASKETS // 2])
    if kill:
        until(lambda: installation.tally()["orders:read"] > 50, "the first orders to be applied")
        installation.workers[0].kill()
        installation.start_worker(**EXACT)
    installation.publish(messages[BASKETS // 2 :])
    until(installation.applied, "all orders to be applied")

    found: dict = {}

    def equal() -> bool:
        # Triples are opened when the merged view shows their pairs to be frequent, and each shard
        # counts what its kept baskets hold of them when it adopts that view: some seconds later.
        nonlocal found
        found = held(installation, expected)
        return found == pytest.approx(expected, abs=1e-12)

    with contextlib.suppress(AssertionError):
        until(equal, "the counts to equal FP-growth's", 45.0)
    assert found == pytest.approx(expected, abs=1e-12)

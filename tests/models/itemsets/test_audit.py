"""The audit: silent about what holds, loud about what does not."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.effects import Effects
from models.itemsets.audit import audit, choose, compare, cut, look, together
from models.itemsets.counts import ItemsetCounts, ItemsetSettings
from models.itemsets.mining import MinerError
from tests.models.itemsets.planted import baskets

DAY = 86400.0
EXACT = ItemsetSettings(half_life_s=0, epsilon=0, cap=0)
MODES = {
    "exact": EXACT,
    "lossy": ItemsetSettings(half_life_s=0, epsilon=0.02, cap=0),
    "decayed": ItemsetSettings(half_life_s=20 * DAY, epsilon=0, cap=5),
    "both": ItemsetSettings(half_life_s=0.4 * DAY, epsilon=0.01, cap=0),
    "few pairs": ItemsetSettings(half_life_s=0, epsilon=0, max_pairs=64),
}


def by_hand(
    made: Sequence[tuple[str, ...]], least: int, triples: Collection[tuple[str, ...]] | None = None
) -> dict[tuple[str, ...], int]:
    found: dict[tuple[str, ...], int] = {}
    for basket in made:
        for size in (1, 2, 3):
            for items in combinations(basket, size):
                if size < 3 or triples is None or items in triples:
                    found[items] = found.get(items, 0) + 1
    return {items: count for items, count in found.items() if count >= least}


def shard(
    of: ItemsetSettings,
    seed: int = 1,
    *,
    window: int = 50_000,
    back: float = 0.2,
    number: int = 300,
) -> ItemsetCounts:
    """A shard that has learnt, opened triples on the way, taken back, and forgotten an article."""
    rng = random.Random(seed)
    counts = ItemsetCounts(ItemsetSettings(**{**as_dict(of), "window": window}))
    orders: list[str] = []
    for turn, (order_id, skus) in enumerate(baskets(seed, number).items()):
        counts.learn(order_id, skus, f"c{turn % 50}", turn * 0.1 * DAY, Effects())
        orders.append(order_id)
        if turn % 100 == 60:
            frequent = by_hand([kept.items for kept in counts.window.baskets()], 8)
            counts.open_triples((i for i in frequent if len(i) == 3), Effects())
        if rng.random() < back:
            counts.unlearn(rng.choice(orders), frozenset(rng.sample(skus, 1)), Effects())
        if turn == number // 2:
            counts.forget(["a20", "a11"], Effects())
    assert counts.opened
    return counts


def as_dict(of: ItemsetSettings) -> dict[str, float]:
    return {name: getattr(of, name) for name in of.__dataclass_fields__}


@pytest.mark.parametrize("window", [50_000, 120])
@pytest.mark.parametrize("mode", MODES)
def test_what_the_shards_count_passes(mode: str, window: int) -> None:
    for seed in range(4):
        found = audit(shard(MODES[mode], seed, window=window), by_hand, 0.01, 2)
        assert found.worst == ()
        assert (found.violations, found.missing, found.complete) == (0, 0, window > 300)
        assert found.compared > 80
        if mode in {"exact", "decayed"} and found.complete:
            assert found.largest_difference == 0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sets(st.integers(0, 8), min_size=1, max_size=5), st.floats(0, 1)),
        min_size=20, max_size=150,
    ),
    st.sampled_from([0.0, 0.03, 0.1]), st.sampled_from([0.0, DAY]), st.sampled_from([40, 500]),
    st.sampled_from([12, 1000]),
)  # fmt: skip
def test_no_order_of_orders_and_returns_is_beyond_the_bounds(
    rows: list[tuple[set[int], float]], epsilon: float, half_life: float, window: int, pairs: int
) -> None:
    counts = ItemsetCounts(
        ItemsetSettings(half_life, epsilon, cap=0, window=window, max_pairs=pairs)
    )
    for turn, (row, chance) in enumerate(rows):
        counts.learn(f"o{turn}", [f"a{n}" for n in row], "c", turn * 0.1 * DAY, Effects())
        if turn % 40 == 20:
            triples = [items for items in by_hand([tuple(sorted({f"a{n}" for n in r}))
                       for r, _ in rows[:turn]], 3) if len(items) == 3]  # fmt: skip
            counts.open_triples(triples, Effects())
        if chance < 0.4:
            counts.unlearn(f"o{int(turn * chance / 0.4)}", frozenset(), Effects())
    assert audit(counts, by_hand, 0.0, 1).worst == ()


def spoil_item(counts: ItemsetCounts) -> tuple[str, ...]:
    counts._items["a00"] += 1
    return ("a00",)


def spoil_pair(by: float) -> Callable[[ItemsetCounts], tuple[str, ...]]:
    def spoil(counts: ItemsetCounts) -> tuple[str, ...]:
        counts._pairs["a00", "a01"] += by
        return ("a00", "a01")

    return spoil


def lose_pair(counts: ItemsetCounts) -> tuple[str, ...]:
    counts._forget(("a00", "a01"), Effects())
    return ("a00", "a01")


def spoil_triple(by: int) -> Callable[[ItemsetCounts], tuple[str, ...]]:
    def spoil(counts: ItemsetCounts) -> tuple[str, ...]:
        counts._triples["a00\x1fa01\x1fa02"] += by
        return ("a00", "a01", "a02")

    return spoil


def spoil_weight(counts: ItemsetCounts) -> tuple[str, ...]:
    counts._weight += 1
    return ()


def invent_pair(counts: ItemsetCounts) -> tuple[str, ...]:
    """A pair that is heavy in the shard and in hardly a basket: mining finds nothing of it."""
    counts._pairs["a03", "a04"] = counts._pairs.get(("a03", "a04"), 0) + 60
    return ("a03", "a04")


FAULTS = [
    spoil_item, spoil_pair(1), spoil_pair(-1), lose_pair, spoil_triple(1), spoil_triple(-1),
    spoil_weight, invent_pair,
]  # fmt: skip


@pytest.mark.parametrize("spoil", FAULTS)
def test_one_basket_off_is_found(spoil: Callable[[ItemsetCounts], tuple[str, ...]]) -> None:
    counts = shard(EXACT)
    items = spoil(counts)
    found = audit(counts, by_hand, 0.1, 2)
    assert items in {finding.items for finding in found.worst}
    assert found.violations >= 1
    assert found.missing == (spoil is lose_pair)
    assert found.largest_difference >= 1 or items == ()


@pytest.mark.parametrize("by", [-4, 1])
def test_lossy_counts_may_lack_what_they_say_and_never_have_more(by: int) -> None:
    counts = shard(MODES["lossy"], back=0)
    assert audit(counts, by_hand, 0.1, 2).violations == 0
    pair = ("a00", "a01")
    exact = sum(set(pair) <= set(kept.items) for kept in counts.window.baskets())
    counts._born[pair] = 3.0
    counts._pairs[pair] = exact - 3.0
    assert audit(counts, by_hand, 0.1, 2).violations == 0
    counts._pairs[pair] = exact + by
    found = audit(counts, by_hand, 0.1, 2)
    assert found.worst[0].items == pair
    assert found.worst[0].excess == pytest.approx(1)


def test_a_decayed_sum_that_lacks_one_old_basket_is_found() -> None:
    counts = shard(MODES["decayed"], back=0)
    old = next(kept for kept in counts.window.baskets() if {"a00", "a01"} <= set(kept.items))
    counts._pairs["a00", "a01"] -= old.weight
    assert [found.items for found in audit(counts, by_hand, 0.05, 2).worst] == [("a00", "a01")]


def test_once_baskets_are_gone_a_count_may_have_more_than_the_window() -> None:
    counts = shard(EXACT, window=120, back=0)
    found = audit(counts, by_hand, 0.1, 2)
    assert (found.complete, found.baskets, found.violations) == (False, 120, 0)
    part = sum({"a00", "a01"} <= set(kept.items) for kept in counts.window.baskets())
    counts._pairs["a00", "a01"] = part - 1
    worst = audit(counts, by_hand, 0.1, 2).worst[-1]
    assert (worst.items, worst.held, worst.low) == (("a00", "a01"), part - 1, part)


def test_once_baskets_are_gone_no_set_is_heavier_than_a_part_of_it() -> None:
    counts = shard(EXACT, window=120, back=0)
    counts._pairs["a00", "a01"] = counts._items["a00"] + 1
    worst = audit(counts, by_hand, 0.1, 2).worst
    assert [(found.items, found.excess) for found in worst] == [(("a00", "a01"), 1)]


def test_nothing_is_heavier_than_the_older_baskets_allow() -> None:
    counts = shard(EXACT, window=290, back=0)
    part = sum("a00" in kept.items for kept in counts.window.baskets())
    counts._items["a00"] = part + 11
    assert audit(counts, by_hand, 0.1, 2).worst[0].high == part + 10


def test_many_small_cuts_say_what_one_says() -> None:
    counts = shard(MODES["lossy"])
    for spoil in (spoil_item, spoil_triple(1), lose_pair):
        spoil(counts)
    chosen = choose(look(counts), by_hand, 0.01, 2)
    whole = compare(chosen, cut(counts, chosen.mined))
    ordered = sorted(chosen.mined)
    parts = [compare(chosen, cut(counts, ordered[n : n + 7])) for n in range(0, len(ordered), 7)]
    assert together(parts) == whole
    assert whole.violations >= 3


def test_a_cut_holds_while_the_shard_goes_on() -> None:
    """Mined before, cut afterwards: baskets and counts of the cut are of one moment."""
    counts = shard(EXACT, window=150)
    chosen = choose(look(counts), by_hand, 0.01, 2)
    for order_id, skus in baskets(9, 40).items():
        counts.learn(order_id, skus, "c", 40 * DAY, Effects())
    taken = cut(counts, chosen.mined)
    for order_id, skus in baskets(10, 40).items():
        counts.learn(order_id, skus, "c", 40 * DAY, Effects())
    assert compare(chosen, taken).worst == ()


def test_too_many_sets_raise_the_least_count() -> None:
    looked = look(shard(EXACT))
    everything = choose(looked, by_hand, 0.0, 1)
    few = choose(looked, by_hand, 0.0, 1, most=40)
    assert few.least > everything.least == 1
    assert 20 < len(few.mined) <= 41  # and that of all baskets
    assert few.mined == {i: n for i, n in everything.mined.items() if n >= few.least}


@pytest.mark.parametrize("wrong", ["more", "less", "none"])
def test_a_miner_that_disagrees_with_the_posting_lists_is_told(wrong: str) -> None:
    def mine(*asked) -> dict[tuple[str, ...], int]:
        found = by_hand(*asked)
        pair = ("a00", "a01")
        if wrong == "none":
            del found[pair]
        else:
            found[pair] += 1 if wrong == "more" else -1
        return found

    with pytest.raises(MinerError, match="a00, a01"):
        audit(shard(EXACT), mine, 0.1, 2)


def test_an_empty_shard_has_nothing_to_say() -> None:
    found = audit(ItemsetCounts(EXACT), by_hand, 0.1, 2)
    assert (found.baskets, found.compared, found.violations) == (0, 0, 0)


def rare_pairs() -> ItemsetCounts:
    """Forgotten by Lossy Counting after twenty baskets, with their triple opened before."""
    counts = ItemsetCounts(ItemsetSettings(half_life_s=0, epsilon=0.1, cap=0))
    counts.learn("abc", "abc", "c", 0.0, Effects())
    counts.open_triples([("a", "b", "c")], Effects())
    for number in range(19):
        counts.learn(f"o{number}", "x", "c", 0.0, Effects())
    assert len(counts) == 0
    return counts


def test_orders_taken_back_do_not_lessen_what_a_forgotten_pair_may_have_had() -> None:
    counts = rare_pairs()
    for number in range(15):
        counts.unlearn(f"o{number}", frozenset(), Effects())
    assert counts.held(("a", "b")) == (0.0, 2.0)
    assert audit(counts, by_hand, 0.0, 1).worst == ()
    counts.learn("again", "ab", "c", 0.0, Effects())
    assert counts.held(("a", "b")) == (1.0, 2.0)


def test_a_triple_is_taken_back_though_its_pairs_were_forgotten() -> None:
    counts = rare_pairs()
    assert counts.held(("a", "b", "c")) == (1.0, 0.0)
    counts.unlearn("abc", frozenset(), Effects())
    assert counts.held(("a", "b", "c")) == (0.0, 0.0)
    assert audit(counts, by_hand, 0.0, 1).worst == ()

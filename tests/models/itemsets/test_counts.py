"""Counts of what is bought together, held against FP-growth, explicit weights and their bounds."""

from __future__ import annotations

import pickle
import random
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.effects import Effects
from models.itemsets.counts import PAIRS, REACH, TOTALS, ItemsetCounts, ItemsetSettings
from models.itemsets.sampling import basket_of
from tests.models.itemsets.planted import Shards, baskets, frequent
from tests.models.stores import Store, totals_of

EXACT = ItemsetSettings(half_life_s=0, epsilon=0, cap=0)
LEAST = 6


def shards(number: int = 1, of: ItemsetSettings = EXACT, least: int = LEAST) -> Shards:
    return Shards([ItemsetCounts(of) for _ in range(number)], least)


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_exact_counts_equal_fp_growth(seed: int, number: int) -> None:
    made, ours = baskets(seed), shards(number)
    for turn, (order_id, skus) in enumerate(made.items()):
        ours.learn(order_id, skus)
        if turn in {99, 200, 299}:
            ours.merge()  # triples open late: what came before is counted afterwards
    expected = frequent(made.values(), LEAST)
    assert sum(len(items) == 3 for items in expected) > 5
    assert ours.frequent(LEAST) == expected
    assert sum(store.baskets for store in ours.stores) == 300
    assert totals_of(ours.stores).effective == 300


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("seed", [4, 5])
def test_what_is_taken_back_was_never_there(seed: int, number: int) -> None:
    made, ours, rng = baskets(seed), shards(number), random.Random(seed)
    left: dict[str, tuple[str, ...]] = {}
    for turn, (order_id, skus) in enumerate(made.items()):
        ours.learn(order_id, skus)
        left[order_id] = skus
        if turn in {80, 250}:
            ours.merge()
        if rng.random() < 0.3:
            victim = rng.choice(sorted(left))
            back = rng.sample(left[victim], k=rng.randint(0, len(left[victim])))
            assert ours.unlearn(victim, back)
            basket = left.pop(victim)
            rest = tuple(sku for sku in basket if sku not in back) if back else ()
            if rest:
                left[victim] = rest
    ours.merge()
    assert ours.frequent(LEAST) == frequent(left.values(), LEAST)
    assert sum(store.baskets for store in ours.stores) == len(left)
    assert not ours.unlearn("o0-0")


def test_all_counts_are_whole_numbers_without_decay() -> None:
    effects, counts = Effects(), ItemsetCounts(EXACT)
    counts.learn("o", "abc", "c", 5.0, effects)
    counts.open_triples([("a", "b", "c")], effects)
    counts.unlearn("o", frozenset("a"), effects)
    assert all(type(n) is int for row in effects.deltas.values() for n in row.values())


def test_every_article_of_a_basket_is_marked_for_the_merge() -> None:
    effects = Effects()
    ItemsetCounts(EXACT).learn("o", "abc", "c", 0.0, effects)
    assert effects.dirty == {0: set("abc")}


def test_a_basket_of_one_makes_no_pair_and_no_row() -> None:
    effects, counts = Effects(), ItemsetCounts(EXACT)
    counts.learn("o", "aa", "c", 0.0, effects)
    assert len(counts) == 0
    assert not any(key.startswith(PAIRS) for key in effects.deltas)


@pytest.mark.parametrize("seed", range(3))
def test_big_baskets_count_as_their_sample(seed: int) -> None:
    rng = random.Random(seed)
    capped = ItemsetSettings(half_life_s=0, epsilon=0, cap=6)
    skus = [f"a{n}" for n in range(20)]
    made = {f"o-{n}": rng.sample(skus, k=rng.randint(1, 20)) for n in range(150)}
    ours = shards(1, capped)
    for order_id, basket in made.items():
        ours.learn(order_id, rng.sample(basket, k=len(basket)))
    sampled = [basket_of(basket, order_id, 6) for order_id, basket in made.items()]
    expected = frequent(sampled, LEAST)
    assert {i: n for i, n in expected.items() if len(i) < 3} == ours.frequent(LEAST)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sets(st.integers(0, 11), min_size=1, max_size=5), min_size=20, max_size=300),
    st.sampled_from([0.02, 0.05, 0.1]),
)
def test_lossy_counting_keeps_its_bound(rows: list[set[int]], epsilon: float) -> None:
    ours = shards(1, ItemsetSettings(half_life_s=0, epsilon=epsilon, cap=0))
    true: dict[frozenset[str], int] = {}
    for turn, row in enumerate(rows):
        skus = sorted(f"a{n}" for n in row)
        ours.learn(f"o-{turn}", skus)
        for pair in combinations(skus, 2):
            true[frozenset(pair)] = true.get(frozenset(pair), 0) + 1
    held = {items: n for items, n in ours.frequent(0).items() if len(items) == 2}
    bound = epsilon * len(rows)
    assert all(true[pair] - bound <= n <= true[pair] for pair, n in held.items())
    assert all(pair in held for pair, n in true.items() if n > bound)
    assert len(held) == len(ours.shards[0])


def test_what_is_rare_goes_from_the_store_too_and_its_cancellation_is_no_debt() -> None:
    ours = shards(1, ItemsetSettings(half_life_s=0, epsilon=0.1, cap=0, min_customers=1))
    ours.learn("o-0", "xy")
    store = ours.stores[0]
    assert store.counts(PAIRS + "x") == store.counts(REACH + "x") == {"y": 1}
    for turn in range(1, 21):
        ours.learn(f"o-{turn}", "ab")
    assert store.counts(PAIRS + "x") == store.counts(REACH + "x") == store.counts(PAIRS + "y") == {}
    assert len(ours.shards[0]) == 1
    assert ours.unlearn("o-0")
    assert store.counts(PAIRS + "x") == {}
    assert store.counts("count:items")["x"] == 0


def test_a_pair_that_went_and_came_back_is_shown_again() -> None:
    ours = shards(1, ItemsetSettings(half_life_s=0, epsilon=0.1, cap=0, min_customers=2))
    for turn in range(2):
        ours.learn(f"o-{turn}", "xy")
    for turn in range(2, 40):
        ours.learn(f"o-{turn}", "ab")
    store = ours.stores[0]
    assert store.counts(REACH + "x") == {}
    ours.learn("o-40", "xy")
    assert store.counts(REACH + "x") == {}
    ours.learn("o-41", "xy")
    assert store.counts(REACH + "x") == {"y": 1}


def test_what_is_rare_also_goes_after_the_landmark_has_moved() -> None:
    ours = shards(1, ItemsetSettings(half_life_s=50.0, epsilon=0.1, cap=0))
    for turn in range(8):
        ours.learn(f"o-{turn}", "ab", 2160.0)
    ours.learn("o-8", "xy", 2160.0)  # 4 s before the landmark of 2,164 s: hardly decayed after it
    for turn in range(9, 30):
        ours.learn(f"o-{turn}", "ab", 2170.0)
    assert {items for items in ours.frequent(0) if len(items) == 2} == {frozenset("ab")}


def explicit(
    placed: dict[str, tuple[float, tuple[str, ...]]], half_life: float
) -> dict[frozenset[str], float]:
    """Return the decayed support of all sets, each basket weighed by hand."""
    now = max(at for at, _ in placed.values())
    total, sums = 0.0, dict[frozenset[str], float]()
    for at, skus in placed.values():
        weight = 0.5 ** ((now - at) / half_life)
        total += weight
        for size in (1, 2, 3):
            for items in combinations(sorted(set(skus)), size):
                sums[frozenset(items)] = sums.get(frozenset(items), 0.0) + weight
    return {items: weight / total for items, weight in sums.items()}


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("seed", range(3))
def test_decayed_supports_equal_explicit_weights(seed: int, number: int) -> None:
    half_life = 50.0  # a landmark serves 2,164 s: several pass, some with late events
    rng = random.Random(seed)
    ours = shards(number, ItemsetSettings(half_life_s=half_life, epsilon=0, cap=0), least=0)
    placed: dict[str, tuple[float, tuple[str, ...]]] = {}
    at = 1e6
    triples = list(combinations([f"a{n:02d}" for n in range(8)], 3))
    for turn, (order_id, skus) in enumerate(baskets(seed, 250, articles=8).items()):
        at += rng.choice([1.0, 30.0, 200.0 if turn > 200 else 10.0])
        when = at - rng.choice([0.0, 0.0, 0.0, 120.0])
        placed[order_id] = (when, skus)
        ours.learn(order_id, skus, when)
        for shard, store in zip(ours.shards, ours.stores, strict=True):
            effects = Effects()
            if turn == 40:
                shard.open_triples(triples, effects)
            shard.advance(at, effects)
            store.apply(effects)
        if rng.random() < 0.2:
            victim = rng.choice(sorted(placed))
            gone = frozenset(placed[victim][1][:1])
            assert ours.unlearn(victim, gone)
            rest = tuple(sku for sku in placed[victim][1] if sku not in gone)
            placed[victim] = (placed[victim][0], rest)
            if not rest:
                del placed[victim]
    totals = totals_of(ours.stores)
    found = {items: n / totals.w for items, n in ours.frequent(-1).items()}
    expected = explicit(placed, half_life)
    for items in found.keys() | expected.keys():
        assert found.get(items, 0.0) == pytest.approx(expected.get(items, 0.0), abs=1e-9), items
    weights = [0.5 ** ((at - when) / half_life) for when, _ in placed.values()]
    effective = sum(weights) ** 2 / sum(weight**2 for weight in weights)
    assert totals.effective == pytest.approx(effective, rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_lossy_counting_keeps_its_bound_over_landmarks(seed: int) -> None:
    half_life, epsilon, at = 50.0, 0.02, 1e6
    ours = shards(1, ItemsetSettings(half_life_s=half_life, epsilon=epsilon, cap=0))
    placed: dict[str, tuple[float, tuple[str, ...]]] = {}
    for order_id, skus in baskets(seed, 400, articles=12).items():
        at += 15.0  # two landmarks pass
        placed[order_id] = (at, skus)
        ours.learn(order_id, skus, at)
    total = totals_of(ours.stores).w
    held = {items: n / total for items, n in ours.frequent(0).items() if len(items) == 2}
    true = {items: s for items, s in explicit(placed, half_life).items() if len(items) == 2}
    assert all(true[pair] - epsilon - 1e-9 <= s <= true[pair] + 1e-9 for pair, s in held.items())
    assert all(pair in held for pair, s in true.items() if s > epsilon + 1e-9)
    assert len(held) < len(true)


def test_what_has_decayed_to_nothing_is_forgotten() -> None:
    ours = shards(1, ItemsetSettings(half_life_s=1.0, cap=0, min_customers=1))
    effects, store = Effects(), ours.stores[0]
    ours.learn("o-0", "xyz", 1000.0)
    ours.shards[0].open_triples([("x", "y", "z")], effects)
    store.apply(effects)
    assert len(ours.frequent(0)) == 7
    ours.learn("o-1", "ab", 1100.0)
    assert len(ours.shards[0]) == 1
    assert {frozenset("ab"), frozenset("a"), frozenset("b")} == set(ours.frequent(0))
    assert store.counts(REACH + "x") == {}
    assert store.counts(TOTALS)["n"] == 2
    assert ours.unlearn("o-0"), "still in the window"
    assert store.counts(TOTALS)["n"] == 1


def test_a_quiet_shard_keeps_up_with_the_landmark() -> None:
    busy, quiet = (ItemsetCounts(ItemsetSettings(half_life_s=1.0)) for _ in range(2))
    stores = [Store(), Store()]
    for turn, shard in enumerate((busy, quiet)):
        effects = Effects()
        shard.learn("o", "ab", "c", 1000.0, effects)
        stores[turn].apply(effects)
    for turn, shard in enumerate((busy, quiet)):
        effects = Effects()
        shard.advance(1030.0, effects)
        stores[turn].apply(effects)
    assert stores[0].itemsets() == stores[1].itemsets()
    effects = Effects()
    quiet.advance(1030.5, effects)
    assert not effects.deltas
    assert not effects.puts


def test_few_customers_hide_a_pair_and_one_customer_counts_once() -> None:
    store, counts = Store(), ItemsetCounts(EXACT)
    for order in range(20):
        effects = Effects()
        counts.learn(f"o{order}", "ab", f"c{order % 4}", 0.0, effects)
        store.apply(effects)
    assert store.counts(REACH + "a") == {}
    effects = Effects()
    counts.learn("last", "ab", "c5", 0.0, effects)
    store.apply(effects)
    assert store.counts(REACH + "a") == {"b": 1}
    assert store.counts(REACH + "b") == {"a": 1}


def test_the_counts_hold_no_customer_id() -> None:
    counts = ItemsetCounts(EXACT)
    counts.learn("order", "ab", "somebody", 0.0, Effects())
    assert b"somebody" not in pickle.dumps(counts)


def test_the_number_of_triples_is_bounded() -> None:
    counts = ItemsetCounts(ItemsetSettings(max_triples=2))
    counts.open_triples([("b", "c", "d"), ("a", "b", "c")], Effects())
    counts.open_triples([("a", "b", "c"), ("a", "c", "d")], Effects())
    assert counts.opened == {("a", "b", "c"), ("b", "c", "d")}


def pairs_held(ours: Shards) -> dict[frozenset[str], float]:
    return {items: n for items, n in ours.frequent(0).items() if len(items) == 2}


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sets(st.integers(0, 30), min_size=1, max_size=5), min_size=20, max_size=200),
    st.sampled_from([3, 20, 40]),
)
def test_the_number_of_pairs_is_bounded_and_no_count_is_too_high(
    rows: list[set[int]], most: int
) -> None:
    ours = shards(1, ItemsetSettings(half_life_s=0, epsilon=0, cap=0, max_pairs=most))
    true: dict[frozenset[str], int] = {}
    for turn, row in enumerate(rows):
        skus = sorted(f"a{n}" for n in row)
        ours.learn(f"o-{turn}", skus)
        for pair in combinations(skus, 2):
            true[frozenset(pair)] = true.get(frozenset(pair), 0) + 1
        assert len(ours.shards[0]) <= most
    held, counts = pairs_held(ours), ours.shards[0]
    assert len(held) == len(counts)
    for pair, n in true.items():
        # Space-Saving: a pair has at most what is held of it and what it may have lost.
        first, second = sorted(pair)
        lost = counts._born.get((first, second), 0.0) if pair in held else counts._lost
        assert held.get(pair, 0) <= n <= held.get(pair, 0) + lost
    if len(true) <= most:
        assert held == true


def test_the_lightest_pairs_go_and_of_equal_ones_the_oldest() -> None:
    ours = shards(1, ItemsetSettings(half_life_s=0, epsilon=0, cap=0, max_pairs=32))
    for turn in range(3):
        ours.learn(f"o-{turn}", "ab")
    for turn in range(3, 36):
        ours.learn(f"o-{turn}", [f"x{turn}", f"y{turn}"])
    held = pairs_held(ours)
    assert held[frozenset("ab")] == 3
    assert len(held) == 32 - 2 + 1
    assert frozenset({"x3", "y3"}) not in held
    assert frozenset({"x35", "y35"}) in held
    assert ours.stores[0].counts(PAIRS + "x3") == {}


@pytest.mark.parametrize("seed", [6, 7])
def test_what_is_forgotten_was_never_bought(seed: int) -> None:
    made, ours, rng = baskets(seed), shards(), random.Random(seed)
    gone = {"a00", "a05", "a17"}
    left: dict[str, tuple[str, ...]] = {}
    for turn, (order_id, skus) in enumerate(made.items()):
        ours.learn(order_id, skus)
        left[order_id] = skus
        if turn in {80, 250}:
            ours.merge()
        if turn == 150:
            effects = Effects()
            ours.shards[0].forget(sorted(gone), effects)
            ours.stores[0].apply(effects)
            assert not any(gone & set(triple) for triple in ours.shards[0].opened)
            assert not any(gone & items for items in ours.stores[0].itemsets())
            left = {o: tuple(s for s in own if s not in gone) for o, own in left.items()}
        if rng.random() < 0.2 and turn > 160:
            victim = rng.choice(sorted(o for o, own in left.items() if own))
            assert ours.unlearn(victim)
            del left[victim]
    ours.merge()
    assert ours.frequent(LEAST) == frequent([own for own in left.values() if own], LEAST)
    assert ours.stores[0].baskets == len(left)


def test_the_merge_is_told_of_those_bought_with_what_is_forgotten() -> None:
    effects, counts = Effects(), ItemsetCounts(EXACT)
    counts.learn("o", "abc", "c", 0.0, effects)
    counts.learn("p", "de", "c", 0.0, effects)
    effects = Effects()
    counts.forget(["a"], effects)
    assert effects.dirty == {0: set("abc")}


def test_pairs_do_not_grow_by_much_more_than_a_quarter_before_rare_ones_go() -> None:
    """Between two prunings by number of baskets there would be twice as many pairs as are kept."""
    settings = ItemsetSettings(half_life_s=0, epsilon=1e-3)
    counts, rng, sizes = ItemsetCounts(settings), random.Random(1), list[int]()
    for n in range(4_000):
        counts.learn(f"o{n}", {f"r{rng.randrange(3_000)}" for _ in range(4)}, "c", 0.0, Effects())
        sizes.append(len(counts))
    kept = [after for before, after in pairwise(sizes) if after < before]
    assert len(kept) > 10
    assert max(sizes) < 1.3 * max(kept)

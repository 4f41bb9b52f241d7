"""Counts of options, held against a recount of what was not taken back, and within their bounds."""

from __future__ import annotations

import pickle
import random
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.effects import Effects
from models.itemsets.counts import ItemsetSettings
from models.itemsets.sampling import basket_of
from models.options.counts import CONFIGURED, OPTIONS, W2, OptionCounts, OptionSettings
from models.options.names import name_of
from schemas.orders import OrderLine
from tests.models.events import line
from tests.models.options.recount import EXACT, Orders, Shard

names = st.sampled_from(["a", "b", "a:b", "a=b", "a\x1fb", "a\x1eb", "\x1f", "\x1es", " "])
lines = st.builds(
    OrderLine,
    sku=st.sampled_from(["s", "s:a", "t"]),
    quantity=st.integers(1, 3),
    options=st.dictionaries(names, names, max_size=3),
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("place"), st.integers(0, 9), st.lists(lines, min_size=1, max_size=4)),
        st.tuples(st.just("back"), st.integers(0, 9), st.lists(lines, max_size=3)),
    ),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(steps)
def test_counts_are_those_of_a_recount_of_what_was_not_taken_back(made: list[Any]) -> None:
    ours, orders = Shard(), Orders()
    for number, (kind, which, some) in enumerate(made):
        known = sorted(orders.units)
        if kind == "place":
            orders.place(f"o{number:03d}", some)
            ours.learn(f"o{number:03d}", some)
        elif known:
            order_id = known[which % len(known)]
            orders.take_back(order_id, some)
            ours.unlearn(order_id, some)
        assert ours.counts() == orders.counts()
    assert ours.held() == ours.stored()
    squares = {sku: row[W2] for sku, row in ours.store.rows(OPTIONS).items() if W2 in row}
    assert squares == ours.store.counts(CONFIGURED)


def configured(rng: random.Random, articles: int = 6) -> list[OrderLine]:
    """Draw an order of one to three lines; some options are typed by the customer."""
    drawn = []
    for _ in range(rng.randint(1, 3)):
        options = {"wood": rng.choice(["oak", "ash", "elm"]), "oil": rng.choice(["matt", "gloss"])}
        if rng.random() < 0.5:
            options["engraving"] = f"dear {rng.randrange(10**6)}"
        drawn.append(
            OrderLine(
                sku=f"s{rng.randrange(articles)}", quantity=rng.randint(1, 2), options=options
            )
        )
    return drawn


@pytest.mark.parametrize("seed", range(3))
def test_decayed_counts_are_explicit_weights(seed: int) -> None:
    half_life, at, rng = 50.0, 1e6, random.Random(seed)
    ours, orders = Shard(ItemsetSettings(half_life_s=half_life, cap=0)), Orders()
    for number in range(200):
        at += rng.choice([1.0, 10.0, 200.0 if number > 150 else 30.0])  # some landmarks pass
        some, when = configured(rng), at - rng.choice([0.0, 0.0, 120.0])
        ours.learn(f"o{number}", some, when)
        orders.place(f"o{number}", some, when)
        if rng.random() < 0.3:
            victim, back = rng.choice(sorted(orders.units)), configured(rng)[: rng.randint(0, 1)]
            ours.unlearn(victim, back)
            orders.take_back(victim, back)
    effects = Effects()
    ours.counted.advance(at, effects)
    ours.store.apply(effects)
    now = ours.counted._decay.weight(at)
    found = {name: n / now for name, n in ours.counts().items()}
    expected = orders.counts(half_life, at)
    assert len([name for name in expected if len(name) == 5]) > 20
    for name in found.keys() | expected.keys():
        assert found.get(name, 0.0) == pytest.approx(expected.get(name, 0.0), abs=1e-9), name
    assert not ours.apart()
    weights: dict[str, list[float]] = {}
    for order_id, unit in orders.lines():
        age = at - orders.at[order_id]
        weights.setdefault(unit.sku, []).append(0.5 ** (age / half_life))
    for sku, row in ours.store.rows(OPTIONS).items():
        squared = sum(weight * weight for weight in weights.get(sku, ()))
        assert row.get(W2, 0.0) / now**2 == pytest.approx(squared, abs=1e-9)


@pytest.mark.parametrize(
    "bounds",
    [
        OptionSettings(max_items=60, max_values=9, max_pairs=14),
        OptionSettings(max_values=5, max_pairs=500),
        OptionSettings(max_values=500, max_pairs=5),
    ],
)
@pytest.mark.parametrize("half_life", [0.0, 600.0])
@pytest.mark.parametrize("seed", range(2))
def test_bounded_counts_are_those_since_they_began(
    seed: int, half_life: float, bounds: OptionSettings
) -> None:
    baskets, rng, at = ItemsetSettings(half_life_s=half_life, cap=0), random.Random(seed), 1e6
    ours, counted = Shard(baskets, bounds), list[tuple[int, str, tuple[str, ...], float]]()
    began = 0
    for number in range(400):
        at += 20.0
        some = configured(rng)
        ours.learn(f"o{number}", some, at)
        for one in some:
            began += 1
            own = tuple(sorted(name_of(*pair) for pair in one.options.items()))
            counted.append((began, one.sku, own, at))
        assert len(ours.counted) <= bounds.max_items
        for article in ours.counted._articles.values():
            assert len(article.values) <= bounds.max_values
            assert len(article.pairs) <= bounds.max_pairs
            assert {name for pair in article.pairs for name in halves(pair)} <= set(article.values)
        if rng.random() < 0.3:
            # Whole orders only, so that what is left is plain to see; also such as were forgotten.
            back = rng.randrange(number + 1)
            ours.unlearn(f"o{back}")
            counted = [own for own in counted if own[3] != 1e6 + 20.0 * (back + 1)]
        if number % 90 == 60:
            ours.forget("s1", "s2")
        assert not ours.apart()
        total = sum(len(a.values) + len(a.pairs) for a in ours.counted._articles.values())
        assert len(ours.counted) == total
    now = ours.counted._decay.weight(at) if half_life else 1.0
    for sku, article in ours.counted._articles.items():
        for name, held in (*article.values.items(), *article.pairs.items()):
            parts = [n for n in (name,) if name.count("\x1f") == 1] or halves(name)
            expected = sum(
                0.5 ** ((at - when) / half_life) if half_life else 1.0
                for began, own_sku, own, when in counted
                if began >= held.since and own_sku == sku and set(parts) <= set(own)
            )
            assert held.weight / now == pytest.approx(expected, rel=1e-6, abs=1e-9)
        assert len(ours.counted._articles) > 1


def halves(pair: str) -> list[str]:
    a, b, c, d = pair.split("\x1f")
    return [f"{a}\x1f{b}", f"{c}\x1f{d}"]


def test_what_buyers_type_takes_no_room_from_what_they_choose() -> None:
    ours = Shard(EXACT, OptionSettings(max_values=16))
    ours.learn("first", [line("door", wood="oak")])
    for number in range(500):
        ours.learn(f"o{number}", [line("ring", metal="gold", engraving=f"for {number}")])
    found = ours.counts()
    assert found["ring", "metal", "gold"] == 500
    assert found["door", "wood", "oak"] == 1
    assert len([name for name in found if len(name) == 3 and name[0] == "ring"]) <= 16
    ours.unlearn("o0")  # its engraving was forgotten, the metal was not
    assert ours.counts()["ring", "metal", "gold"] == 499


def test_the_articles_not_ordered_for_longest_go_whole() -> None:
    ours = Shard(EXACT, OptionSettings(max_items=32))
    for number in range(16):
        ours.learn(f"o{number}", [line(f"s{number:02d}", a="x"), line("usual", a="x")])
    for number in range(16, 32):
        ours.learn(f"o{number}", [line(f"s{number:02d}", a="x"), line("usual", a="x")])
    found = ours.counts()
    assert found["usual",] == 32
    assert ("s31",) in found
    assert ("s00",) not in found
    assert ours.held() == ours.stored()
    assert len(ours.counted) <= 32


def test_a_line_from_before_it_was_forgotten_is_not_taken_from_what_came_after() -> None:
    ours = Shard()
    ours.learn("old", [line("s", a="x", b="y")])
    ours.forget("s")
    assert ours.counts() == {}
    ours.learn("new", [line("s", a="x", b="y")])
    ours.unlearn("old")
    assert ours.counts()["s", "a", "x", "b", "y"] == 1


def test_a_line_is_taken_from_one_of_its_own_configuration() -> None:
    ours = Shard()
    ours.learn("o", [line("s", 2, a="x"), line("s", 1, a="y"), line("s", 1)])
    ours.unlearn("o", [line("s", 1, a="x")])
    assert ours.counts()["s",] == 2, "one of two units is left"
    ours.unlearn("o", [line("s", 1, a="x")])
    assert ours.counts() == {("s",): 1, ("s", "a", "y"): 1}
    ours.unlearn("o", [line("s", 1)])
    assert ours.counts()["s",] == 1, "there was a line without options"
    ours.unlearn("o", [line("s", 1, a="z")])
    assert ours.counts() == {}, "nothing else is left that it could be"
    ours.unlearn("o")
    assert ours.counts() == {}


def test_the_exact_line_goes_first_whatever_is_named_before_it() -> None:
    ours = Shard()
    ours.learn("o", [line("s", a="x"), line("s", a="y")])
    ours.unlearn("o", [line("s"), line("s", a="x")])
    assert ours.counts() == {}
    ours.learn("p", [line("s", a="x"), line("s", a="y"), line("s", a="w")])
    ours.unlearn("p", [line("s"), line("s", a="x")])
    assert ours.counts() == {("s",): 1, ("s", "a", "w"): 1}


def test_an_order_that_is_no_longer_kept_stays_counted() -> None:
    ours = Shard(ItemsetSettings(half_life_s=0, window=2))
    for number in range(3):
        ours.learn(f"o{number}", [line("s", a="x")])
    ours.unlearn("o0")
    ours.unlearn("never")
    assert ours.counts()["s",] == 3
    ours.unlearn("o1")
    assert ours.counts()["s",] == 2


def test_of_very_many_lines_a_sample_is_counted_and_the_right_ones_taken_back() -> None:
    ours = Shard(ItemsetSettings(half_life_s=0, cap=5))
    some = [line("s", number=str(n)) for n in range(40)]
    ours.learn("o", some)
    sample = sorted(map(int, basket_of(map(str, range(40)), "o", 5)))
    expected = {("s", "number", str(n)): 1 for n in sample}
    assert ours.counts() == {("s",): 5, **expected}
    ours.unlearn("o", [one for n, one in enumerate(some) if n not in sample])
    assert ours.counts() == {("s",): 5, **expected}
    ours.unlearn("o", [some[sample[0]]])
    assert ours.counts()["s",] == 4


def test_without_decay_all_changes_are_whole_numbers() -> None:
    effects, counts = Effects(), OptionCounts(OptionSettings(), EXACT)
    counts.learn("o", [line("s", a="x", b="y"), line("s", a="x")], "c", 5.0, effects)
    counts.unlearn("o", [line("s", a="x")], effects)
    assert all(type(n) is int for row in effects.deltas.values() for n in row.values())
    assert effects.dirty == {0: {"s"}}


def test_orders_without_options_cost_nothing() -> None:
    effects, counts = Effects(), OptionCounts(OptionSettings(), EXACT)
    counts.learn("o", [line("s"), line("t")], "c", 5.0, effects)
    assert not effects
    assert len(counts) == len(counts._kept) == 0


def test_what_only_few_customers_chose_is_not_shown() -> None:
    ours = Shard(ItemsetSettings(half_life_s=0, min_customers=3))
    for number in range(10):
        ours.learn(
            f"o{number}", [line("s", a="x", b="y"), line("s", a="x", b="z")], who=f"c{number % 2}"
        )
    assert ours.shown() == set()
    ours.learn("p", [line("s", a="x", b="y")], who="c2")
    assert ours.shown() == {("s", "a", "x"), ("s", "b", "y"), ("s", "a", "x", "b", "y")}
    ours.forget("s")
    assert ours.shown() == set()


def test_what_has_decayed_to_nothing_is_forgotten() -> None:
    ours = Shard(ItemsetSettings(half_life_s=1.0, min_customers=1))
    ours.learn("o", [line("s", a="x", b="y"), line("t", a="x")], 1000.0)
    ours.learn("p", [line("t", a="w")], 1100.0)
    assert ours.counts().keys() == {("t",), ("t", "a", "w")}
    assert ours.shown() == {("t", "a", "w")}
    assert len(ours.counted) == 1
    ours.unlearn("o")
    assert ours.counts().keys() == {("t",), ("t", "a", "w")}
    ours.unlearn("p")
    assert ours.counts() == {}


def test_the_counts_hold_no_customer_id_and_equal_names_once() -> None:
    counts = OptionCounts(OptionSettings(), EXACT)
    for number in range(200):
        counts.learn(f"o{number}", [line("s", material="birch")], "somebody", 0.0, Effects())
    frozen = pickle.dumps(counts)
    assert b"somebody" not in frozen
    assert frozen.count(b"birch") == 1


def test_names_are_unambiguous() -> None:
    parts = ["a", "=", "\x1f", "\x1e", "\x1es", "\x1ee", "a\x1fb", ""]
    every = [(option, value) for option in parts for value in parts]
    joined = {name_of(*one) for one in every}
    joined |= {"\x1f".join(two) for two in combinations([name_of(*one) for one in every], 2)}
    assert len(joined) == len(every) + len(every) * (len(every) - 1) // 2

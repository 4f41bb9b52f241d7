"""Merging shard counts into rows, and what must never get into them."""

from __future__ import annotations

import numpy as np
import pytest

from models.articles import Article
from models.decay import Levels, align
from models.merge import (
    Hypotheses,
    MergeSettings,
    Totals,
    add_up,
    article_of,
    bought_with,
    frequent_partners,
    neighbours_of,
    p_limit_of,
    significant,
    trends_of,
)
from models.view import CoPurchase

PUBLISHED = MergeSettings(min_support=0.001, min_count=5.0, false_discovery_rate=0.01)
_EVERYBODY = {f"a{n}": 1.0 for n in range(200)}


def rules_of(baskets: np.ndarray, settings: MergeSettings = PUBLISHED) -> list[tuple[str, str]]:
    """Return the rules that a matrix of baskets (rows) and articles (columns) publishes."""
    # As floats, which are exact up to here: NumPy multiplies matrices of integers very slowly.
    ones = baskets.astype(np.float64)
    rows = (ones.T @ ones).tolist()
    names = [f"a{n}" for n in range(len(rows))]
    items = {name: row[n] for n, (name, row) in enumerate(zip(names, rows, strict=True))}
    totals = Totals(float(len(baskets)), float(len(baskets)))
    pairs = {
        name: {other: n for other, n in zip(names, row, strict=True) if n and other != name}
        for name, row in zip(names, rows, strict=True)
    }
    found = frequent_partners(pairs, items, totals, settings)
    tests = sum(map(len, pairs.values()))
    p_limit = p_limit_of([r.p for rules in found.values() for r in rules], tests, settings)
    return [
        (rule.antecedent, rule.consequent)
        for rules in found.values()
        for rule in significant(rules, _EVERYBODY, p_limit, settings)
    ]


def independent(seed: int) -> np.ndarray:
    """Draw baskets of independent articles that sell as unequally as groceries do."""
    frequencies = np.minimum(0.25 / np.arange(1, 170) ** 0.8, 0.25)
    return np.random.default_rng(seed).random((3000, 169)) < frequencies


def test_independent_articles_publish_no_rules() -> None:
    false = [bool(rules_of(independent(seed))) for seed in range(20)]
    assert sum(false) <= 1


def test_planted_rules_are_published_in_both_directions() -> None:
    baskets = independent(1)
    baskets[:, 100] |= baskets[:, 120] & (np.random.default_rng(2).random(3000) < 0.5)
    assert set(rules_of(baskets)) == {("a100", "a120"), ("a120", "a100")}


def test_shards_add_up() -> None:
    assert add_up([{"a": 1, "b": 2}, {}, {"b": 3, "c": 0.5}]) == {"a": 1, "b": 5, "c": 0.5}
    assert add_up([]) == {}


ITEMS = {"a": 40.0, "b": 30.0, "c": 20.0, "d": 10.0}
HUNDRED = Totals(100.0, 100.0)


def test_only_frequent_pairs_become_rules() -> None:
    settings = MergeSettings(min_support=0.06, min_count=5.0)
    pairs = {"c": 6.0, "b": 20.0, "d": 5.9, "unknown": 30.0}
    rules = frequent_partners({"a": pairs}, ITEMS, HUNDRED, settings)["a"]
    assert [rule.consequent for rule in rules] == ["b", "c"]
    (b, _) = rules
    assert (b.antecedent, b.n, b.n_a, b.n_b, b.n_ab) == ("a", 100, 40, 30, 20)
    assert b.p < 1e-3
    few = MergeSettings(min_support=0.001, min_count=20.0)
    assert [r.consequent for r in frequent_partners({"a": pairs}, ITEMS, HUNDRED, few)["a"]] == [
        "b"
    ]


def test_no_rules_without_counts() -> None:
    assert frequent_partners({"a": {}}, ITEMS, HUNDRED, PUBLISHED)["a"] == []
    assert frequent_partners({"x": {"a": 50.0}}, ITEMS, HUNDRED, PUBLISHED)["x"] == []
    assert Totals(0.0, 0.0).effective == 0.0
    assert frequent_partners({"a": {}}, ITEMS, Totals(0.0, 0.0), PUBLISHED) == {"a": []}


@pytest.mark.parametrize("unit", [1.0, 1e13, 1e-13])
def test_the_unit_of_decayed_counts_does_not_matter(unit: float) -> None:
    """Weights are relative to an arbitrary landmark; rules must be worth the same evidence."""
    items = {name: count * unit for name, count in ITEMS.items()}
    totals = Totals(100.0 * unit, 100.0 * unit * unit)
    (rule,) = frequent_partners({"a": {"b": 20.0 * unit}}, items, totals, PUBLISHED)["a"]
    (plain,) = frequent_partners({"a": {"b": 20.0}}, ITEMS, HUNDRED, PUBLISHED)["a"]
    for name in ("n", "n_a", "n_b", "n_ab", "p", "score"):
        assert getattr(rule, name) == pytest.approx(getattr(plain, name))


def test_old_counts_are_less_evidence_than_they_add_up_to() -> None:
    uneven = Totals(100.0, 500.0)  # some baskets weigh much more than others: worth 20
    assert uneven.effective == 20.0
    settings = MergeSettings(min_count=1.0)
    (rule,) = frequent_partners({"a": {"b": 20.0}}, ITEMS, uneven, settings)["a"]
    (plain,) = frequent_partners({"a": {"b": 20.0}}, ITEMS, HUNDRED, settings)["a"]
    assert (rule.n, rule.n_ab) == (20, 4)
    assert rule.lift == pytest.approx(plain.lift)
    assert rule.p > plain.p
    assert frequent_partners({"a": {"b": 20.0}}, ITEMS, uneven, PUBLISHED)["a"] == [], (
        "4 of 5 baskets"
    )


def test_what_may_be_shown() -> None:
    settings = MergeSettings(rules_per_item=2)
    pairs = {"b": 20.0, "c": 15.0, "d": 9.0}
    rules = frequent_partners({"a": pairs}, ITEMS, HUNDRED, settings)["a"]
    reach = dict.fromkeys(pairs, 1.0)
    best = sorted(rules, key=lambda rule: -rule.score)
    assert significant(rules, reach, 1.0, settings) == tuple(best[:2])
    assert significant(rules, reach, 0.0, settings) == ()
    worst = max(rules, key=lambda rule: rule.p)
    assert worst not in significant(rules, reach, worst.p * 0.99, settings)
    hidden = significant(rules, {"b": 1.0}, 1.0, settings)
    assert [rule.consequent for rule in hidden] == ["b"], "too few customers bought the others"
    (seldom,) = frequent_partners({"a": {"b": 10.0}}, ITEMS, HUNDRED, settings)["a"]
    assert seldom.lift < 1
    assert significant([seldom], reach, 1.0, settings) == ()


def test_neighbours_are_shares_of_all_shards() -> None:
    rows = [{"a": 1.0, "b": 2.0}, {"b": 1.0, "c": 1.0}]
    (first, second) = neighbours_of(rows, MergeSettings(neighbours_per_item=2))
    assert (first.sku, first.share) == ("b", 0.6)
    assert (second.sku, second.share) == ("a", 0.2)
    assert neighbours_of([], PUBLISHED) == neighbours_of([{}], PUBLISHED) == ()


def test_trends_are_shares_of_all_shards() -> None:
    rows = align([Levels(0, {"a": 1.0, "b": 1.0}), Levels(0, {"b": 1.0, "c": 1.0})])
    trends = trends_of(rows, MergeSettings(trending=2))
    assert [(trend.sku, trend.share) for trend in trends] == [("b", 0.5), ("a", 0.25)]
    assert trends_of([], PUBLISHED) == ()


def test_what_an_article_is_bought_with_is_above_chance_and_of_enough_customers() -> None:
    items = {"a": 40.0, "x": 20.0, "y": 20.0, "chance": 50.0, "few": 10.0}
    pairs = {"x": 10.0, "y": 15.0, "chance": 20.0, "few": 9.0, "unknown": 5.0}
    reach = dict.fromkeys(["x", "y", "chance", "unknown"], 1.0)
    totals = Totals(100.0, 100.0)
    all_pairs = {"a": pairs, "z": pairs, "none": {}}
    all_reach = dict.fromkeys(all_pairs, reach)
    found = bought_with(all_pairs, items, all_reach, totals, PUBLISHED)
    assert found == {
        "a": (CoPurchase("y", 15.0, 20.0), CoPurchase("x", 10.0, 20.0)), "z": (), "none": (),
    }  # fmt: skip
    one = bought_with({"a": pairs}, items, all_reach, totals, MergeSettings(bought_with=1))
    assert one == {"a": (CoPurchase("y", 15.0, 20.0),)}


def test_many_articles_at_once_are_as_each_alone() -> None:
    baskets = independent(4)[:, :40]
    baskets[:, 20] |= baskets[:, 30]
    counts = baskets.T.astype(np.float64) @ baskets.astype(np.float64)
    names = [f"a{n}" for n in range(len(counts))]
    items = {name: float(counts[n, n]) for n, name in enumerate(names)}
    pairs = {
        name: {names[b]: float(n) for b, n in enumerate(counts[a]) if b != a and n}
        for a, name in enumerate(names)
    }
    reach = dict.fromkeys(names, _EVERYBODY)
    totals = Totals(3000.0, 3000.0)
    rules = frequent_partners(pairs, items, totals, PUBLISHED)
    bought = bought_with(pairs, items, reach, totals, PUBLISHED)
    assert sum(map(len, rules.values())) > 100
    for name in names:
        alone = {name: pairs[name]}
        assert frequent_partners(alone, items, totals, PUBLISHED) == {name: rules[name]}
        assert bought_with(alone, items, reach, totals, PUBLISHED) == {name: bought[name]}


def test_decayed_co_purchases_read_as_numbers_of_orders() -> None:
    totals = Totals(200.0, 400.0)  # weights of 2 each: 100 orders
    found = bought_with(
        {"a": {"x": 20.0}}, {"a": 80.0, "x": 40.0}, {"a": {"x": 1.0}}, totals, PUBLISHED
    )
    assert found["a"] == (CoPurchase("x", 10.0, 20.0),)


def test_the_latest_word_on_an_article_counts() -> None:
    early, late = Article(stock=1, changed_at=1.0), Article(stock=0, changed_at=2.0)
    assert article_of([early, late]) == article_of([late, early]) == late
    assert article_of([]) is None


def test_the_limit_is_of_all_articles_tested_so_far() -> None:
    tested, settings = Hypotheses(), MergeSettings(false_discovery_rate=0.05)
    assert tested.limit(settings) == 0.0
    tested.note("a", [0.01], 1)
    assert tested.limit(settings) == 0.01
    tested.note("b", [0.5], 99)
    assert tested.limit(settings) == 0.0
    tested.note("b", [], 0)
    assert ("b" in tested, len(tested), tested.limit(settings)) == (False, 1, 0.01)
    tested.note("a", [0.04], 1)
    assert tested.limit(settings) == 0.04
    tested.forget("a")
    tested.forget("a")
    assert len(tested) == 0

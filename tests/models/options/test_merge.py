"""Merging option counts: what is published of an article's options, and what must never be."""

from __future__ import annotations

import random

import numpy as np
import pytest

from models.itemsets.counts import ItemsetSettings
from models.merge import MergeSettings
from models.options import merge
from models.options.choices import OptionPair, OptionValue
from models.options.merge import (
    Configured,
    choices_of,
    configured,
    pairs_shown,
    pairs_tested,
    reached,
)
from models.options.names import name_of
from models.view import Row
from tests.models.events import line
from tests.models.options.recount import Shard
from tests.models.stores import options_of

PUBLISHED = MergeSettings()
OPEN = ItemsetSettings(half_life_s=0, min_customers=1)


def row(pairs: dict[str, float]) -> dict[str, float]:
    """A row out of names like ``wood=oak`` and ``oil=matt wood=oak``."""
    return {
        "\x1f".join(name_of(*one.split("=")) for one in name.split()): n
        for name, n in pairs.items()
    }


def everyone(counts: dict[str, float]) -> frozenset[tuple[str, ...]]:
    return reached(dict.fromkeys(counts, 1.0))


COUNTS = row({"wood=oak": 30, "wood=ash": 8, "wood=elm": 2, "oil=matt": 25, "oil=gloss": 15,
              "oil=matt wood=oak": 24, "oil=gloss wood=oak": 6, "oil=matt wood=ash": 1,
              "oil=gloss wood=ash": 7, "oil=gloss wood=elm": 2})  # fmt: skip
COUNTS["\x1fw2"] = 50.0


def test_choices_are_the_lines_with_each_value_and_those_without() -> None:
    found = configured(50.0, COUNTS)
    oil, wood = sorted(choices_of(found, everyone(COUNTS), PUBLISHED), key=lambda c: c.option)
    assert (oil.option, oil.of, oil.without, oil.known) == ("oil", 50, 10, 2)
    assert oil.values == (OptionValue("matt", 25), OptionValue("gloss", 15))
    assert [own.value for own in wood.values] == ["oak", "ash", "elm"]
    assert wood.count("ash") == 8
    assert wood.count("teak") is None


def test_values_that_few_customers_chose_are_numbered_and_not_named() -> None:
    reach = reached(row({"wood=oak": 1, "wood=ash": 0}))
    (wood,) = choices_of(configured(50.0, COUNTS), reach, PUBLISHED)
    assert (wood.option, wood.known, wood.values) == ("wood", 3, (OptionValue("oak", 30),))
    few = MergeSettings(option_values=1)
    assert {len(c.values) for c in choices_of(configured(50.0, COUNTS), everyone(COUNTS), few)} == {
        1
    }


def judged(counts: Configured) -> merge.Tested:
    return pairs_tested({"bench": counts}, PUBLISHED)["bench"]


def test_no_counts_no_choices() -> None:
    nothing = configured(0.0, {})
    assert (nothing.n, choices_of(nothing, frozenset(), PUBLISHED)) == (0.0, ())
    assert pairs_tested({"a": nothing}, PUBLISHED) == {"a": ([], [], 0)}
    assert configured(1.0, {"\x1fw2": 1.0, "a\x1fb": -1e-9}).values == {}


@pytest.mark.parametrize("unit", [1.0, 1e13, 1e-13])
def test_the_unit_of_decayed_counts_does_not_matter(unit: float) -> None:
    counts = {name: n * unit for name, n in COUNTS.items()} | {"\x1fw2": 50.0 * unit * unit}
    found, plain = configured(50.0 * unit, counts), configured(50.0, COUNTS)
    assert found.n == pytest.approx(50.0)
    assert choices_of(found, everyone(COUNTS), PUBLISHED) == choices_of(
        plain, everyone(COUNTS), PUBLISHED
    )
    assert judged(found).p_values == pytest.approx(judged(plain).p_values)


def test_old_lines_are_less_evidence_than_they_add_up_to() -> None:
    uneven = configured(50.0, COUNTS | {"\x1fw2": 250.0})
    assert uneven.n == 10
    assert uneven.values["wood", "oak"] == 6


def test_pairs_are_tested_against_the_lines_of_their_article() -> None:
    pairs, p_values, tests = judged(configured(50.0, COUNTS))
    # elm was chosen twice: nothing can be said of it. Two woods and two oils are left.
    assert tests == 4
    assert {(p.value, p.value2) for p in pairs} == {
        ("matt", "oak"), ("gloss", "oak"), ("matt", "ash"), ("gloss", "ash"),
    }  # fmt: skip
    (oak,) = (pair for pair in pairs if (pair.value, pair.value2) == ("matt", "oak"))
    assert (oak.n, oak.n_a, oak.n_b, oak.n_ab) == (50, 25, 30, 24)
    assert oak.p < 1e-4
    (rare,) = (pair for pair in pairs if (pair.value, pair.value2) == ("matt", "ash"))
    assert rare.p == 1, "once is less than the least number"
    assert sorted(p_values) == sorted(pair.p for pair in pairs if pair.p < 1)
    first, second = oak.rules
    assert (first.antecedent, first.consequent) == ("oil=matt", "wood=oak")
    assert (first.confidence, first.support) == (24 / 25, 24 / 50)
    assert (second.antecedent, second.confidence) == ("wood=oak", 24 / 30)
    assert first.lift == second.lift == pytest.approx(24 * 50 / (25 * 30))


def test_significant_pairs_are_shown_beside_all_others_of_their_options() -> None:
    pairs, *_ = judged(configured(50.0, COUNTS))
    shown = pairs_shown(pairs, everyone(COUNTS), 0.01, PUBLISHED)
    assert [(p.value, p.value2, p.significant) for p in shown] == [
        ("matt", "oak", True), ("gloss", "ash", True), ("gloss", "oak", False),
        ("matt", "ash", False),
    ]  # fmt: skip
    assert pairs_shown(pairs, everyone(COUNTS), 0.0, PUBLISHED) == ()
    assert pairs_shown(pairs, everyone(COUNTS), 0.01, MergeSettings(option_pairs=1)) == shown[:1]
    hidden = everyone(COUNTS) - reached(row({"oil=matt wood=oak": 1}))
    assert "oak" not in {
        p.value2 for p in pairs_shown(pairs, hidden, 0.01, PUBLISHED) if p.significant
    }
    few = everyone(COUNTS) - reached(row({"oil=matt wood=oak": 1, "oil=gloss wood=ash": 1}))
    assert pairs_shown(pairs, few, 0.01, PUBLISHED) == ()


def orders_of(seed: int, number: int, *, together: float) -> list[Shard]:
    """Two shards with lines of five articles; in the first, oil goes with wood in some."""
    rng, shards = random.Random(seed), [Shard(OPEN), Shard(OPEN)]
    for n in range(number):
        wood = rng.choice(["oak", "ash", "elm"])
        oil = {"oak": "matt", "ash": "gloss", "elm": "wax"}[wood]
        sku = f"s{rng.randrange(5)}"
        if sku != "s0" or rng.random() >= together:
            oil = rng.choice(["matt", "gloss", "wax"])
        shards[n % 2].learn(f"o{n}", [line(sku, wood=wood, oil=oil)], who=str(n))
    return shards


def rows_of(shards: list[Shard]) -> dict[str, Row]:
    found = options_of([shard.store for shard in shards], PUBLISHED)
    return {sku: Row(**own) for sku, own in found.items()}


def test_what_goes_together_is_found_over_all_shards() -> None:
    rows = rows_of(orders_of(1, 600, together=0.6))
    sure = {(p.value, p.value2) for p in rows["s0"].option_pairs if p.significant}
    assert sure == {("matt", "oak"), ("gloss", "ash"), ("wax", "elm")}
    assert len(rows["s0"].option_pairs) == 9
    assert not any(row.option_pairs for sku, row in rows.items() if sku != "s0")
    (oil, _) = rows["s0"].options
    assert oil.of == sum(own.count for own in oil.values)
    assert oil.without == 0


def test_independent_options_make_no_rules() -> None:
    wrong = [
        any(row.option_pairs for row in rows_of(orders_of(seed, 300, together=0.0)).values())
        for seed in range(60)
    ]
    assert sum(wrong) <= 2


def test_a_pair_turned_is_the_same_pair() -> None:
    pair = OptionPair("a", "x", "b", "y", 10.0, 5.0, 4.0, 3.0, 0.01, significant=True)
    assert pair.turned().turned() == pair
    assert pair.turned().rules == pair.rules[::-1]
    assert np.isclose(pair.rules[0].lift, 1.5)

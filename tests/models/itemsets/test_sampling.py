"""Big baskets: always the same sample."""

from __future__ import annotations

import random

from models.itemsets.sampling import basket_of

SKUS = [f"sku-{number}" for number in range(100)]


def test_small_baskets_are_whole_sorted_and_distinct() -> None:
    assert basket_of("cabbac", "o", 3) == ("a", "b", "c")
    assert basket_of(SKUS, "o", 0) == tuple(sorted(SKUS))


def test_the_sample_does_not_depend_on_the_order_of_lines() -> None:
    sample = basket_of(SKUS, "o", 30)
    assert len(sample) == 30
    assert sample == tuple(sorted(sample))
    for seed in range(5):
        shuffled = random.Random(seed).sample(SKUS, k=100)
        assert basket_of(shuffled * 2, "o", 30) == sample


def test_each_order_draws_another_one_and_every_article_has_its_chance() -> None:
    samples = [basket_of(SKUS, f"o{number}", 30) for number in range(300)]
    assert len(set(samples)) == 300
    drawn = [sum(sku in sample for sample in samples) for sku in SKUS]
    assert 55 < min(drawn) < max(drawn) < 125

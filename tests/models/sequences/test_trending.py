"""What is looked at a lot now."""

from __future__ import annotations

from random import Random

import pytest

from models.decay import align
from models.sequences.trending import Trending


def test_the_most_viewed_of_late_come_first() -> None:
    trending = Trending(100.0)
    for _ in range(3):
        trending.learn("old", 0.0)
    trending.learn("new", 200.0)
    assert trending.top(5) == [("new", 1.0), ("old", pytest.approx(0.75))]
    assert trending.top(1) == [("new", 1.0)]


def test_nothing_yet() -> None:
    trending = Trending(100.0)
    assert trending.top(5) == []
    assert trending.levels(5).weights == {}


def test_ties_are_broken_by_name() -> None:
    trending = Trending(100.0)
    for sku in "bca":
        trending.learn(sku, 0.0)
    assert [sku for sku, _ in trending.top(2)] == ["a", "b"]


def test_it_is_bounded() -> None:
    trending = Trending(100.0, capacity=4)
    for number in range(50):
        trending.learn(f"sku{number}", float(number))
        assert len(trending.levels(100).weights) <= 5
    assert [sku for sku, _ in trending.top(2)] == ["sku49", "sku48"]


def test_landmarks_pass_and_what_is_nothing_is_forgotten() -> None:
    trending = Trending(1.0)
    trending.learn("a", 20.0)
    trending.learn("b", 21.0)
    assert dict(trending.top(2))["a"] == pytest.approx(0.5)
    trending.learn("c", 40.0)
    assert len(trending.top(9)) == 3
    trending.learn("c", 500.0)
    assert trending.top(9) == [("c", 1.0)]
    trending.learn("late", 20.0)
    assert [sku for sku, _ in trending.top(2)] == ["c", "late"]


def test_levels_of_shards_are_comparable() -> None:
    quiet, busy = Trending(1.0), Trending(1.0)
    quiet.learn("a", 10.0)
    busy.learn("b", 11.0)
    busy.learn("b", 45.0)
    quiet_row, busy_row = align([quiet.levels(5), busy.levels(5)])
    assert quiet_row["a"] / busy_row["b"] == pytest.approx(0.5**35)


def a_busy_shop(articles: int) -> Trending:
    """Articles of two views each, asked for once."""
    trending = Trending(3600.0)
    for number in range(2 * articles):
        trending.learn(f"sku{number % articles:05}", 0.0)
    assert trending.top(1) == [("sku00000", 1.0)]
    return trending


def test_in_a_large_shop_a_view_comes_to_the_top_after_some_seconds() -> None:
    trending = a_busy_shop(5_000)
    for second in range(9):
        for _ in range(20):
            trending.learn("hit", float(second))
    assert trending.top(1) == [("sku00000", 1.0)], "not sorted again for each view"
    trending.learn("hit", 10.0)
    assert trending.top(1) == [("hit", 1.0)]


def test_or_as_soon_as_many_views_have_come() -> None:
    trending = a_busy_shop(5_000)
    for _ in range(499):
        trending.learn("hit", 0.5)
    assert trending.top(1) == [("sku00000", 1.0)]
    trending.learn("hit", 0.5)
    assert trending.top(1) == [("hit", 1.0)]


def test_a_longer_list_than_ever_asked_for_is_sorted_out_at_once() -> None:
    trending = a_busy_shop(5_000)
    assert [sku for sku, _ in trending.top(3)] == ["sku00000", "sku00001", "sku00002"]
    assert len(trending.top(10_000)) == 5_000


@pytest.mark.parametrize("seed", range(5))
def test_the_best_are_those_of_all_articles_whatever_was_looked_at_before(seed: int) -> None:
    dice = Random(seed)
    trending = Trending(40.0, capacity=60)  # so that landmarks move and the least viewed are cut
    at = 0.0
    for _ in range(400):
        at += 10.0
        for _ in range(12):
            trending.learn(f"sku{int(dice.paretovariate(0.6)) % 90}", at - dice.choice((0.0, 5.0)))
        limit = dice.choice((1, 3, 3, 8, 70 if at > 3000.0 else 8))
        weights = trending.levels(1_000).weights
        expected = sorted(weights, key=lambda sku: (-weights[sku], sku))[:limit]
        assert [sku for sku, _ in trending.top(limit)] == expected

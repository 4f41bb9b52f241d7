"""What a shard knows of the articles that pass."""

from __future__ import annotations

from models.offers import shelves as module
from models.offers.shelves import Shelves


def shelves(capacity: int = 100) -> Shelves:
    return Shelves(3600.0, capacity)


def test_an_article_is_in_the_category_that_was_said_last() -> None:
    known = shelves()
    assert known.category_of("a") is None
    known.learn("a", None, None, 0.0)
    assert known.category_of("a") is None
    known.learn("a", "hats", None, 0.0)
    known.learn("a", None, None, 1.0)
    assert known.category_of("a") == "hats"
    known.learn("a", "bags", None, 2.0)
    assert known.category_of("a") == "bags"


def test_each_category_and_each_segment_has_trends_of_its_own() -> None:
    known = shelves()
    for sku, category in (("a", "hats"), ("a", "hats"), ("b", "hats"), ("c", "bags")):
        known.learn(sku, category, "new", 0.0)
    known.learn("c", "bags", "regular", 0.0)
    known.learn("d", None, None, 0.0)
    assert known.of_category("hats", 5) == [("a", 1.0), ("b", 0.5)]
    assert known.of_category("hats", 1) == [("a", 1.0)]
    assert known.of_category("bags", 5) == [("c", 1.0)]
    assert known.of_category("shoes", 5) == []
    assert known.of_segment("new", 5) == [("a", 1.0), ("b", 0.5), ("c", 0.5)]
    assert known.of_segment("regular", 5) == [("c", 1.0)]
    assert known.of_segment("lapsed", 5) == []


def test_a_trend_passes() -> None:
    known = shelves()
    for _ in range(4):
        known.learn("old", "hats", "new", 0.0)
    known.learn("young", "hats", "new", 4 * 3600.0)
    for found in (known.of_category("hats", 1), known.of_segment("new", 1)):
        assert found == [("young", 1.0)]


def test_the_newest_of_the_categories_looked_at_come_first_then_all_others() -> None:
    known = shelves()
    for sku, category in (("a", "hats"), ("b", "bags"), ("c", "hats"), ("d", None), ("b", "bags")):
        known.learn(sku, category, None, 0.0)
    assert known.newest([], 9) == ["d", "c", "b", "a"], (
        "that it is looked at again makes it no newer"
    )
    assert known.newest(["hats"], 9) == ["c", "a", "d", "b"]
    assert known.newest(["hats"], 3) == ["c", "a", "d"]


def test_one_of_the_newest_is_found_in_the_category_that_its_latest_view_names() -> None:
    known = shelves()
    for sku, category in (("a", "hats"), ("b", None), ("c", None), ("a", "bags"), ("b", "hats")):
        known.learn(sku, category, None, 0.0)
    known.learn("b", None, None, 1.0)  # says nothing
    assert known.newest(["hats"], 1) == ["b"]
    assert known.newest(["bags", "hats"], 9) == ["a", "b", "c"], "in the order of the categories"
    known.tried("b")
    known.tried("a")
    assert known.newest(["hats", "bags"], 9) == ["c"]


def test_what_was_tried_is_new_no_longer_and_stays_so() -> None:
    known = shelves()
    for sku in ("a", "b"):
        known.learn(sku, None, None, 0.0)
    known.tried("a")
    known.tried("unknown")
    known.learn("a", None, None, 1.0)
    assert known.newest([], 9) == ["b"]


def test_what_was_not_viewed_for_so_long_that_it_was_forgotten_is_new_again() -> None:
    known = shelves(capacity=2)
    known.learn("a", None, None, 0.0)
    known.tried("a")
    for sku in ("b", "c", "a"):
        known.learn(sku, None, None, 1.0)
    assert known.newest([], 9) == ["a", "c"], "and b, forgotten for it, is not proposed"


def test_the_article_viewed_last_stays_longest() -> None:
    known = shelves(capacity=2)
    for sku in ("a", "b", "a", "c"):
        known.learn(sku, "hats", None, 0.0)
    assert [known.category_of(sku) for sku in "abc"] == ["hats", None, "hats"]
    assert known.newest([], 9) == ["c", "a"]


def test_nothing_grows_without_end() -> None:
    known = shelves(capacity=300)
    for number in range(3_000):
        known.learn(f"a{number}", f"k{number}", "new", float(number))
        known.learn(f"b{number}", "all", "new", float(number))
    assert len(known._met) == len(known._category_of) == 300
    assert len(known._newest) == module._NEWEST
    assert sum(map(len, known._newest_of.values())) == module._NEWEST
    assert len(known._of) == module._CATEGORIES
    assert known.of_category("k0", 1) == []
    assert len(known.of_category("all", 10_000)) <= module._PER_CATEGORY * 1.25
    assert len(known.of_segment("new", 10_000)) <= module._PER_SEGMENT * 1.25


def test_the_category_not_viewed_for_longest_goes() -> None:
    known = shelves()
    known.learn("a", "hats", None, 0.0)
    known.learn("b", "bags", None, 0.0)
    for number in range(module._CATEGORIES - 2):
        known.learn("c", f"k{number}", None, 0.0)
    known.learn("d", "hats", None, 0.0)
    known.learn("e", "one more", None, 0.0)
    assert [sku for sku, _ in known.of_category("hats", 9)] == ["a", "d"]
    assert known.of_category("bags", 9) == []

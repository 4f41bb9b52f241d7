"""What shards know of articles: the latest, of not too many, and written only when it is new."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.articles import ARTICLES, Article, Articles, sellable
from models.bounded import left_after_cut
from models.effects import Effects
from schemas.catalogue import ArticleChanged
from tests.models.events import T0, article

CAP = 8


class Told:
    """Articles, and what was written of them."""

    def __init__(self, cap: int = CAP) -> None:
        self.articles = Articles(cap)
        self.effects = Effects()
        self.gone: list[str] = []

    def __call__(self, *events: ArticleChanged) -> Told:
        for event in events:
            self.gone += self.articles.learn(event, event.occurred_at.timestamp(), self.effects)
        return self

    def published(self, most: int = 100) -> dict[str, Article]:
        effects = Effects()
        self.articles.publish(effects, most)
        found = effects.puts.get(ARTICLES, {})
        assert set(found) == {sku for marks in effects.dirty.values() for sku in marks}
        return {sku: msgspec.json.decode(blob, type=Article) for sku, blob in found.items()}


@pytest.mark.parametrize(
    ("known", "may"),
    [
        (None, True),
        (Article(), True),
        (Article(stock=1), True),
        (Article(stock=0), False),
        (Article(available=False), False),
        (Article(stock=5, available=False), False),
        (Article(stock=0, available=False), False),
    ],
)
def test_what_is_sold_out_or_withdrawn_is_not_sellable_and_what_is_unknown_is(
    known: Article | None, may: bool
) -> None:
    assert sellable(known) is may


def test_an_event_is_all_that_is_known() -> None:
    told = Told()(
        article("a", 1.0, category="rings", price=10.0, cost=6.0, stock=3),
        article("a", 2.0, price=9.0),
    )
    assert told.articles.get("a") == Article(price=9.0, changed_at=T0 + 2.0)
    assert told.articles.get("b") is None


def test_what_is_older_than_what_is_known_changes_nothing() -> None:
    told = Told()(article("a", 5.0, stock=1))
    told.published()
    told(article("a", 4.0, stock=2))
    assert told.articles.get("a") == Article(stock=1, changed_at=T0 + 5.0)
    assert told.published() == {}
    assert told(article("a", 5.0, stock=3)).published()["a"].stock == 3, "of two, the later to come"


@given(st.permutations(range(6)))
def test_in_whatever_order_they_come_the_latest_counts(order: list[int]) -> None:
    told = Told()(*(article("a", float(at), stock=at) for at in order))
    assert told.articles.get("a") == Article(stock=5, changed_at=T0 + 5.0)
    assert told.published() == {"a": Article(stock=5, changed_at=T0 + 5.0)}


def test_a_repeat_of_all_that_is_known_is_not_written_again_but_is_newer() -> None:
    told = Told()(article("a", 1.0, stock=1))
    told.published()
    assert told(article("a", 9.0, stock=1)).published() == {}
    told(article("a", 5.0, stock=7))
    assert told.published() == {}, "at 9 it was known to be otherwise"
    assert told(article("a", 10.0, stock=7)).published()["a"].changed_at == T0 + 10.0


def test_only_so_many_are_written_at_a_time_and_the_longest_changed_first() -> None:
    told = Told()(*(article(sku, 1.0) for sku in "abc"), article("a", 2.0, stock=0))
    assert [set(told.published(2)) for _ in range(3)] == [{"a", "b"}, {"c"}, set()]


def test_those_longest_not_told_of_go_when_there_are_too_many() -> None:
    told = Told()(*(article(f"s{n}", float(n), stock=n) for n in range(CAP)))
    told(article("s0", 50.0))
    told.published(1)
    assert (len(told.articles), told.gone) == (CAP, [])
    told(article("new", 60.0))
    assert len(told.articles) == left_after_cut(CAP)
    assert told.gone[0] == "s1"
    assert told.effects.drops[ARTICLES] == set(told.gone)
    assert "s0" in told.articles
    assert "new" in told.articles
    kept: Any = told.published()
    assert not kept.keys() & set(told.gone), "nothing is written of what is gone"


def test_an_article_fits_into_its_row_and_back() -> None:
    whole = Article("rings", 149.5, 88.25, 12, False, 1.5)
    raw = msgspec.json.encode(whole)
    assert raw == b'["rings",149.5,88.25,12,false,1.5]'
    assert msgspec.json.decode(raw, type=Article) == whole

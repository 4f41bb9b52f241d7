"""What is worth telling of an article."""

from __future__ import annotations

import pytest

from models.articles import Article
from models.offers.news import news_of


def kind(before: Article | None, after: Article | None) -> str | None:
    told = news_of(before, after)
    return None if told is None else told.kind


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (Article(price=100.0), Article(price=99.0), "price_drop"),
        (Article(price=100.0), Article(price=99.01), None),
        (Article(price=100.0), Article(price=100.0, stock=5), None),
        (Article(price=100.0), Article(price=120.0), None),
        (Article(price=100.0), Article(price=0.0), "price_drop"),
        (Article(price=0.0), Article(price=0.0, stock=5), None),
        (Article(), Article(price=1.0), None),
        (Article(price=1.0), Article(), None),
        (Article(stock=0), Article(stock=1), "back_in_stock"),
        (Article(stock=0), Article(), "back_in_stock"),
        (Article(available=False), Article(), "back_in_stock"),
        (Article(stock=0, available=False), Article(stock=0), None),
        (Article(stock=2), Article(stock=1), None),
        (Article(price=100.0, stock=0), Article(price=50.0, stock=1), "back_in_stock"),
        (Article(price=100.0), Article(price=50.0, stock=0), None),
        (Article(price=100.0), Article(price=50.0, available=False), None),
        (None, Article(price=1.0), None),
        (Article(stock=0), None, None),
        (None, None, None),
    ],
)
def test_what_is_news(before: Article | None, after: Article | None, told: str | None) -> None:
    assert kind(before, after) == told


def test_an_article_that_is_as_it_was_is_no_news() -> None:
    article = Article(stock=0)
    assert news_of(article, article) is None


def test_the_news_in_words() -> None:
    dearer, cheaper = Article(price=1234.5), Article(price=999.0)
    told = news_of(dearer, cheaper)
    assert told is not None
    assert told.text == "Now 999.00 instead of 1,234.50."
    back = news_of(Article(stock=0), Article(stock=3))
    assert back is not None
    assert back.text == "Can be had again."

"""What is told of the made-up articles: all of them, then what changes and is put right again."""

from __future__ import annotations

from collections import defaultdict

import pytest

from models.articles import Article, sellable
from schemas.catalogue import ArticleChanged
from streams.replay.records import Record, record_of
from streams.simulate.stockroom import Stockroom
from streams.simulate.truth import Truth, plant

START = 1_000_000.0
SECONDS = 600


@pytest.fixture(scope="module")
def truth() -> Truth:
    return plant(31)


def told(truth: Truth, step: float = 1.0, seed: int = 31) -> list[Record]:
    room = Stockroom(truth, seed)
    return [r for turn in range(int(SECONDS / step) + 1) for r in room.step(START + turn * step)]


@pytest.fixture(scope="module")
def events(truth: Truth) -> list[ArticleChanged]:
    records = told(truth)
    for record in records:
        due = record_of("catalogue", record.event)
        assert (record.topic, record.key, record.event) == (due.topic, due.key, due.event)
        assert record.at == pytest.approx(due.at, abs=1e-5)
    return [record.event for record in records]


def test_first_every_article_is_told_of_with_all_that_is_known(
    truth: Truth, events: list[ArticleChanged]
) -> None:
    first = events[: len(truth.articles)]
    assert [event.sku for event in first] == [article.sku for article in truth.articles]
    for event, article in zip(first, truth.articles, strict=True):
        assert (event.category, event.price) == (article.category, article.price)
        assert event.cost == pytest.approx(0.6 * article.price, rel=0.1)
        assert event.stock
        assert event.available
        assert event.occurred_at.timestamp() == START


def test_then_prices_and_stock_change_and_are_put_right_again(
    truth: Truth, events: list[ArticleChanged]
) -> None:
    listed = {article.sku: article.price for article in truth.articles}
    by_sku: dict[str, list[ArticleChanged]] = defaultdict(list)
    for event in events:
        by_sku[event.sku].append(event)
    odd = [
        (before, event, after)
        for own in by_sku.values()
        for before, event, after in zip(own, own[1:], own[2:], strict=False)
        if is_ordinary(before, listed)
    ]
    assert len(odd) > 100
    for before, event, after in odd:
        assert (event.category, event.cost) == (before.category, before.cost)
        assert not is_ordinary(event, listed), event
        assert is_ordinary(after, listed)
        assert 15.0 <= (after.occurred_at - event.occurred_at).total_seconds() <= 45.0
    assert any(event.stock == 0 for _, event, _ in odd)
    assert any(not event.available for _, event, _ in odd)
    assert any((event.price or 0.0) < 0.9 * listed[event.sku] for _, event, _ in odd)


def is_ordinary(event: ArticleChanged, listed: dict[str, float]) -> bool:
    known = Article(stock=event.stock, available=event.available)
    return sellable(known) and event.price == listed[event.sku]


def test_a_few_articles_at_a_time_are_out_of_the_ordinary(
    truth: Truth, events: list[ArticleChanged]
) -> None:
    listed = {article.sku: article.price for article in truth.articles}
    latest = {event.sku: event for event in events}
    assert 5 < sum(not is_ordinary(event, listed) for event in latest.values()) < 30


def test_times_go_up_and_do_not_hang_on_how_often_it_is_asked(truth: Truth) -> None:
    often, seldom = told(truth, 0.1), told(truth, 5.0)
    assert often == seldom
    assert [record.at for record in often] == sorted(record.at for record in often)
    assert told(truth, seed=32) != often


def test_what_happened_is_counted(truth: Truth) -> None:
    room = Stockroom(truth, 31)
    made = [*room.step(START), *room.step(START + SECONDS)]
    assert len(made) == len(truth.articles) + room.tally.total()
    assert room.tally["sold_out"] == sum(
        record.event.stock == 0 and record.event.available and record.event.price is not None
        for record in made
    )

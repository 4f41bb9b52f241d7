"""The made-up large shop: valid events, in order, by Zipf's law."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest

from bench.crowd import Crowd, Sent, sku
from schemas.clickstream import AddToCart, OfferClicked, OfferShown, View
from schemas.decoding import DECODERS
from schemas.orders import OrderCancelled, OrderPlaced


def crowd(items: int = 500, customers: int = 300, **more: float) -> Crowd:
    return Crowd(items, customers, 3, rate=100.0, start=1_790_000_000.0, **more)  # type: ignore[arg-type]


def decoded(sent: list[Sent]) -> list[object]:
    return [DECODERS[one.topic](one.value) for one in sent]


def test_every_event_is_valid_keyed_by_its_customer_and_in_order() -> None:
    sent = list(islice(crowd().events(), 5_000))
    events = decoded(sent)
    assert {type(event) for event in events} == {View, AddToCart, OrderPlaced, OrderCancelled}
    assert all(
        event.customer_id.encode() == one.key  # type: ignore[attr-defined]
        for one, event in zip(sent, events, strict=True)
    )
    assert [one.at for one in sent] == sorted(one.at for one in sent)
    assert len({event.event_id for event in events}) == 5_000  # type: ignore[attr-defined]


def test_it_is_as_fast_as_asked_for_once_as_many_leave_as_come() -> None:
    sent = list(islice(crowd().events(), 30_000))[-10_000:]
    assert 10_000 / (sent[-1].at - sent[0].at) == pytest.approx(100.0, rel=0.1)


def test_equal_seeds_make_equal_shops() -> None:
    assert list(islice(crowd().events(), 500)) == list(islice(crowd().events(), 500))


def test_each_customer_comes_once_before_any_comes_again() -> None:
    shop = crowd(customers=200, first=1_000)
    first_visits: dict[str, str] = {}
    for sent in shop.events():
        event = DECODERS[sent.topic](sent.value)
        if isinstance(event, View):
            first_visits.setdefault(event.session_id, event.customer_id)
        if shop.visits == 200:
            break
    come = Counter(first_visits.values())
    assert set(come.values()) == {1}
    assert all(1_000 <= int(name[1:]) < 1_200 for name in come)


def test_few_articles_are_popular_and_all_are_looked_at() -> None:
    views = Counter(
        event.sku
        for event in decoded(list(islice(crowd(items=200).events(), 20_000)))
        if isinstance(event, View)
    )
    assert len(views) == 200
    assert views[sku(0)] > 5 * views[sku(150)]


def test_customers_see_most_offers_and_click_some() -> None:
    shop = crowd()
    events = shop.events()
    next(events)
    for number in range(400):
        shop.offered(f"offer-{number}", "c0000007", "v7", [sku(5), sku(6)])
    seen = decoded(list(islice(events, 2_000)))
    shown = {event.offer_id for event in seen if isinstance(event, OfferShown)}
    clicked = [event for event in seen if isinstance(event, OfferClicked)]
    assert 250 < len(shown) < 390
    assert 3 < len(clicked) < 50
    assert {event.sku for event in clicked} == {sku(5)}

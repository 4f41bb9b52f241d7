"""What is remembered of a customer: bounded, and gone when it must be."""

from __future__ import annotations

import pytest

from models.customers import (
    MAX_BOUGHT,
    MAX_CONFIGURED,
    MAX_OFFERED,
    PURCHASE_HALF_LIFE_S,
    Customer,
    Customers,
    Example,
    Purchase,
)
from models.sequences.visit import Visit


def test_a_new_session_forgets_the_old_one_but_not_the_customer() -> None:
    customer = Customer(
        session_id="s1", views=3, searches=1, carts=1, removes=1, clicks=1, visit=Visit(["a"]),
        cart={"a": None}, examples=[Example({}, 0.5, {})], orders=2, last_order_at=5.0,
        session_orders=1, bought={"a": Purchase(5.0, 1, 1.0)}, offered={"b": 6.0}, offer_times=[6.0],
    )  # fmt: skip
    customer.start_session("s2", 10.0)
    assert customer == Customer(
        session_id="s2", sessions=1, started=10.0, orders=2, last_order_at=5.0,
        bought={"a": Purchase(5.0, 1, 1.0)}, offered={"b": 6.0}, offer_times=[6.0],
    )  # fmt: skip


def test_purchases_are_counted_and_the_oldest_forgotten() -> None:
    customer = Customer()
    customer.remember_purchase("first", 0.0)
    for number in range(MAX_BOUGHT - 1):
        customer.remember_purchase(f"sku{number}", 1.0)
    customer.remember_purchase("first", 2.0)
    customer.remember_purchase("more", 3.0)
    assert len(customer.bought) == MAX_BOUGHT
    first = customer.bought["first"]
    assert (first.at, first.times) == (2.0, 2)
    assert first.weight == pytest.approx(2.0, abs=1e-4)
    assert "sku0" not in customer.bought


def test_configurations_are_remembered_as_ordered_last_and_the_oldest_forgotten() -> None:
    customer, ordered = Customer(), {"wood": "oak", "oil": "matt"}
    customer.remember_options("first", ordered)
    for number in range(MAX_CONFIGURED - 1):
        customer.remember_options(f"sku{number}", ordered)
    customer.remember_options("first", {"wood": "ash"})
    customer.remember_options("more", ordered)
    assert len(customer.configured) == MAX_CONFIGURED
    assert customer.configured["first"] == {"wood": "ash"}
    assert "sku0" not in customer.configured
    customer.start_session("s2", 5.0)
    assert customer.configured["more"] == ordered
    ordered["wood"] = "elm"
    assert customer.configured["more"]["wood"] == "oak"


def test_offers_are_remembered_as_far_as_limits_need_them() -> None:
    customer = Customer()
    for number in range(40):
        customer.remember_offer((f"a{number}", f"b{number}"), float(number), cap=3)
    assert customer.offer_times == [37.0, 38.0, 39.0]
    assert len(customer.offered) == MAX_OFFERED
    assert "a14" not in customer.offered
    assert customer.offered["b39"] == 39.0
    customer.remember_offer(("a15",), 99.0, cap=0)
    customer.remember_offer(("new",), 99.0, cap=0)
    assert "a15" in customer.offered, "offered again: it is young again"


def test_the_least_recently_seen_customer_goes() -> None:
    customers = Customers(2)
    first, gone = customers.touch("a")
    assert gone is None
    second, _ = customers.touch("b")
    assert customers.touch("a") == (first, None)
    _, gone = customers.touch("c")
    assert gone is not None
    assert gone[0] == "b"
    assert gone[1] is second
    assert len(customers) == 2
    assert "b" not in customers
    assert customers["a"] is first


def test_forgetting() -> None:
    customers = Customers(2)
    customers.touch("a")
    assert customers.forget("a")
    assert not customers.forget("a")
    assert "a" not in customers


def test_a_purchase_counts_half_after_its_half_life() -> None:
    customer = Customer()
    customer.remember_purchase("a", 0.0)
    customer.remember_purchase("a", PURCHASE_HALF_LIFE_S)
    purchase = customer.bought["a"]
    assert purchase == Purchase(PURCHASE_HALF_LIFE_S, 2, 1.5)
    assert purchase.weight_at(2 * PURCHASE_HALF_LIFE_S) == 0.75
    assert purchase.weight_at(0.0) == 1.5, "late events are of now"


def test_how_often_an_article_was_ignored_since_it_was_clicked() -> None:
    customer = Customer()
    for clicked in (False, False, True, False):
        customer.remember_shown("a", clicked=clicked)
    customer.remember_shown("b", clicked=True)
    assert customer.ignored == {"a": 1}
    for number in range(MAX_OFFERED):
        customer.remember_shown(f"sku{number}", clicked=False)
    assert len(customer.ignored) == MAX_OFFERED
    assert "a" not in customer.ignored


def test_sessions_are_counted_and_their_ends_are_none() -> None:
    customer = Customer()
    for session_id in ("s1", "", "s2"):
        customer.start_session(session_id, 1.0)
    assert customer.sessions == 2

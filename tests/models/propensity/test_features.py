"""The features of a session."""

from __future__ import annotations

import math

import pytest

from models.customers import Customer
from models.propensity.features import session_features
from models.sequences.visit import Visit


def test_a_new_customer_at_the_first_moment() -> None:
    customer = Customer()
    customer.start_session("s", 1000.0)
    features = session_features(customer, 1000.0)
    flags = {"no_cart", "no_search", "new_customer"}
    assert {name for name, value in features.items() if value} == flags
    assert all(features[name] == 1.0 for name in flags)


def test_counts_are_on_a_log_scale_and_times_in_minutes_and_days() -> None:
    customer = Customer(
        views=4, searches=1, carts=2, removes=1, clicks=3, orders=5, last_order_at=1000.0,
        started=1000.0 + 86400, visit=Visit(["a", "b"]), cart={"a": None},
    )  # fmt: skip
    features = session_features(customer, 1000.0 + 86400 + 600)
    assert features["views"] == pytest.approx(math.log(5))
    assert features["distinct"] == pytest.approx(math.log(3))
    assert features["in_cart"] == pytest.approx(math.log(2))
    assert features["minutes"] == pytest.approx(math.log(11))
    assert features["pace"] == 2.0
    assert features["days_since_order"] == pytest.approx(math.log(2 + 600 / 86400))
    assert features["cart_x_pace"] == pytest.approx(math.log(3) * math.log(11))
    assert features["no_cart"] == features["no_search"] == features["new_customer"] == 0.0


def test_late_events_have_no_negative_times() -> None:
    customer = Customer(started=1000.0, orders=1, last_order_at=2000.0)
    features = session_features(customer, 500.0)
    assert features["minutes"] == features["pace"] == features["days_since_order"] == 0.0

"""The signals of a session."""

from __future__ import annotations

import pytest

from models.customers import Customer
from models.propensity.signals import session_signals
from models.sequences.visit import Visit


def test_a_new_customer_at_the_first_moment() -> None:
    customer = Customer()
    customer.start_session("s", 1000.0)
    signals = session_signals(customer, 1000.0)
    assert not any(signals.numbers.values())
    assert signals.kinds == {"customer": "new", "searched": "no"}
    assert not signals.gate


def test_counts_and_times_in_minutes_and_days() -> None:
    customer = Customer(
        views=4, searches=1, carts=2, removes=1, clicks=3, orders=5, last_order_at=1000.0,
        started=1000.0 + 86400, visit=Visit(["a", "b"]), cart={"a": None},
    )  # fmt: skip
    signals = session_signals(customer, 1000.0 + 86400 + 600)
    assert signals.numbers == pytest.approx(
        {
            "views": 4, "distinct": 2, "searches": 1, "carts": 2, "removes": 1, "in_cart": 1,
            "clicks": 3, "minutes": 10.0, "pace": 2.0, "orders": 5,
            "days_since_order": 1 + 600 / 86400,
        }
    )  # fmt: skip
    assert signals.kinds == {"customer": "returning", "searched": "yes"}
    assert signals.gate


def test_late_events_have_no_negative_times() -> None:
    customer = Customer(started=1000.0, orders=1, last_order_at=2000.0)
    numbers = session_signals(customer, 500.0).numbers
    assert numbers["minutes"] == numbers["pace"] == numbers["days_since_order"] == 0.0

"""Which segment a customer is in."""

from __future__ import annotations

import pytest

from models.customers import Customer
from models.segments import LAPSED_S, SEGMENTS, Segment, segment_of


@pytest.mark.parametrize(
    ("customer", "at", "segment"),
    [
        (Customer(), 0.0, "new"),
        (Customer(sessions=1), 1e9, "new"),
        (Customer(sessions=2), 0.0, "returning"),
        (Customer(sessions=1, orders=1, last_order_at=5.0), 5.0, "regular"),
        (Customer(sessions=9, orders=3, last_order_at=5.0), 5.0 + LAPSED_S - 1, "regular"),
        (Customer(sessions=9, orders=3, last_order_at=5.0), 5.0 + LAPSED_S, "lapsed"),
        (Customer(orders=1, last_order_at=50.0), 5.0, "regular"),
    ],
)
def test_the_segment_is_told_by_sessions_and_orders(
    customer: Customer, at: float, segment: Segment
) -> None:
    assert segment_of(customer, at) == segment
    assert segment in SEGMENTS


def test_a_customer_goes_through_all_segments() -> None:
    customer, met = Customer(), list[Segment]()
    customer.start_session("s1", 0.0)
    met.append(segment_of(customer, 1.0))
    customer.start_session("s2", 10.0)
    met.append(segment_of(customer, 11.0))
    customer.orders, customer.last_order_at = 1, 20.0
    met.extend(segment_of(customer, at) for at in (21.0, 1e9))
    assert tuple(met) == SEGMENTS

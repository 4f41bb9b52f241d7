"""What a customer orders next."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models.customers import Customer
from models.offers.next_order import PRIOR, NextOrder, candidates_of
from models.view import CoPurchase, Row, View, encode

DAY = 86_400.0
VIEW = View(
    1,
    {
        "a": encode(Row(bought_with=(CoPurchase("x", 40, 50), CoPurchase("b", 5, 20)), count=100,
                        baskets=1000)),
        "b": encode(Row(bought_with=(CoPurchase("x", 10, 50), CoPurchase("y", 4, 10)), count=20,
                        baskets=1000)),
        "x": encode(Row(count=50, baskets=1000)),
    },
)  # fmt: skip


def customer_of(*orders: str, every: float = DAY) -> Customer:
    customer = Customer()
    for number, skus in enumerate(orders):
        customer.orders += 1
        customer.last_order_at = number * every
        for sku in skus.split():
            customer.remember_purchase(sku, number * every)
    return customer


def test_own_purchases_come_first_then_what_goes_with_the_last_order() -> None:
    found = candidates_of(customer_of("a c", "a b"), VIEW, 3 * DAY)
    assert found.skus[: found.own] == ["c", "a", "b"]
    assert found.skus[found.own :] == ["x", "y"]
    cosine = {
        "x": (40 / math.sqrt(100 * 50) + 10 / math.sqrt(20 * 50)) / 2,
        "y": 4 / math.sqrt(20 * 10) / 2,
        "b": 5 / math.sqrt(100 * 20) / 2,
    }
    near = dict(zip(found.skus, np.exp(found.features[:, 4] - 5.0) - 0.005, strict=True))
    assert near == pytest.approx({"a": 0.0, "c": 0.0, **cosine}, abs=1e-9)
    assert found.because["x"] == ("a", CoPurchase("x", 40, 50))
    assert found.because["y"][0] == "b"


def test_the_features_of_an_own_purchase() -> None:
    found = candidates_of(customer_of("a", "a"), VIEW, 3 * DAY)
    assert found.skus == ["a", "x", "b"]
    weight = 2 ** (-1 / 42) + 1
    assert found.features[0] == pytest.approx(
        [
            math.log(weight * 2 ** (-2 / 42) + 0.05) + 3, math.log(3), math.log(3) / 3, 1.0,
            math.log(0.005) + 5, math.log(0.101) / 3, 1.0,
        ]
    )  # fmt: skip
    assert found.features[1][[1, 2, 3, 6]].tolist() == [0.0] * 4
    assert len(PRIOR) == found.features.shape[1]


def test_a_new_customer_has_no_candidates() -> None:
    found = candidates_of(Customer(), VIEW, 0.0)
    assert (found.skus, found.own, found.features.shape) == ([], 0, (0, len(PRIOR)))
    model = NextOrder()
    model.learn(Customer(), ["a"], VIEW, 0.0)
    assert model.ranking.lists == 0


def test_it_learns_whether_customers_come_back_to_the_same() -> None:
    """Some always order what they had; others never do, and take what goes with it."""
    for again in (True, False):
        model = NextOrder()
        for _ in range(300):
            model.learn(customer_of("a c"), ["a" if again else "x"], VIEW, DAY)
        found = candidates_of(customer_of("a c"), VIEW, DAY)
        best = found.skus[int(np.argmax(model.ranking.scores(found.features)))]
        assert best == ("a" if again else "x")

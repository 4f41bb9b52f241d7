"""When not to offer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.campaigns.document import NO_RULES, Limits, OfferRules
from models.campaigns.limits import LimitsInForce, limits_in_force
from models.customers import Customer, Purchase
from models.offers.limits import may_offer, not_wanted, resting
from models.offers.repurchase import Repurchase
from models.offers.settings import OfferSettings
from models.sequences.visit import Visit

DAY = 86400.0
NO_CATEGORY = {}.get


def suppressed(
    customer: Customer, at: float, found: LimitsInForce, repurchase: Repurchase, category_of: Any
) -> set[str]:
    return resting(customer, at, found) | not_wanted(customer, at, found, repurchase, category_of)


def limits(**changed: Any) -> LimitsInForce:
    return limits_in_force(NO_RULES, OfferSettings(**changed))


@settings(deadline=None)
@given(
    st.lists(st.floats(0, 20_000), min_size=30, max_size=120),
    st.integers(1, 4),
    st.sampled_from([0.0, 600.0]),
)
def test_the_daily_cap_and_the_cooldown_hold_exactly(
    gaps: list[float], cap: int, cooldown: float
) -> None:
    settings = limits(daily_cap=cap, cooldown_s=cooldown)
    customer, at, made = Customer(), 1e9, list[float]()
    for gap in gaps:
        at += gap
        in_a_day = [time for time in made if at - time < DAY]
        waited = not made or at - made[-1] >= cooldown
        assert may_offer(customer, at, settings) == (len(in_a_day) < cap and waited)
        if may_offer(customer, at, settings):
            customer.remember_offer(("a",), at, cap)
            made.append(at)


def test_a_late_event_makes_no_offer_before_the_last_one() -> None:
    customer = Customer(offer_times=[100.0])
    assert not may_offer(customer, 50.0, limits(cooldown_s=0))
    assert may_offer(customer, 100.0, limits(cooldown_s=0))


@pytest.mark.parametrize("cap", [0, -1])
def test_no_offers_at_all(cap: int) -> None:
    assert not may_offer(Customer(), 0.0, limits(daily_cap=cap))
    assert not may_offer(Customer(offer_times=[1.0]), 1e9, limits(daily_cap=cap))


def test_what_is_suppressed_and_for_how_long() -> None:
    settings = limits(item_cooldown_s=100.0, rebuy_after_s=1000.0)
    customer = Customer(
        cart={"in cart": None}, visit=Visit(["looked at"]), offered={"offered": 0.0},
        bought={"bought": Purchase(0.0, 1, 1.0)},
    )  # fmt: skip
    always = {"in cart", "looked at"}
    repurchase = Repurchase(10)

    def blocked(at: float) -> set[str]:
        return suppressed(customer, at, settings, repurchase, NO_CATEGORY)

    assert blocked(99.0) == {*always, "offered", "bought"}
    assert blocked(100.0) == {*always, "bought"}
    assert blocked(1000.0) == always
    for _ in range(5):
        repurchase.learn("bought", None, 5_000.0)
    assert blocked(4_900.0) == {*always, "bought"}, "by what is learnt of the article"
    assert blocked(5_100.0) == always


@pytest.mark.parametrize(
    ("said", "waits"),
    [
        ({}, {"tea": 5_000.0, "wine": 5_000.0, "new": 1_000.0}),
        ({"rebuy_after_s": 300.0}, {"tea": 300.0, "wine": 300.0, "new": 300.0}),
        (
            {"category_rebuy_after_s": {"wines": 9_000.0}},
            {"tea": 5_000.0, "wine": 9_000.0, "new": 1_000.0},
        ),
        (
            {"rebuy_after_s": 300.0, "category_rebuy_after_s": {"wines": 9_000.0}},
            {"tea": 300.0, "wine": 9_000.0, "new": 300.0},
        ),
        ({"rebuy_after_s": 0.0}, {"tea": 0.0, "wine": 0.0, "new": 0.0}),
    ],
)
def test_what_the_rules_say_wins_over_what_is_learnt(
    said: dict[str, Any], waits: dict[str, float]
) -> None:
    """Of tea and wine it is learnt that they are bought again after 5,000 s."""
    found = limits_in_force(OfferRules(limits=Limits(**said)), OfferSettings(rebuy_after_s=1_000.0))
    repurchase = Repurchase(10)
    for sku in ("tea", "wine"):
        for _ in range(5):
            repurchase.learn(sku, None, 5_000.0)
    customer = Customer(bought=dict.fromkeys(waits, Purchase(0.0, 1, 1.0)))
    for sku, wait in waits.items():
        for at, blocked in ((max(wait - 1.0, 0.0), wait > 0), (wait + 1.0, False)):
            known = suppressed(customer, at, found, repurchase, {"wine": "wines"}.get)
            assert (sku in known) == blocked


def test_who_ignores_offer_after_offer_is_left_alone_for_longer() -> None:
    settings = limits(cooldown_s=10, tired_after=3, tired_cooldown_s=500)
    customer = Customer(offer_times=[0.0], ignored_offers=2)
    assert may_offer(customer, 10.0, settings)
    customer.ignored_offers = 3
    assert not may_offer(customer, 499.0, settings)
    assert may_offer(customer, 500.0, settings)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"holdout": 1.5}, "holdout is a share, from 0 to 1, not 1.5"),
        ({"random_share": -0.1}, "random_share is a share"),
        ({"draws": 0}, "draws from 1 to 1000"),
        ({"size": 0}, "size and category_quota are at least 1"),
        ({"boldness": -1.0}, "not below 0"),
        ({"diversity": 2.0}, "diversity is a share"),
    ],
)
def test_what_cannot_be_set(changed: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        OfferSettings(**changed)


def test_an_article_that_is_ignored_again_and_again_rests() -> None:
    rules = OfferRules(limits=Limits(ignored_cooldown_s=1000.0, ignored_limit=2))
    found = limits_in_force(rules, OfferSettings(item_cooldown_s=10.0))
    customer = Customer(offered={"a": 0.0, "b": 0.0}, ignored={"a": 2, "b": 1})
    repurchase = Repurchase(10)
    assert suppressed(customer, 20.0, found, repurchase, NO_CATEGORY) == {"a"}
    assert suppressed(customer, 1000.0, found, repurchase, NO_CATEGORY) == set()

"""Campaigns in offers: what articles are in, what that costs, and what customers were granted."""

from __future__ import annotations

from typing import Any

import pytest

from models.articles import Article
from models.campaigns.campaign import Campaign
from models.campaigns.document import NO_RULES, OfferRules
from models.customers import Customer, Granted
from models.offers.deals import _MOST, Bill, Deals, Money, bill_of, money_of
from schemas.orders import OrderLine
from tests.models.events import moment, placed, returned

DAY = 86_400.0


def campaign(name: str = "sale", **more: Any) -> Campaign:
    return Campaign(**{"name": name, "items": ("hat",), "discount": 0.2} | more)


def rules(*campaigns: Campaign) -> OfferRules:
    return OfferRules(campaigns=campaigns)


class Desk:
    """One shard's deals under some rules, and a customer."""

    def __init__(self, *campaigns: Campaign, shard: int = 0, shards: int = 1) -> None:
        self.deals = Deals(DAY, 3)
        self.customer = Customer()
        self.shard, self.shards = shard, shards
        self.apply(*campaigns)

    def apply(self, *campaigns: Campaign) -> None:
        self.rules = rules(*campaigns)
        self.deals.follow(self.rules, self.shard, self.shards)

    def of(
        self, skus: str, at: float = 0.0, segment: str = "new", **categories: str
    ) -> dict[str, str]:
        found = self.deals.of(skus.split(), self.rules, self.customer, segment, categories, at)
        return {sku: campaign.name for sku, campaign in found.items()}

    def offer(self, skus: str, at: float = 0.0, **categories: str) -> None:
        chosen = skus.split()
        found = self.deals.of(chosen, self.rules, self.customer, "new", categories, at)
        self.deals.made(chosen, found, self.customer, at)

    def order(self, at: float = 0.0, order_id: str = "o", units: int = 1, **worth: float) -> None:
        bill = Bill(order_id, {sku: (units, price) for sku, price in worth.items()})
        self.deals.bought(self.customer, self.rules, bill, at)

    def back(self, lines: dict[str, int] | str = "", order_id: str = "o") -> None:
        self.deals.taken_back(order_id, returned(order_id, lines).lines)

    def spent(self, one: Campaign, at: float = 0.0) -> tuple[int, float]:
        found = self.deals.pacing.spent(one, at)
        return found.offers, found.money


def test_articles_are_in_campaigns_by_name_category_and_segment() -> None:
    desk = Desk(
        campaign("sale"), campaign("bags", items=(), categories=("bags",)),
        campaign("thanks", segments=("regular",), priority=1),
    )  # fmt: skip
    assert desk.of("hat tote shoe", tote="bags", shoe="shoes") == {"hat": "sale", "tote": "bags"}
    assert desk.of("hat", segment="regular") == {"hat": "thanks"}


def test_without_campaigns_there_are_no_deals() -> None:
    deals = Deals(DAY, 3)
    deals.follow(NO_RULES, 0, 1)
    assert deals.of(["hat"], NO_RULES, Customer(), "new", {}, 0.0) == {}


def test_a_campaign_outside_its_dates_leaves_the_article_to_the_next() -> None:
    desk = Desk(
        campaign("soon", starts=moment(100.0), ends=moment(200.0), priority=1), campaign("always")
    )
    assert [desk.of("hat", at)["hat"] for at in (99.0, 100.0, 199.0, 200.0)] == [
        "always", "soon", "soon", "always",
    ]  # fmt: skip


def test_an_offer_counts_once_for_a_campaign_however_many_articles_are_in_it() -> None:
    sale, other = campaign(items=("hat", "bag")), campaign("other", items=("shoe",))
    desk = Desk(sale, other)
    desk.offer("hat bag shoe tie", 5.0)
    assert desk.spent(sale) == desk.spent(other) == (1, 0.0)
    assert desk.customer.campaigns == {"sale": 1, "other": 1}
    assert desk.customer.granted == {
        "hat": Granted("sale", 5.0), "bag": Granted("sale", 5.0), "shoe": Granted("other", 5.0),
    }  # fmt: skip


def test_a_customer_is_in_a_campaign_only_so_often() -> None:
    desk = Desk(campaign(cap_per_customer=2), campaign("other", priority=-1))
    met = []
    for _ in range(3):
        met.append(desk.of("hat")["hat"])
        desk.offer("hat")
    assert met == ["sale", "sale", "other"]
    desk.customer = Customer()
    assert desk.of("hat") == {"hat": "sale"}


def test_a_campaign_makes_only_so_many_offers() -> None:
    desk = Desk(campaign(max_offers=4), shard=0, shards=2)
    met = []
    for _ in range(4):
        met.append(bool(desk.of("hat")))
        desk.offer("hat")
    assert met == [True, True, False, False], "half of them are this shard's"


def test_an_order_spends_the_discount_of_what_was_granted_once() -> None:
    sale = campaign(budget=100.0)
    desk = Desk(sale)
    desk.offer("hat", 0.0)
    assert desk.spent(sale) == (1, 0.0), "an offer alone costs nothing"
    desk.order(1.0, hat=50.0, shoe=80.0)
    assert desk.spent(sale) == (1, pytest.approx(10.0))
    desk.order(2.0, hat=50.0)
    assert desk.spent(sale) == (1, pytest.approx(10.0))
    assert desk.customer.granted == {}


def test_a_budget_that_is_spent_ends_the_campaign() -> None:
    desk = Desk(campaign(budget=10.0))
    desk.offer("hat")
    desk.order(hat=50.0)
    assert desk.of("hat") == {}


@pytest.mark.parametrize(("later", "money"), [(DAY, 10.0), (DAY + 1, 0.0)])
def test_a_discount_is_given_by_orders_within_the_attribution_window(
    later: float, money: float
) -> None:
    sale = campaign()
    desk = Desk(sale)
    desk.offer("hat", 5.0)
    desk.order(5.0 + later, hat=50.0)
    assert desk.spent(sale)[1] == pytest.approx(money)


def test_the_discount_that_was_offered_last_counts() -> None:
    sale, more = campaign(), campaign("more", discount=0.5, starts=moment(10.0), priority=1)
    desk = Desk(sale, more)
    desk.offer("hat", 0.0)
    desk.offer("hat", 20.0)
    desk.order(30.0, hat=50.0)
    assert desk.spent(sale, 30.0)[1] == 0.0
    assert desk.spent(more, 30.0)[1] == pytest.approx(25.0)


def test_a_discount_of_a_campaign_that_is_gone_costs_nobody_anything() -> None:
    sale, other = campaign(), campaign("other", items=("bag",))
    desk = Desk(sale, other)
    desk.offer("hat bag")
    desk.apply(other)
    desk.order(hat=50.0, bag=50.0)
    assert desk.spent(other) == (1, pytest.approx(10.0))


@pytest.mark.parametrize("others", [(), (campaign("other"),)], ids=["none left", "another"])
def test_what_was_spent_on_a_campaign_goes_with_it(others: tuple[Campaign, ...]) -> None:
    sale = campaign(budget=10.0)
    desk = Desk(sale)
    desk.offer("hat")
    desk.order(hat=50.0)
    desk.apply(*others)
    desk.apply(sale)
    assert desk.spent(sale) == (0, 0.0)


# -- what comes back ------------------------------------------------------------------------------


def test_what_an_order_took_is_given_back_once() -> None:
    sale = campaign(budget=100.0)
    desk = Desk(sale)
    desk.offer("hat")
    desk.order(hat=50.0, shoe=80.0)
    desk.back("shoe")
    desk.back(order_id="another")
    assert desk.spent(sale) == (1, pytest.approx(10.0))
    desk.back()
    assert desk.spent(sale) == (1, 0.0), "an offer that was made is not taken back"
    desk.offer("hat")
    desk.order(order_id="next", hat=50.0)
    desk.back()
    assert desk.spent(sale)[1] == pytest.approx(10.0)


def test_units_that_come_back_are_given_back_and_never_more_than_there_were() -> None:
    sale = campaign(items=("hat", "bag"))
    desk = Desk(sale)
    desk.offer("hat bag")
    desk.order(units=4, hat=200.0, bag=20.0)
    left = []
    for back in ({"hat": 1}, {"hat": 2, "bag": 9}, {"hat": 5}, {"hat": 5}):
        desk.back(back)
        left.append(desk.spent(sale)[1])
    assert left == [pytest.approx(34.0), pytest.approx(10.0), 0.0, 0.0]
    assert not desk.deals._booked


def test_what_is_left_of_an_order_is_given_back_with_all_of_it() -> None:
    sale, other = campaign(), campaign("other", items=("bag",), discount=0.5)
    desk = Desk(sale, other)
    desk.offer("hat bag")
    desk.order(units=2, hat=100.0, bag=10.0)
    desk.back("hat")
    desk.back()
    assert (desk.spent(sale), desk.spent(other)) == ((1, 0.0), (1, 0.0))


def test_a_budget_is_there_again_once_an_order_came_back() -> None:
    desk = Desk(campaign(budget=10.0))
    desk.offer("hat")
    desk.order(hat=50.0)
    assert desk.of("hat") == {}
    desk.back()
    assert desk.of("hat") == {"hat": "sale"}


def test_an_order_number_that_is_used_again_takes_nothing_away() -> None:
    sale = campaign()
    desk = Desk(sale)
    for _ in range(2):
        desk.offer("hat")
        desk.order(hat=50.0)
    desk.order(hat=50.0)
    desk.back({"hat": 1})
    assert desk.spent(sale)[1] == pytest.approx(10.0)
    desk.back()
    assert desk.spent(sale)[1] == 0.0
    for _ in range(_MOST + 5):
        desk.offer("hat")
        desk.order(hat=50.0)
    assert len(desk.deals._booked["o"]) == _MOST


def test_only_the_last_orders_are_kept_and_only_those_that_took_a_discount() -> None:
    sale = campaign()
    desk = Desk(sale)
    for number in range(5):
        desk.offer("hat")
        desk.order(order_id=f"o{number}", hat=50.0)
        desk.order(order_id=f"p{number}", hat=50.0)
    assert list(desk.deals._booked) == ["o2", "o3", "o4"]
    desk.back(order_id="o1")
    assert desk.spent(sale)[1] == pytest.approx(50.0)


def test_what_comes_back_of_a_campaign_that_is_gone_is_given_to_no_other() -> None:
    sale, other = campaign(), campaign("other", items=("bag",))
    desk = Desk(sale, other)
    desk.offer("hat bag")
    desk.order(hat=50.0, bag=50.0)
    desk.apply(other)
    desk.back()
    assert desk.spent(other) == (1, 0.0)


def test_a_shard_beyond_those_the_view_knows_of_has_a_part_too() -> None:
    desk = Desk(campaign(budget=100.0), shard=3, shards=1)
    assert desk.of("hat") == {"hat": "sale"}


def test_of_a_customer_only_the_latest_are_remembered() -> None:
    campaigns = [campaign(f"k{number}", items=(f"a{number}",)) for number in range(_MOST + 5)]
    desk = Desk(*campaigns)
    for number in [*range(_MOST), 0, *range(_MOST, _MOST + 5)]:
        desk.offer(f"a{number}", float(number))
    left = [*range(6, _MOST), 0, *range(_MOST, _MOST + 5)]
    assert list(desk.customer.campaigns) == [f"k{number}" for number in left]
    assert list(desk.customer.granted) == [f"a{number}" for number in left]
    assert desk.customer.campaigns["k0"] == 2


def test_what_offers_mean_in_money() -> None:
    articles = {
        "hat": Article(price=50.0, cost=30.0), "bag": Article(price=50.0, cost=45.0),
        "no price": Article(cost=1.0), "no cost": Article(price=9.0), "free": Article(price=5.0, cost=0.0),
    }  # fmt: skip
    deals = {"bag": campaign(), "no cost": campaign(), "hat": campaign(discount=0.0, boost=2.0)}
    assert money_of(articles, deals) == Money(
        {"bag": 0.2, "no cost": 0.2},
        {"hat": 20.0, "bag": pytest.approx(-5.0), "free": 5.0},
    )


def test_what_is_paid_for_an_order() -> None:
    lines = (
        OrderLine(sku="hat", quantity=2, unit_price=30.0), OrderLine(sku="hat", unit_price=10.0),
        OrderLine(sku="bag", quantity=3), OrderLine(sku="tie"),
    )  # fmt: skip
    known = {"hat": Article(price=99.0), "bag": Article(price=50.0), "tie": Article(cost=1.0)}
    assert bill_of(placed("o", lines), known) == Bill(
        "o", {"hat": (3, 70.0), "bag": (3, 50.0), "tie": (1, 0.0)}
    )

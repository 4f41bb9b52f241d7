"""Campaigns in offers: which article is in which one, what that costs, and when it is spent."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from models.articles import Article
from models.campaigns.campaign import Campaign
from models.campaigns.document import OfferRules, active
from models.campaigns.pacing import BudgetPacing
from models.customers import Customer, Granted
from schemas.orders import OrderLine, OrderPlaced

_MOST = 50
"""Most discounts, and most campaigns, that are remembered of a customer, and discounts of an order."""


@dataclass(slots=True)
class Booked:
    """A discount that an order took, as far as it was not taken back."""

    sku: str
    campaign: str
    run: int
    """Of the campaign (`BudgetPacing.spend`)."""
    units: int
    money: float

    def take(self, units: int) -> float:
        """Take units of it back; return what they cost."""
        share = self.money * units / self.units
        self.units -= units
        self.money -= share
        return share


class Bill(NamedTuple):
    """An order as it is paid for."""

    order_id: str
    articles: Mapping[str, tuple[int, float]]
    """By article: how many units, and what is known of what was paid for them, before discounts."""


class Deals:
    """One shard's spending on campaigns, and what customers were granted."""

    __slots__ = ("_attribution_s", "_booked", "_orders", "pacing")

    def __init__(self, attribution_s: float, orders: int) -> None:
        """Discounts count as given by orders up to ``attribution_s`` seconds after the offer.

        What the last ``orders`` with a discount took is kept, should they be taken back.
        """
        self._attribution_s = attribution_s
        self._orders = orders
        self._booked: OrderedDict[str, list[Booked]] = OrderedDict()
        self.pacing = BudgetPacing()

    def follow(self, rules: OfferRules, shard: int, shards: int) -> None:
        """Go by these rules, as one shard of so many."""
        self.pacing.follow(rules, shard, max(shards, shard + 1))

    def of(
        self, skus: Iterable[str], rules: OfferRules, customer: Customer, segment: str,
        categories: Mapping[str, str], at: float,
    ) -> dict[str, Campaign]:  # fmt: skip
        """Return the campaign of each article that is in one now, for this customer."""
        if not rules.campaigns:
            return {}

        def allowed(campaign: Campaign) -> bool:
            cap = campaign.cap_per_customer
            if cap is not None and customer.campaigns.get(campaign.name, 0) >= cap:
                return False
            return self.pacing.may_spend(campaign, at)

        found = {sku: active(rules, sku, categories.get(sku), segment, at, allowed) for sku in skus}
        return {sku: campaign for sku, campaign in found.items() if campaign is not None}

    def made(
        self, chosen: Iterable[str], deals: Mapping[str, Campaign], customer: Customer, at: float
    ) -> None:
        """Note that an offer was made with these articles."""
        for campaign in {deals[sku].name: deals[sku] for sku in chosen if sku in deals}.values():
            self.pacing.count_offer(campaign, at)
            times = customer.campaigns.pop(campaign.name, 0)
            customer.campaigns[campaign.name] = times + 1
            _cut(customer.campaigns)
        for sku in chosen:
            if sku in deals:
                customer.granted.pop(sku, None)
                customer.granted[sku] = Granted(deals[sku].name, at)
                _cut(customer.granted)

    def bought(self, customer: Customer, rules: OfferRules, bill: Bill, at: float) -> None:
        """Spend what an order takes of the discounts granted."""
        names = {campaign.name: campaign for campaign in rules.campaigns}
        for sku, (units, price) in bill.articles.items():
            granted = customer.granted.pop(sku, None)
            if granted is None or at - granted.at > self._attribution_s:
                continue
            campaign = names.get(granted.campaign)
            if campaign is None:
                continue
            money = campaign.discount * price
            run = self.pacing.spend(campaign, money, at)
            if money and run is not None:
                self._book(bill.order_id, Booked(sku, campaign.name, run, units, money))

    def taken_back(self, order_id: str, lines: Sequence[OrderLine]) -> None:
        """Give back what an order took for these lines (none: all); nothing is given back twice."""
        booked = self._booked.get(order_id)
        if booked is None:
            return
        back = [(line.sku, line.quantity) for line in lines] or [
            (one.sku, one.units) for one in booked
        ]
        for sku, quantity in back:
            left = quantity
            for one in booked:
                if one.sku == sku and (units := min(left, one.units)):
                    left -= units
                    self.pacing.give_back(one.campaign, one.run, one.take(units))
        booked[:] = [one for one in booked if one.units]
        if not booked:
            del self._booked[order_id]

    def _book(self, order_id: str, one: Booked) -> None:
        booked = self._booked.setdefault(order_id, [])
        booked.append(one)
        del booked[:-_MOST]  # an order has no more, but a producer may use its number again
        if len(self._booked) > self._orders:
            self._booked.popitem(last=False)


class Money(NamedTuple):
    """What offers mean in money, by article, as far as prices are known."""

    discounts: dict[str, float]
    margins: dict[str, float]


def money_of(articles: Mapping[str, Article], deals: Mapping[str, Campaign]) -> Money:
    """Return discounts as shares, and what is earned with a unit where price and cost are known."""
    discounts = {sku: campaign.discount for sku, campaign in deals.items() if campaign.discount}
    margins = {
        sku: article.price * (1 - discounts.get(sku, 0.0)) - article.cost
        for sku, article in articles.items()
        if article.price is not None and article.cost is not None
    }
    return Money(discounts, margins)


def bill_of(order: OrderPlaced, articles: Mapping[str, Article]) -> Bill:
    """Return what was paid, as the order says, else by the catalogue's price of one unit."""
    units: dict[str, int] = {}
    paid: dict[str, float] = {}
    for line in order.lines:
        units[line.sku] = units.get(line.sku, 0) + line.quantity
        if line.unit_price is not None:
            paid[line.sku] = paid.get(line.sku, 0.0) + line.unit_price * line.quantity
    for sku in units:
        if sku not in paid:
            paid[sku] = (articles[sku].price if sku in articles else None) or 0.0
    return Bill(order.order_id, {sku: (number, paid[sku]) for sku, number in units.items()})


def _cut(known: dict[str, int] | dict[str, Granted]) -> None:
    while len(known) > _MOST:
        del known[next(iter(known))]

"""Campaigns in offers: which article is in which one, what that costs, and when it is spent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from models.articles import Article
from models.campaigns.campaign import Campaign
from models.campaigns.document import OfferRules, active
from models.campaigns.pacing import BudgetPacing
from models.customers import Customer, Granted

_MOST = 50
"""Most discounts, and most campaigns, that are remembered of a customer."""


class Deals:
    """One shard's spending on campaigns, and what customers were granted."""

    __slots__ = ("_attribution_s", "pacing")

    def __init__(self, attribution_s: float) -> None:
        """Discounts count as given by orders up to ``attribution_s`` seconds after the offer."""
        self._attribution_s = attribution_s
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

    def bought(
        self, customer: Customer, rules: OfferRules, worth: Mapping[str, float], at: float
    ) -> None:
        """Spend what an order takes of the discounts granted: ``worth`` is the price by article."""
        names = {campaign.name: campaign for campaign in rules.campaigns}
        for sku, price in worth.items():
            granted = customer.granted.pop(sku, None)
            if granted is None or at - granted.at > self._attribution_s:
                continue
            campaign = names.get(granted.campaign)
            if campaign is not None:
                self.pacing.spend(campaign, campaign.discount * price, at)


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


def _cut(known: dict[str, int] | dict[str, Granted]) -> None:
    while len(known) > _MOST:
        del known[next(iter(known))]

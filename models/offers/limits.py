"""When not to offer: caps, cooldowns, what was just bought or lies in the cart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models.customers import Customer
from models.offers.repurchase import Repurchase
from models.offers.shelves import Shelves

Exploration = Literal["thompson", "epsilon_greedy", "none"]
Goal = Literal["clicks", "orders", "margin"]
_MOST_DRAWS = 1_000


@dataclass(frozen=True, slots=True)
class OfferSettings:
    """How offers are made. Times in seconds. ``ValueError`` if a value cannot be."""

    size: int = 5
    min_views: int = 2
    cooldown_s: float = 120.0
    item_cooldown_s: float = 6 * 3600.0
    ignored_limit: int = 5
    ignored_cooldown_s: float = 3600.0
    daily_cap: int = 10
    rebuy_after_s: float = 7 * 86400.0
    expires_after_s: float = 1800.0
    click_window_s: float = 1800.0
    attribution_s: float = 86400.0
    session_end_s: float = 300.0
    cart_left_s: float = 1500.0
    pending: int = 20_000
    holdout: float = 0.05
    goal: Goal = "orders"
    exploration: Exploration = "thompson"
    boldness: float = 0.5
    draws: int = 64
    random_share: float = 0.1
    category_quota: int = 3
    variety: float = 0.1

    def __post_init__(self) -> None:
        for name in ("holdout", "random_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a share, from 0 to 1, not {getattr(self, name):g}.")
        if self.size < 1 or self.category_quota < 1 or not 1 <= self.draws <= _MOST_DRAWS:
            raise ValueError(
                "size and category_quota are at least 1, draws from 1 to 1000; they are "
                f"{self.size}, {self.category_quota} and {self.draws}."
            )
        if self.boldness < 0 or self.variety < 0:
            raise ValueError(
                "boldness and variety are not below 0; they are "
                f"{self.boldness:g} and {self.variety:g}."
            )


def may_offer(customer: Customer, at: float, settings: OfferSettings) -> bool:
    """Return whether a customer may be offered anything now (frequency cap and cooldown).

    Who has ignored ``ignored_limit`` offers in a row is left alone for longer.
    """
    times = customer.offer_times
    if settings.daily_cap <= 0:
        return False
    tired = customer.ignored_offers >= settings.ignored_limit
    pause = max(settings.cooldown_s, settings.ignored_cooldown_s if tired else 0.0)
    if times and at - times[-1] < pause:
        return False
    return len(times) < settings.daily_cap or at - times[-settings.daily_cap] >= 86400.0


def suppressed(
    customer: Customer, at: float, settings: OfferSettings, repurchase: Repurchase, shelves: Shelves
) -> set[str]:
    """Return the articles that must not be offered to a customer now.

    That is what lies in the cart or was just looked at, was offered lately, or bought so lately that it
    is not bought again yet.
    """
    blocked = {
        sku
        for sku, offered_at in customer.offered.items()
        if at - offered_at < settings.item_cooldown_s
    }
    blocked.update(customer.cart, customer.visit.recent)
    for sku, purchase in customer.bought.items():
        wait_s = repurchase.wait_s(sku, shelves.category_of(sku), settings.rebuy_after_s)
        if at - purchase.at < wait_s:
            blocked.add(sku)
    return blocked

"""When not to offer: caps, cooldowns, what was just bought or lies in the cart."""

from __future__ import annotations

from dataclasses import dataclass

from models.customers import Customer


@dataclass(frozen=True, slots=True)
class OfferSettings:
    """How offers are made. Times in seconds."""

    size: int = 5
    min_views: int = 2
    cooldown_s: float = 120.0
    item_cooldown_s: float = 6 * 3600.0
    daily_cap: int = 10
    rebuy_after_s: float = 7 * 86400.0
    expires_after_s: float = 1800.0
    pending: int = 20_000
    holdout: float = 0.05


def may_offer(customer: Customer, at: float, settings: OfferSettings) -> bool:
    """Return whether a customer may be offered anything now (frequency cap and cooldown)."""
    times = customer.offer_times
    if settings.daily_cap <= 0:
        return False
    if times and at - times[-1] < settings.cooldown_s:
        return False
    return len(times) < settings.daily_cap or at - times[-settings.daily_cap] >= 86400.0


def suppressed(customer: Customer, at: float, settings: OfferSettings) -> set[str]:
    """Return the articles that must not be offered to a customer now.

    That is what lies in the cart or was just looked at, was offered lately, or bought lately.
    """
    blocked = {
        sku
        for sku, offered_at in customer.offered.items()
        if at - offered_at < settings.item_cooldown_s
    }
    blocked.update(customer.cart, customer.visit.recent)
    for sku, purchase in customer.bought.items():
        if at - purchase.at < settings.rebuy_after_s:
            blocked.add(sku)
    return blocked

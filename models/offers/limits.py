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


def may_offer(customer: Customer, at: float, settings: OfferSettings) -> bool:
    """Return whether a customer may be offered anything now (frequency cap and cooldown)."""
    times = customer.offer_times
    if times and at - times[-1] < settings.cooldown_s:
        return False
    return len(times) < settings.daily_cap or at - times[-settings.daily_cap] >= 86400.0


def suppressed(customer: Customer, sku: str, at: float, settings: OfferSettings) -> bool:
    """Return whether an article must not be offered to a customer now."""
    if sku in customer.cart:
        return True
    offered = customer.offered.get(sku)
    if offered is not None and at - offered < settings.item_cooldown_s:
        return True
    bought = customer.bought.get(sku)
    return bought is not None and at - bought[0] < settings.rebuy_after_s

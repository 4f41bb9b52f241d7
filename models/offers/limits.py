"""When not to offer: caps, cooldowns, what was just bought or lies in the cart."""

from __future__ import annotations

from collections.abc import Callable

from models.campaigns.limits import LimitsInForce
from models.customers import Customer
from models.offers.repurchase import Repurchase


def may_offer(customer: Customer, at: float, limits: LimitsInForce) -> bool:
    """Return whether a customer may be offered anything now (frequency cap and cooldown).

    Who has ignored ``tired_after`` offers in a row is left alone for longer.
    """
    times = customer.offer_times
    if limits.daily_cap <= 0:
        return False
    tired = customer.ignored_offers >= limits.tired_after
    pause = max(limits.cooldown_s, limits.tired_cooldown_s if tired else 0.0)
    if times and at - times[-1] < pause:
        return False
    return len(times) < limits.daily_cap or at - times[-limits.daily_cap] >= 86400.0


def resting(customer: Customer, at: float, limits: LimitsInForce) -> set[str]:
    """Return the articles that must not be offered again yet: offered lately, or shown and ignored."""
    return {
        sku
        for sku, offered_at in customer.offered.items()
        if at - offered_at < limits.item_cooldown_s
        or (
            at - offered_at < limits.ignored_cooldown_s
            and customer.ignored.get(sku, 0) >= limits.ignored_limit
        )
    }


def not_wanted(
    customer: Customer, at: float, limits: LimitsInForce, repurchase: Repurchase,
    category_of: Callable[[str], str | None],
) -> set[str]:  # fmt: skip
    """Return the articles that must not be offered, whatever was offered before.

    That is what lies in the cart, was just looked at, or was bought so lately that it is not bought
    again yet. How long that is the rules say; what is learnt holds only where they do not.
    """
    blocked = {*customer.cart, *customer.visit.recent}
    for sku, purchase in customer.bought.items():
        category = category_of(sku)
        wait_s = limits.rebuy_after(category)
        if wait_s is None:
            wait_s = repurchase.wait_s(sku, category, limits.unlearnt_rebuy_after_s)
        if at - purchase.at < wait_s:
            blocked.add(sku)
    return blocked

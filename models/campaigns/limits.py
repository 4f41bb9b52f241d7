"""The limits that hold: what the offer rules say, and what the settings say where these do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from models.campaigns.document import OfferRules


class Fallback(Protocol):
    """What holds where the rules say nothing: `models.offers.limits.OfferSettings` has it."""

    @property
    def daily_cap(self) -> int:
        """Most offers to a customer in 24 hours."""

    @property
    def cooldown_s(self) -> float:
        """Seconds between two offers to a customer."""

    @property
    def item_cooldown_s(self) -> float:
        """Seconds between two offers of an article to a customer."""

    @property
    def rebuy_after_s(self) -> float:
        """Seconds that an article bought is not offered to its buyer."""


@dataclass(frozen=True, slots=True)
class LimitsInForce:
    """All limits, none left open; what each means is said in `models.campaigns.document.Limits`."""

    daily_cap: int
    cooldown_s: float
    item_cooldown_s: float
    category_rebuy_after_s: Mapping[str, float]
    ignored_cooldown_s: float
    ignored_limit: int
    category_quota: int | None
    diversity: float
    rebuy_after_s: float

    def rebuy_after(self, category: str | None) -> float:
        """Return for how many seconds an article of a category is not offered to who bought it."""
        if category is None:
            return self.rebuy_after_s
        return self.category_rebuy_after_s.get(category, self.rebuy_after_s)


def limits_in_force(rules: OfferRules, settings: Fallback) -> LimitsInForce:
    """Return what holds under the rules, and by the settings where the rules say nothing.

    Not by fixed defaults: a document that only has campaigns must not undo what the settings say.
    """
    said = rules.limits
    return LimitsInForce(
        settings.daily_cap if said.daily_cap is None else said.daily_cap,
        settings.cooldown_s if said.cooldown_s is None else said.cooldown_s,
        settings.item_cooldown_s if said.item_cooldown_s is None else said.item_cooldown_s,
        said.category_rebuy_after_s,
        said.ignored_cooldown_s,
        said.ignored_limit,
        said.category_quota,
        said.diversity,
        settings.rebuy_after_s if said.rebuy_after_s is None else said.rebuy_after_s,
    )

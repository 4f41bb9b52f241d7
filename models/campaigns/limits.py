"""The limits that hold: what the offer rules say, and what the settings say where these do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.campaigns.document import OfferRules
from models.offers.settings import OfferSettings


@dataclass(frozen=True, slots=True)
class LimitsInForce:
    """All limits, none left open; what each means is said in `models.campaigns.document.Limits`."""

    daily_cap: int
    cooldown_s: float
    item_cooldown_s: float
    category_rebuy_after_s: Mapping[str, float]
    ignored_cooldown_s: float
    ignored_limit: int
    category_quota: int
    diversity: float
    rebuy_after_s: float | None
    """None: the rules say nothing; what is learnt holds, and the settings while nothing is."""
    unlearnt_rebuy_after_s: float
    tired_after: int
    tired_cooldown_s: float

    def rebuy_after(self, category: str | None) -> float | None:
        """Return for how many seconds the rules bar an article of a category from who bought it.

        None: they do not say.
        """
        if category is None:
            return self.rebuy_after_s
        return self.category_rebuy_after_s.get(category, self.rebuy_after_s)


def limits_in_force(rules: OfferRules, settings: OfferSettings) -> LimitsInForce:
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
        settings.category_quota if said.category_quota is None else said.category_quota,
        settings.diversity if said.diversity is None else said.diversity,
        said.rebuy_after_s,
        settings.rebuy_after_s,
        settings.tired_after,
        settings.tired_cooldown_s,
    )

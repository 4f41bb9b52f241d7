"""The offer rules: the document that an operator applies, as workers hold it.

It travels as one row of the merged view, so that each shard takes a new one over at a known place of
its journal, and a replay decides by the same rules. What is in it was checked before
(`models.campaigns.checking`). Names are plain text here and unknown keys are passed over, so that a
worker also reads what a newer version applied.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache

import msgspec

from models.campaigns.campaign import Campaign
from models.campaigns.index import CampaignIndex

TRIGGERS = {
    "view": True, "add_to_cart": True, "order_placed": True,
    "session_end": False, "cart_left": False, "price_drop": False,
    "back_in_stock": False,
}  # fmt: skip
"""What can make an offer, and whether it does so unless the rules say otherwise.

On is what happens while the customer looks at the shop; the others need somebody who sends messages."""


class Limits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When not to offer, times in seconds. None: as the settings say (`models.campaigns.limits`)."""

    daily_cap: int | None = None
    """Most offers to a customer in 24 hours."""
    cooldown_s: float | None = None
    """Between two offers to a customer."""
    item_cooldown_s: float | None = None
    """Between two offers of the same article to a customer."""
    rebuy_after_s: float | None = None
    """An article bought is not offered to its buyer for so long. None: as long as is learnt."""
    category_rebuy_after_s: dict[str, float] = {}
    """The same for articles of a category."""
    ignored_cooldown_s: float = 0.0
    """An article that was shown and not clicked is not offered to this customer for so long."""
    ignored_limit: int = 1
    """So often in a row it must have been shown and not clicked for that."""
    category_quota: int | None = None
    """Most articles of one category in an offer, while there are others."""
    diversity: float | None = None
    """0: articles by score alone, 1: as many categories as there are (`models.offers.choosing`)."""


class OfferRules(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, dict=True):
    """The whole document; one that says nothing changes nothing."""

    limits: Limits = Limits()
    sources: dict[str, bool] = {}
    """By name of the candidate source; what is not named is on."""
    triggers: dict[str, bool] = {}
    """By name, out of `TRIGGERS`."""
    campaigns: tuple[Campaign, ...] = ()

    @cached_property
    def index(self) -> CampaignIndex:
        """The campaigns by article; made once for a document."""
        return CampaignIndex(self.campaigns)

    def source_on(self, name: str) -> bool:
        """Return whether a candidate source may propose."""
        return self.sources.get(name, True)

    def trigger_on(self, name: str) -> bool:
        """Return whether something may make an offer."""
        return self.triggers.get(name, TRIGGERS.get(name, False))


NO_RULES = OfferRules()
"""What holds while nothing was applied."""


def active(
    document: OfferRules,
    sku: str,
    category: str | None,
    segment: str | None,
    at: float,
    allowed: Callable[[Campaign], bool] | None = None,
) -> Campaign | None:
    """Return the campaign that an article is in at ``at`` (unix seconds) for a customer; or None.

    Of several the one with the highest priority, then the one that stands first in the document.
    ``allowed`` passes over campaigns, for example those whose budget is spent, so that the next one
    has its turn. A customer of whom no segment is known is in the campaigns for everybody only.

    Examples
    --------
    >>> sale = Campaign(name="sale", items=("tie",), discount=0.2)
    >>> regulars = Campaign(name="thanks", categories=("ties",), segments=("regular",), priority=1)
    >>> rules = OfferRules(campaigns=(sale, regulars))
    >>> active(rules, "tie", "ties", "regular", 0.0).name
    'thanks'
    >>> active(rules, "tie", "ties", None, 0.0).name
    'sale'

    """
    return document.index.best(sku, category, segment, at, allowed)


def running(rules: OfferRules, at: float) -> int:
    """Return how many campaigns have begun and are not over at ``at`` (unix seconds)."""
    return sum(campaign.runs(at) for campaign in rules.campaigns)


encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(OfferRules).decode


@lru_cache(maxsize=8)
def decode(blob: bytes) -> OfferRules:
    """Return the document in a row of the view.

    Remembered, for a replay goes through many versions of the view, and few of the document.
    """
    return _decode(blob)

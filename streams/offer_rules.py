"""The offer rules in the store: one row of the merged view, which only an operator writes."""

from __future__ import annotations

import msgspec

from models.campaigns.document import OfferRules, decode, encode
from models.view import OFFER_RULES, OPERATORS_PART
from streams.store.protocol import Store, StoreError


class Unreadable(StoreError):
    """The rules in the store are of no form that this version knows."""


async def applied(store: Store) -> OfferRules | None:
    """Return the rules in force; None: none were applied.

    Raises `Unreadable` if what is there cannot be read.
    """
    blob = (await store.view_rows(OPERATORS_PART, [OFFER_RULES])).get(OFFER_RULES)
    try:
        return None if blob is None else decode(blob)
    except msgspec.DecodeError as error:
        raise Unreadable(
            f"The offer rules in the store cannot be read ({error}), and no worker can go on with "
            "them: `tailorline offers apply FILE` puts others in their place."
        ) from error


async def apply(store: Store, rules: OfferRules | None) -> int:
    """Put rules in force, None: no rules any more; return the new version of the part of the view."""
    row = None if rules is None else encode(rules)
    return await store.publish_view(OPERATORS_PART, {OFFER_RULES: row})


def running(rules: OfferRules, at: float) -> int:
    """Return how many campaigns have begun and are not over at ``at`` (unix seconds)."""
    return sum(campaign.runs(at) for campaign in rules.campaigns)

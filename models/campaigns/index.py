"""Which campaign holds for an article: looked up by article and by category, not searched for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from models.campaigns.campaign import Campaign


class _Place(NamedTuple):
    rank: int
    """0 is looked at first: by priority, then by the order in the document."""
    starts: float
    ends: float
    segments: frozenset[str]
    """Empty: for everybody."""
    campaign: Campaign


_NONE: tuple[_Place, ...] = ()


class CampaignIndex:
    """The campaigns of one document by article and category, the highest priority first."""

    __slots__ = ("_by_category", "_by_sku")

    def __init__(self, campaigns: Iterable[Campaign]) -> None:
        self._by_sku: dict[str, tuple[_Place, ...]] = {}
        self._by_category: dict[str, tuple[_Place, ...]] = {}
        # Sorting is stable: among equals the one that stands first in the document wins.
        for rank, campaign in enumerate(sorted(campaigns, key=lambda each: -each.priority)):
            place = _Place(
                rank, _seconds(campaign.starts, -math.inf), _seconds(campaign.ends, math.inf),
                frozenset(campaign.segments), campaign,
            )  # fmt: skip
            for sku in campaign.items:
                self._by_sku[sku] = (*self._by_sku.get(sku, _NONE), place)
            for category in campaign.categories:
                self._by_category[category] = (*self._by_category.get(category, _NONE), place)

    def best(
        self,
        sku: str,
        category: str | None,
        segment: str | None,
        at: float,
        allowed: Callable[[Campaign], bool] | None = None,
    ) -> Campaign | None:
        """Return the first campaign that holds, and that is ``allowed`` if that is asked."""
        own = self._by_sku.get(sku, _NONE)
        shared = _NONE if category is None else self._by_category.get(category, _NONE)
        if not own and not shared:  # most articles are in no campaign, and this is asked for each
            return None
        for place in _in_order(own, shared):
            if (
                place.starts <= at < place.ends
                and (not place.segments or segment in place.segments)
                and (allowed is None or allowed(place.campaign))
            ):
                return place.campaign
        return None


def _in_order(own: tuple[_Place, ...], shared: tuple[_Place, ...]) -> Iterator[_Place]:
    """Return the places by rank, each once."""
    if not own or not shared:
        return iter(own or shared)
    return iter(sorted({place.rank: place for place in (*own, *shared)}.values()))


def _seconds(moment: datetime | None, otherwise: float) -> float:
    return otherwise if moment is None else moment.timestamp()

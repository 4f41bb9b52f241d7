"""A campaign: articles at a discount, for some customers, between two moments, within a budget."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Campaign(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One campaign of the offer rules, already checked (`models.campaigns.checking`)."""

    name: str
    """Unique in the document; what is spent is kept under it."""
    items: tuple[str, ...] = ()
    """Articles that are in the campaign, beside those of its categories."""
    categories: tuple[str, ...] = ()
    discount: float = 0.0
    """Share of the price, 0 to 0.9."""
    budget: float | None = None
    """Most discount in money (main unit of the shop's currency), of all shards; None: no end."""
    max_offers: int | None = None
    """Most offers with an article of the campaign, of all shards; None: no end."""
    starts: datetime | None = None
    """From this moment on; None: always was."""
    ends: datetime | None = None
    """Not from this moment on any more; None: never ends."""
    segments: tuple[str, ...] = ()
    """Out of `models.segments.SEGMENTS`; empty: for everybody."""
    priority: int = 0
    """Of several campaigns with an article, that with the highest one is taken."""
    boost: float = 1.0
    """What an article's score is multiplied with, 0.1 to 10."""
    cap_per_customer: int | None = None
    """Most offers with an article of the campaign to one customer; None: no limit of its own."""

    def runs(self, at: float) -> bool:
        """Return whether it has begun and is not over at ``at`` (unix seconds)."""
        return (self.starts is None or self.starts.timestamp() <= at) and (
            self.ends is None or at < self.ends.timestamp()
        )

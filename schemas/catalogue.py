"""What is known of the articles: the events of the topic ``catalogue``, keyed by article."""

from __future__ import annotations

import msgspec

from schemas.fields import (
    Available,
    Category,
    EventId,
    ListPrice,
    Moment,
    Sku,
    Stock,
    UnitCost,
)


class ArticleChanged(
    msgspec.Struct, tag_field="type", tag="article", frozen=True, kw_only=True, gc=False
):
    """All that is known of an article from now on; what is absent is unknown.

    Not a difference: the latest event of an article, by ``occurred_at``, takes the place of all
    earlier ones.
    """

    event_id: EventId
    occurred_at: Moment
    sku: Sku
    category: Category | None = None
    price: ListPrice | None = None
    cost: UnitCost | None = None
    stock: Stock | None = None
    available: Available = True


Catalogue = ArticleChanged

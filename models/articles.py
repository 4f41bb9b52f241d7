"""What is known of articles: category, price, cost and stock, as the catalogue told it last.

A shard hears of some articles only, those of its partition of the topic ``catalogue``. It passes them
on to the merge, and all shards read them from the view (docs/adr/0009).
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import islice

import msgspec

from models.bounded import left_after_cut
from models.effects import Effects
from schemas.catalogue import ArticleChanged

ARTICLES = "blob:articles"
_encode = msgspec.json.Encoder().encode


class Article(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is known of an article; None: unknown. Money in the shop's currency."""

    category: str | None = None
    price: float | None = None
    """The list price of a unit."""
    cost: float | None = None
    """What a unit costs the firm."""
    stock: int | None = None
    """Units that can be sold."""
    available: bool = True
    """False: it must not be offered, whatever is in stock."""
    changed_at: float = 0.0
    """When it was told so (unix seconds). In the view: when that was something new."""


def sellable(article: Article | None) -> bool:
    """Return whether an article may be offered, by what is known: what is unknown stops nothing.

    >>> sellable(None), sellable(Article(stock=3)), sellable(Article(stock=0))
    (True, True, False)
    """
    return article is None or (article.available and article.stock != 0)


class Articles:
    """The articles that a shard was told of; those longest not told of go when they are too many."""

    __slots__ = ("_known", "max_skus", "touched")

    def __init__(self, max_skus: int) -> None:
        self.max_skus = max_skus
        self.touched: dict[str, None] = {}
        """Articles of which something changed since they were last published, oldest first."""
        self._known: OrderedDict[str, Article] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of articles known."""
        return len(self._known)

    def __contains__(self, sku: str) -> bool:
        return sku in self._known

    def get(self, sku: str) -> Article | None:
        """Return what this shard was told of an article."""
        return self._known.get(sku)

    def learn(self, event: ArticleChanged, at: float, effects: Effects) -> list[str]:
        """Take in what an article is like since ``at``, unless something later is known.

        Returns the articles that had to be forgotten: the merge has to look at them.
        """
        before = self._known.get(event.sku)
        if before is not None and at < before.changed_at:
            return []
        now = Article(event.category, event.price, event.cost, event.stock, event.available, at)
        self._known[event.sku] = now
        self._known.move_to_end(event.sku)
        # Many a shop tells all it has every night: what is as it was is not written again.
        if before is None or msgspec.structs.replace(before, changed_at=at) != now:
            self.touched[event.sku] = None
        return self._cut(effects)

    def publish(self, effects: Effects, most: int) -> None:
        """Write up to ``most`` of the articles that changed for the merge to read."""
        for sku in list(islice(self.touched, most)):
            del self.touched[sku]
            effects.put(ARTICLES, sku, _encode(self._known[sku]))
            effects.mark(sku)

    def _cut(self, effects: Effects) -> list[str]:
        if len(self._known) <= self.max_skus:
            return []
        gone = list(islice(self._known, len(self._known) - left_after_cut(self.max_skus)))
        for sku in gone:
            del self._known[sku]
            self.touched.pop(sku, None)
            effects.drop(ARTICLES, sku)
        return gone

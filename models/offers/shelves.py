"""What a shard knows of the articles that pass: their category, what is viewed in each, what is new."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from itertools import islice

from models.segments import SEGMENTS, Segment
from models.sequences.trending import Trending

_CATEGORIES = 1_000
_PER_CATEGORY = 200
_PER_SEGMENT = 2_000
_NEWEST = 200
"""So many of the articles met first last may be shown to be tried."""


class Shelves:
    """Categories of articles, trends by category and segment, and the newest articles. Bounded."""

    __slots__ = (
        "_category_of",
        "_half_life_s",
        "_met",
        "_newest",
        "_newest_of",
        "_of",
        "_of_segment",
        "capacity",
    )

    def __init__(self, half_life_s: float, capacity: int) -> None:
        """Remember up to ``capacity`` articles; views count half after ``half_life_s`` seconds."""
        self.capacity = capacity
        self._half_life_s = half_life_s
        self._category_of: OrderedDict[str, str] = OrderedDict()
        self._of: OrderedDict[str, Trending] = OrderedDict()
        self._of_segment = {name: Trending(half_life_s, _PER_SEGMENT) for name in SEGMENTS}
        self._met: OrderedDict[str, None] = OrderedDict()
        self._newest: OrderedDict[str, str | None] = OrderedDict()
        """With their categories."""
        self._newest_of: dict[str, dict[str, None]] = {}
        """The same by category: they are looked for with every offer."""

    def learn(self, sku: str, category: str | None, segment: Segment | None, at: float) -> None:
        """Take a view in; of somebody who agreed with the ``segment``, else None."""
        self._meet(sku, category)
        if category is not None:
            self._category_of[sku] = category
            self._category_of.move_to_end(sku)
            if len(self._category_of) > self.capacity:
                self._category_of.popitem(last=False)
            shelf = self._of.get(category)
            if shelf is None:
                shelf = self._of[category] = Trending(self._half_life_s, _PER_CATEGORY)
                if len(self._of) > _CATEGORIES:
                    self._of.popitem(last=False)
            self._of.move_to_end(category)
            shelf.learn(sku, at)
        if segment is not None:
            self._of_segment[segment].learn(sku, at)

    def category_of(self, sku: str) -> str | None:
        """Return an article's category, as said by its latest view; None if none said."""
        return self._category_of.get(sku)

    def of_category(self, category: str, limit: int) -> list[tuple[str, float]]:
        """Return what is viewed most in a category, with its share of the first one's views."""
        shelf = self._of.get(category)
        return shelf.top(limit) if shelf is not None else []

    def of_segment(self, segment: Segment, limit: int) -> list[tuple[str, float]]:
        """Return what customers of a segment view most, with its share of the first one's views."""
        return self._of_segment[segment].top(limit)

    def newest(self, categories: Collection[str], limit: int) -> list[str]:
        """Return articles met lately for the first time: those of ``categories`` first."""
        near = [
            sku for category in categories for sku in reversed(self._newest_of.get(category, {}))
        ][:limit]
        others = (sku for sku, of in reversed(self._newest.items()) if of not in categories)
        return [*near, *islice(others, limit - len(near))]

    def tried(self, sku: str) -> None:
        """Note that an article was shown often enough: it is new no longer."""
        if sku in self._newest:
            self._file(sku, None)
            del self._newest[sku]

    def _file(self, sku: str, category: str | None) -> None:
        """Put one of the newest articles into a category, or into none."""
        before = self._newest.get(sku)
        if before is not None:
            shelf = self._newest_of[before]
            del shelf[sku]
            if not shelf:
                del self._newest_of[before]
        self._newest[sku] = category
        if category is not None:
            self._newest_of.setdefault(category, {})[sku] = None

    def _meet(self, sku: str, category: str | None) -> None:
        known = sku in self._met
        self._met[sku] = None
        self._met.move_to_end(sku)
        if len(self._met) > self.capacity:
            gone, _ = self._met.popitem(last=False)
            self.tried(gone)
        if not known or (category is not None and self._newest.get(sku, category) != category):
            self._file(sku, category)
            if len(self._newest) > _NEWEST:
                self.tried(next(iter(self._newest)))

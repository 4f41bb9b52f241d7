"""The merged view: what all shards know together, as versioned rows that workers cache.

A row is worked out from additive shard counts by the owner of its part. A shard's decisions read
the view at the version that its journal says, so that a replay decides the same.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from models.itemsets.counts import Triple
from models.itemsets.rules import Rule


class Neighbour(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An article that is looked at near another, with the share of such views."""

    sku: str
    share: float


class Row(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that is merged about one article."""

    rules: tuple[Rule, ...] = ()
    """Rules with this article as antecedent, best first, significant ones only."""
    partners: tuple[str, ...] = ()
    """Alphabetically later articles that are frequent together with this one."""
    next: tuple[Neighbour, ...] = ()
    """What is looked at near this article, most often first."""
    count: float = 0.0


class Trend(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An article that is looked at a lot now."""

    sku: str
    share: float


TRENDING = "\x1ftrending"
"""The row name of the list of trending articles (no article can be called so)."""

_decode_row = msgspec.json.Decoder(Row).decode
_decode_trends = msgspec.json.Decoder(tuple[Trend, ...]).decode
encode = msgspec.json.Encoder().encode

EMPTY_ROW = Row()


class View:
    """An immutable version of the merged rows; `changed` makes the next one."""

    __slots__ = ("_blobs", "_near", "_rows", "opened", "trending", "versions")

    def __init__(
        self,
        parts: int,
        blobs: Mapping[str, bytes] | None = None,
        versions: tuple[int, ...] | None = None,
    ) -> None:
        self._blobs: dict[str, bytes] = {}
        self._rows: dict[str, Row] = {}
        self._near: dict[str, frozenset[str]] = {}
        self.opened: frozenset[Triple] = frozenset()
        self.trending: tuple[Trend, ...] = ()
        self.versions = versions or (0,) * parts
        self._take(blobs or {})

    def row(self, item: str) -> Row:
        """Return what is known about an article (an empty row if nothing is)."""
        row = self._rows.get(item)
        if row is None:
            blob = self._blobs.get(item)
            row = EMPTY_ROW if blob is None else _decode_row(blob)
            if blob is not None:
                self._rows[item] = row
        return row

    def rows(self) -> Mapping[str, Row]:
        """Return all rows by article."""
        return {item: self.row(item) for item in self._blobs if item != TRENDING}

    def changed(self, part: int, version: int, blobs: Mapping[str, bytes]) -> View:
        """Return the view after a part moved to ``version`` with these rows new or changed."""
        view = View.__new__(View)
        view._blobs, view._rows, view._near = dict(self._blobs), dict(self._rows), dict(self._near)
        view.opened, view.trending = self.opened, self.trending
        view.versions = (*self.versions[:part], version, *self.versions[part + 1 :])
        view._take(blobs)
        return view

    def _take(self, blobs: Mapping[str, bytes]) -> None:
        opened: set[Triple] | None = None
        for item, blob in blobs.items():
            if item == TRENDING:
                self.trending = _decode_trends(blob)
                self._blobs[item] = blob
                continue
            before = frozenset(self.row(item).partners)
            self._blobs[item] = blob
            self._rows.pop(item, None)
            after = frozenset(self.row(item).partners)
            if before == after:
                continue
            opened = set(self.opened) if opened is None else opened
            for partner in sorted(before - after):
                opened -= self._triangles(item, partner)
                self._join(item, partner, together=False)
            for partner in sorted(after - before):
                self._join(item, partner, together=True)
                opened |= self._triangles(item, partner)
        if opened is not None:
            self.opened = frozenset(opened)

    def _triangles(self, first: str, second: str) -> set[Triple]:
        """Return the triples whose three pairs are frequent, of which this is one pair."""
        common = self._near.get(first, frozenset()) & self._near.get(second, frozenset())
        triples = set()
        for third in common:
            one, two, three = sorted((first, second, third))
            triples.add((one, two, three))
        return triples

    def _join(self, first: str, second: str, *, together: bool) -> None:
        for one, other in ((first, second), (second, first)):
            near = self._near.get(one, frozenset())
            self._near[one] = near | {other} if together else near - {other}

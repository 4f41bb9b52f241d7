"""The merged view: what all shards know together, as versioned rows that workers cache.

A row is worked out from additive shard counts by the owner of its part. A shard's decisions read
the view at the version that its journal says, so that a replay decides the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import msgspec

from models.articles import Article
from models.campaigns.document import NO_RULES, OfferRules
from models.campaigns.document import decode as _decode_rules
from models.effects import part_of
from models.itemsets.counts import Triple
from models.itemsets.rules import Rule
from models.line.document import NO_LINE_RULES, LineRules
from models.line.document import decode as _decode_line_rules
from models.options.choices import OptionChoice, OptionPair


class Neighbour(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An article that is looked at near another, with the share of such views."""

    sku: str
    share: float


class CoPurchase(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An article that is bought with another: (effective) numbers of orders."""

    sku: str
    n_ab: float
    """Orders with both."""
    n_b: float
    """Orders with this one."""


class Row(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that is merged about one article."""

    rules: tuple[Rule, ...] = ()
    """Rules with this article as antecedent, best first, significant ones only."""
    partners: tuple[str, ...] = ()
    """Alphabetically later articles that are frequent together with this one."""
    next: tuple[Neighbour, ...] = ()
    """What is looked at near this article, most often first."""
    bought_with: tuple[CoPurchase, ...] = ()
    """What it is bought with more often than by chance, the best score first; no test was made."""
    count: float = 0.0
    """Orders with this article."""
    baskets: float = 0.0
    """All orders."""
    article: Article | None = None
    """What the catalogue says of it; None: nothing."""
    options: tuple[OptionChoice, ...] = ()
    """How it is configured: what is chosen of each option."""
    option_pairs: tuple[OptionPair, ...] = ()
    """Values of two options that are chosen together, of those options where some significantly are."""
    configured: float = 0.0
    """Lines with options for each order with this article, at most 1."""


class Trend(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An article that is looked at a lot now."""

    sku: str
    share: float


class ViewChange(NamedTuple):
    """What became of a part of the view."""

    version: int
    rows: Mapping[str, bytes | None]
    """The rows that changed; None: the row is gone."""
    whole: bool = False
    """These are all rows there are, for the history does not go back so far."""


class Rows(Protocol):
    """Whatever knows the merged rows."""

    def row(self, item: str) -> Row:
        """Return what is known about an article (an empty row if nothing is)."""


TRENDING = "\x1ftrending"
"""The row name of the list of trending articles (no article can be called so)."""
OFFER_RULES = "\x1foffer-rules"
"""The row name of the offer rules, which an operator publishes and no merge."""
LINE_RULES = "\x1fline-rules"
"""The row name of the line rules, which an operator publishes for the floor."""
OPERATORS_PART = 0
"""Where operators' rows are. Not by their names' hash: so they are where they were, however many parts
there are, or before there are any."""
NO_ARTICLES = frozenset({TRENDING, OFFER_RULES, LINE_RULES})
"""The rows that are of no article."""

_decode_row = msgspec.json.Decoder(Row).decode
_decode_trends = msgspec.json.Decoder(tuple[Trend, ...]).decode
encode = msgspec.json.Encoder().encode

EMPTY_ROW = Row()
_NOBODY: frozenset[str] = frozenset()


class View:
    """An immutable version of the merged rows; `changed` makes the next one."""

    __slots__ = ("_rows", "line_rules", "opened", "rules", "trending", "versions")

    def __init__(
        self,
        parts: int,
        blobs: Mapping[str, bytes | None] | None = None,
        versions: tuple[int, ...] | None = None,
        *,
        before: _Rows | None = None,
    ) -> None:
        """Hold ``blobs``, on top of the rows ``before`` if there are any."""
        self._rows = _Rows() if before is None else before.copy()
        self._rows.take(blobs or {})
        self.opened: frozenset[Triple] = self._rows.triangles
        """The triples whose three pairs are all frequent."""
        self.trending: tuple[Trend, ...] = self._rows.trending
        self.rules: OfferRules = self._rows.rules
        """What an operator wants of offers; `NO_RULES` if nothing was applied."""
        self.line_rules: LineRules = self._rows.line_rules
        """What an operator says of lines, machines and sensors; `NO_LINE_RULES` if nothing was applied."""
        self.versions = versions or (0,) * parts

    def row(self, item: str) -> Row:
        """Return what is known about an article (an empty row if nothing is)."""
        return self._rows.row(item)

    def article(self, sku: str) -> Article | None:
        """Return what the catalogue says of an article; None: nothing."""
        return self._rows.row(sku).article

    def rows(self) -> Mapping[str, Row]:
        """Return all rows by article."""
        return {item: self._rows.row(item) for item in self._rows.blobs}

    def changed(
        self, part: int, version: int, blobs: Mapping[str, bytes | None], *, whole: bool = False
    ) -> View:
        """Return the view after a part moved to ``version`` with these rows new or changed.

        None: the row is gone. If these are the ``whole`` part, so are all rows not among them.
        """
        return self.with_changes({part: ViewChange(version, blobs, whole)})

    def with_changes(self, changes: Mapping[int, ViewChange]) -> View:
        """Return the view after several parts changed: all of them in one go, for each copies all rows."""
        versions = list(self.versions)
        blobs: dict[str, bytes | None] = {}
        for part, change in changes.items():
            versions[part] = change.version
            if change.whole:
                parts = len(versions)
                old = (item for item in self._rows.blobs if part_of(item, parts) == part)
                others = [TRENDING] if part_of(TRENDING, parts) == part else []
                others += [OFFER_RULES, LINE_RULES] if part == OPERATORS_PART else []
                blobs |= dict.fromkeys([*old, *others])
            blobs |= change.rows
        return View(len(versions), blobs, tuple(versions), before=self._rows)


@dataclass(slots=True)
class _Rows:
    """The rows of a view while it is made: decoded when first read, frequent pairs as a graph."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    decoded: dict[str, Row] = field(default_factory=dict)
    near: dict[str, frozenset[str]] = field(default_factory=dict)
    """The articles that are frequent together with an article, both ways round."""
    triangles: frozenset[Triple] = frozenset()
    trending: tuple[Trend, ...] = ()
    rules: OfferRules = NO_RULES
    line_rules: LineRules = NO_LINE_RULES

    def copy(self) -> _Rows:
        """Return rows that can be changed without changing these."""
        return _Rows(
            self.blobs.copy(), self.decoded.copy(), self.near.copy(), self.triangles,
            self.trending, self.rules, self.line_rules,
        )  # fmt: skip

    def row(self, item: str) -> Row:
        """Return what is known about an article."""
        row = self.decoded.get(item)
        if row is None:
            blob = self.blobs.get(item)
            if blob is None:
                return EMPTY_ROW
            row = self.decoded[item] = _decode_row(blob)
        return row

    def take(self, blobs: Mapping[str, bytes | None]) -> None:
        """Take rows in, and keep up which triples are triangles of frequent pairs."""
        triangles: set[Triple] | None = None
        for item, blob in blobs.items():
            if item == TRENDING:
                self.trending = _decode_trends(blob) if blob else ()
                continue
            if item == OFFER_RULES:
                self.rules = _decode_rules(blob) if blob else NO_RULES
                continue
            if item == LINE_RULES:
                self.line_rules = _decode_line_rules(blob) if blob else NO_LINE_RULES
                continue
            before = frozenset(self.row(item).partners)
            if blob is None:
                self.blobs.pop(item, None)
            else:
                self.blobs[item] = blob
            self.decoded.pop(item, None)
            after = frozenset(self.row(item).partners)
            if before == after:
                continue
            triangles = set(self.triangles) if triangles is None else triangles
            for partner in before - after:
                triangles -= self._triangles_of(item, partner)
                self._join(item, partner, together=False)
            for partner in after - before:
                self._join(item, partner, together=True)
                triangles |= self._triangles_of(item, partner)
        if triangles is not None:
            self.triangles = frozenset(triangles)

    def _triangles_of(self, first: str, second: str) -> set[Triple]:
        common = self.near.get(first, _NOBODY) & self.near.get(second, _NOBODY)
        triangles = set()
        for third in common:
            one, two, three = sorted((first, second, third))
            triangles.add((one, two, three))
        return triangles

    def _join(self, first: str, second: str, *, together: bool) -> None:
        for one, other in ((first, second), (second, first)):
            near = self.near.get(one, _NOBODY)
            near = near | {other} if together else near - {other}
            if near:
                self.near[one] = near
            else:
                self.near.pop(one, None)

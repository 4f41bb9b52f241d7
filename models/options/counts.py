"""How articles are configured, counted one order line at a time.

For each article the configured lines, those with each value of an option, and those with each two
values together. Without decay these are exact: equal to a recount of the lines that were not taken
back. What is forgotten for want of room begins anew when it comes again, and lines from before
that are no longer taken from it, so no count is ever below that of the lines it is made of.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

from models.bounded import left_after_cut
from models.decay import NEGLIGIBLE, ForwardDecay
from models.effects import SEPARATOR, Effects
from models.itemsets.counts import ItemsetSettings
from models.itemsets.reach import customer_bit
from models.itemsets.sampling import basket_of
from models.options.kept import KeptLines, Line
from models.options.names import names_of
from schemas.orders import OrderLine

CONFIGURED = "count:options"
OPTIONS = "row:options:"
CHOOSERS = "row:choosers:"
W2 = SEPARATOR + "w2"
"""The field of an article's row with the sum of its lines' squared weights; no option is called so."""


@dataclass(frozen=True, slots=True)
class OptionSettings:
    """How configurations are counted. Half-life, cap, window and customers are those of baskets."""

    max_items: int = 100_000
    max_values: int = 200
    max_pairs: int = 1_000


class Held:
    """The count of an option value, or of two together."""

    __slots__ = ("customers", "lines", "since", "weight")

    def __init__(self, since: int) -> None:
        self.since = since
        """The number of the first line that it counts."""
        self.lines = 0
        self.weight = 0.0
        self.customers = 0
        """Bits of those who chose it, until there are enough: then -1."""


class Article:
    """What is counted of one article; of values and pairs those first that were not met longest."""

    __slots__ = ("lines", "pairs", "since", "values", "weight", "weight2")

    def __init__(self, since: int) -> None:
        self.since = since
        self.lines = 0
        self.weight = 0.0
        self.weight2 = 0.0
        self.values: OrderedDict[str, Held] = OrderedDict()
        self.pairs: OrderedDict[str, Held] = OrderedDict()
        """By both names joined, the smaller one first: as in the store."""


class OptionCounts:
    """The counts of one shard."""

    __slots__ = (
        "_articles", "_cap", "_decay", "_kept", "_min_customers", "_number", "_settings", "_size",
    )  # fmt: skip

    def __init__(self, settings: OptionSettings, baskets: ItemsetSettings) -> None:
        self._settings = settings
        self._cap = baskets.cap
        self._min_customers = baskets.min_customers
        self._decay = ForwardDecay(baskets.half_life_s)
        self._kept = KeptLines(baskets.window)
        self._articles: OrderedDict[str, Article] = OrderedDict()
        """Those first that were not ordered for longest."""
        self._number = 0
        self._size = 0

    def __len__(self) -> int:
        """Return how many values and pairs are counted."""
        return self._size

    def learn(
        self, order_id: str, lines: Sequence[OrderLine], customer_id: str, at: float,
        effects: Effects,
    ) -> None:  # fmt: skip
        """Count the configured lines of an order that was placed at ``at`` (unix seconds).

        Of very many a sample, drawn as those of baskets are: each makes up to 120 pairs.
        """
        configured = [index for index, line in enumerate(lines) if line.options]
        if not configured:
            return
        self.advance(at, effects)
        counted = frozenset(map(int, basket_of(map(str, configured), order_id, self._cap)))
        articles = {lines[index].sku for index in counted}
        customer = customer_bit(customer_id)
        kept = []
        for index, line in enumerate(lines):
            if line.sku not in articles:
                continue
            names = tuple(map(sys.intern, names_of(line.options)))  # shared by all that chose so
            one = Line(line.sku, line.quantity, names, 0)
            if index in counted:
                self._number += 1
                one.number = self._number
                self._count(one, at, customer, effects)
            kept.append(one)
        self._kept.keep(order_id, at, kept)
        if self._size > self._settings.max_items:
            self._make_room(effects)

    def unlearn(self, order_id: str, back: Sequence[OrderLine], effects: Effects) -> None:
        """Take lines of an order back (none named: all), as far as the order is still kept."""
        at, gone = self._kept.take(order_id, back)
        for line in gone:
            self._uncount(line, at, effects)

    def forget(self, gone: Iterable[str], effects: Effects) -> None:
        """Forget articles, as if nobody had ever configured them."""
        for sku in gone:
            article = self._articles.pop(sku, None)
            if article is None:
                continue
            effects.drop(CONFIGURED, sku)
            effects.drop(OPTIONS + sku, W2)
            self._forget(sku, article.values, list(article.values), effects)
            self._forget(sku, article.pairs, list(article.pairs), effects)
            effects.mark(sku)

    def advance(self, at: float, effects: Effects) -> None:
        """Go on to ``at``: when the decay's landmark moves, everything is scaled and written anew."""
        factor = self._decay.advance(at)
        if factor is None:
            return
        self.forget(
            [sku for sku, own in self._articles.items() if own.weight * factor < NEGLIGIBLE],
            effects,
        )
        for sku, article in self._articles.items():
            article.weight *= factor
            article.weight2 *= factor * factor
            effects.reset(CONFIGURED, sku, article.weight)
            effects.reset(OPTIONS + sku, W2, article.weight2)
            for counts in (article.values, article.pairs):
                light = [name for name, own in counts.items() if own.weight * factor < NEGLIGIBLE]
                self._forget(sku, counts, light, effects)
                for name, held in counts.items():
                    held.weight *= factor
                    effects.reset(OPTIONS + sku, name, held.weight)

    def _count(self, line: Line, at: float, customer: int, effects: Effects) -> None:
        sku, weight = line.sku, self._weight(at)
        article = self._articles.get(sku)
        if article is None:
            article = self._articles[sku] = Article(line.number)
        self._articles.move_to_end(sku)
        article.lines += 1
        article.weight += weight
        article.weight2 += weight * weight
        effects.mark(sku)
        effects.add(CONFIGURED, sku, weight)
        row = effects.row(OPTIONS + sku)
        row[W2] = row.get(W2, 0) + weight * weight
        pairs = map(SEPARATOR.join, combinations(line.names, 2))
        for counts, names in ((article.values, line.names), (article.pairs, pairs)):
            for name in names:
                held = counts.get(name)
                if held is None:
                    held = counts[name] = Held(line.number)
                    self._size += 1
                counts.move_to_end(name)
                held.lines += 1
                held.weight += weight
                row[name] = row.get(name, 0) + weight
                if held.customers >= 0:
                    self._count_customer(sku, name, held, customer, effects)
        self._cut(sku, article, effects)

    def _uncount(self, line: Line, at: float, effects: Effects) -> None:
        article = self._articles.get(line.sku)
        if article is None or line.number < article.since:
            return  # it was forgotten since, with this line
        article.lines -= 1
        if not article.lines:
            self.forget([line.sku], effects)
            return
        weight = self._weight(at)
        article.weight -= weight
        article.weight2 -= weight * weight
        effects.mark(line.sku)
        effects.add(CONFIGURED, line.sku, -weight)
        effects.add(OPTIONS + line.sku, W2, -weight * weight)
        pairs = map(SEPARATOR.join, combinations(line.names, 2))
        for counts, names in ((article.values, line.names), (article.pairs, pairs)):
            for name in names:
                held = counts.get(name)
                if held is None or line.number < held.since:
                    continue
                held.lines -= 1
                held.weight -= weight
                effects.add(OPTIONS + line.sku, name, -weight)
                if not held.lines:
                    self._forget(line.sku, counts, [name], effects)

    def _weight(self, at: float) -> float:
        """Return the weight of a line as of now; an int if nothing decays: the store adds it exactly."""
        return self._decay.weight(at) if self._decay.tau else 1

    def _count_customer(
        self, sku: str, name: str, held: Held, customer: int, effects: Effects
    ) -> None:
        """Note who chose a value until enough did: what one person had engraved is nobody's business."""
        held.customers |= customer
        if held.customers.bit_count() >= self._min_customers:
            held.customers = -1
            effects.add(CHOOSERS + sku, name, 1)

    def _cut(self, sku: str, article: Article, effects: Effects) -> None:
        """Forget an article's values and pairs that were not met for longest, if there are too many.

        By article, so that one whose buyers type what they like takes no room from the others.
        """
        if len(article.values) > self._settings.max_values:
            names = _oldest(article.values, self._settings.max_values)
            gone = frozenset(names)
            self._forget(sku, article.values, names, effects)
            pairs = [pair for pair in article.pairs if not gone.isdisjoint(_names_in(pair))]
            self._forget(sku, article.pairs, pairs, effects)
        if len(article.pairs) > self._settings.max_pairs:
            pairs = _oldest(article.pairs, self._settings.max_pairs)
            self._forget(sku, article.pairs, pairs, effects)

    def _make_room(self, effects: Effects) -> None:
        """Forget the articles that were not ordered for longest."""
        left, size, gone = left_after_cut(self._settings.max_items), self._size, []
        for sku, article in self._articles.items():
            if size <= left:
                break
            size -= len(article.values) + len(article.pairs)
            gone.append(sku)
        self.forget(gone, effects)

    def _forget(
        self, sku: str, counts: OrderedDict[str, Held], names: Collection[str], effects: Effects
    ) -> None:
        for name in names:
            effects.drop(OPTIONS + sku, name)
            if counts.pop(name).customers < 0:
                effects.drop(CHOOSERS + sku, name)
        self._size -= len(names)


def _oldest(counts: OrderedDict[str, Held], capacity: int) -> list[str]:
    return list(islice(counts, len(counts) - left_after_cut(capacity)))


def _names_in(pair: str) -> tuple[str, str]:
    """Return the names of the two values that a pair's is made of."""
    first, value, second, other = pair.split(SEPARATOR)
    return first + SEPARATOR + value, second + SEPARATOR + other

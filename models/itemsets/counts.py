"""What is bought together, counted one basket at a time.

Exact (no decay, no bound) the counts equal those of a batch Apriori or FP-growth. With a half-life
they are forward-decayed; with ``epsilon`` pairs are bounded by Lossy Counting (Manku and Motwani
2002): no pair with support ``s > epsilon`` is missed, and a count is at most ``epsilon * W`` too low.
Pairs beyond ``max_pairs`` go too, the lightest first; what a new pair may have lost by that is known
as in Space-Saving (Metwally, Agrawal, El Abbadi 2005). Triples are counted only once their three pairs are frequent (the Apriori property); what the window
of kept baskets already holds of them is counted afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import combinations
from math import ceil

import numpy as np

from models.bounded import left_after_cut
from models.decay import NEGLIGIBLE, ForwardDecay
from models.effects import SEPARATOR, Effects
from models.itemsets.reach import customer_bit
from models.itemsets.sampling import basket_of
from models.itemsets.window import BasketWindow, Kept

ITEMS = "count:items"
TOTALS = "count:baskets"
TRIPLES = "count:triples"
PAIRS = "row:pairs:"
REACH = "row:reach:"
Triple = tuple[str, str, str]
_FEW = 256
"""So few pairs are not worth a look."""


@dataclass(frozen=True, slots=True)
class ItemsetSettings:
    """How baskets are counted. Times in seconds; 0 switches decay, bound or cap off."""

    half_life_s: float = 90 * 86400.0
    epsilon: float = 1e-4
    cap: int = 30
    window: int = 50_000
    max_pairs: int = 500_000
    max_triples: int = 20_000
    min_customers: int = 5


class ItemsetCounts:
    """The counts of one shard."""

    __slots__ = (
        "_born", "_decay", "_items", "_lost", "_pairs", "_prune_at", "_reach", "_settings",
        "_thirds", "_triples", "_until_prune", "_weight", "_weight2", "_window", "opened",
    )  # fmt: skip

    def __init__(self, settings: ItemsetSettings) -> None:
        self._settings = settings
        self._decay = ForwardDecay(settings.half_life_s)
        self._window = BasketWindow(settings.window)
        self._weight = 0.0
        self._weight2 = 0.0
        self._pairs: dict[tuple[str, str], float] = {}
        self._born: dict[tuple[str, str], float] = {}
        """By pair, how much its count may be too low: what it may have had when it was forgotten."""
        self._lost = 0.0
        """The most that a pair can have had that was forgotten for being light."""
        self._reach: dict[tuple[str, str], int] = {}
        self._items: dict[str, float] = {}
        self._triples: dict[str, float] = {}
        """By the triple's joined name, as in the store."""
        self._until_prune = ceil(1 / settings.epsilon) if settings.epsilon else 0
        self._prune_at = _FEW
        """With so many pairs it is looked at which can go, or after so many baskets."""
        self._thirds: dict[tuple[str, str], list[str]] = {}
        """By the first two articles of the counted triples."""
        self.opened: set[Triple] = set()

    def __len__(self) -> int:
        """Return the number of pairs held."""
        return len(self._pairs)

    @property
    def window(self) -> BasketWindow:
        """The kept baskets; only to be looked at."""
        return self._window

    def held(self, items: tuple[str, ...]) -> tuple[float, float]:
        """Return the weight counted of up to three articles (none: of all baskets), sorted.

        And how much too low it may be: more than nothing for pairs only.
        """
        match items:
            case ():
                return self._weight, 0.0
            case (item,):
                return self._items.get(item, 0.0), 0.0
            case (first, second):
                held = self._pairs.get((first, second))
                if held is None:
                    return 0.0, max(self._settings.epsilon * self._weight, self._lost)
                return held, self._born.get((first, second), 0.0)
        return self._triples.get(SEPARATOR.join(items), 0.0), 0.0

    def pairs_from(self, least: float) -> list[tuple[str, str]]:
        """Return the pairs whose count is at least ``least``. Slow: goes through all."""
        return [pair for pair, held in self._pairs.items() if held >= least]

    def learn(
        self, order_id: str, skus: Iterable[str], customer_id: str, at: float, effects: Effects
    ) -> None:
        """Count the basket of an order that was placed at ``at`` (unix seconds)."""
        self.advance(at, effects)
        items = basket_of(skus, order_id, self._settings.cap)
        basket = Kept(order_id, items, self._decay.weight(at), customer_bit(customer_id))
        self._window.push(basket)
        self._count(basket, 1, effects)
        if self._settings.epsilon:
            self._until_prune -= 1
            if self._until_prune <= 0 or len(self._pairs) >= self._prune_at:
                self._prune(effects)
        self._make_room(effects)

    def unlearn(self, order_id: str, skus: frozenset[str], effects: Effects) -> bool:
        """Take back some articles of an order (none named: all); False if it is not kept."""
        basket = self._window.take(order_id)
        if basket is None:
            return False
        self._count(basket, -1, effects)
        left = tuple(item for item in basket.items if item not in skus) if skus else ()
        if left:
            rest = basket._replace(items=left)
            self._window.push(rest)
            self._count(rest, 1, effects)
            self._make_room(effects)
        return True

    def open_triples(self, triples: Iterable[Triple], effects: Effects) -> None:
        """Start counting these triples, beginning with what the kept baskets hold of them."""
        for triple in sorted(triples):
            if triple in self.opened or len(self.opened) >= self._settings.max_triples:
                continue  # bounded: the rest waits for settings with more room
            self.opened.add(triple)
            self._thirds.setdefault(triple[:2], []).append(triple[2])
            weight = self._window.weight_of(triple)
            if weight:
                self._add_triple(triple, self._tidy(weight), effects)
                effects.mark(triple[0])

    def advance(self, at: float, effects: Effects) -> None:
        """Go on to ``at``: when the decay's landmark moves, everything is scaled and written anew.

        Called for all events and ticks, not only for orders, so that quiet shards keep up: sums of
        several shards mean something only while all are on the same landmark.
        """
        factor = self._decay.advance(at)
        if factor is None:
            return
        self._weight *= factor
        self._weight2 *= factor * factor
        self._lost *= factor
        effects.reset(TOTALS, "w", self._weight)
        effects.reset(TOTALS, "w2", self._weight2)
        self._window.rescale(factor)
        for pair in [pair for pair, held in self._pairs.items() if held * factor < NEGLIGIBLE]:
            self._forget(pair, effects)
        for pair in self._born:
            self._born[pair] *= factor
        for pair, held in self._pairs.items():
            self._pairs[pair] = held * factor
            effects.reset(PAIRS + pair[0], pair[1], held * factor)
            effects.reset(PAIRS + pair[1], pair[0], held * factor)
        self._items = _rescaled(ITEMS, self._items, factor, effects)
        self._triples = _rescaled(TRIPLES, self._triples, factor, effects)

    def _add_triple(self, triple: Triple, weight: float, effects: Effects) -> None:
        name = SEPARATOR.join(triple)
        self._triples[name] = self._triples.get(name, 0) + weight
        effects.add(TRIPLES, name, weight)

    def _tidy(self, weight: float) -> float:
        """Return a weight as the int that it is if nothing decays: the store adds those exactly."""
        return weight if self._decay.tau else round(weight)

    def _count(self, basket: Kept, sign: int, effects: Effects) -> None:
        weight = self._tidy(basket.weight * sign)
        squared = weight * weight * sign
        effects.add(TOTALS, "n", sign)
        effects.add(TOTALS, "w", weight)
        effects.add(TOTALS, "w2", squared)
        self._weight += weight
        self._weight2 += squared
        items = basket.items
        for item in items:
            self._items[item] = self._items.get(item, 0) + weight
            effects.add(ITEMS, item, weight)
            effects.mark(item)
        if len(items) < 2:
            return
        pairs, thirds = self._pairs, self._thirds
        born = max(self._settings.epsilon * self._weight, self._lost)
        rows = {item: effects.row(PAIRS + item) for item in items}
        for pair in combinations(items, 2):
            first, second = pair
            held = pairs.get(pair)
            if held is None and sign > 0:
                held = 0
                if born:
                    self._born[pair] = born
            if held is not None:  # else it was pruned since: nothing left to take back
                pairs[pair] = held + weight
                row, mirrored = rows[first], rows[second]
                row[second] = row.get(second, 0) + weight
                mirrored[first] = mirrored.get(first, 0) + weight
                if sign > 0:
                    self._count_customer(pair, basket.customer, effects)
            for third in thirds.get(pair, ()):
                # Each triple is met once, at its first two articles.
                if third in rows:
                    self._add_triple((first, second, third), weight, effects)

    def _count_customer(self, pair: tuple[str, str], customer: int, effects: Effects) -> None:
        """Note who bought a pair until enough distinct customers did, so that rules hide nobody.

        64 hashed bits per pair: never more bits than customers, so the bound is safe.
        """
        bits = self._reach.get(pair, 0)
        if bits < 0:
            return
        bits |= customer
        if bits.bit_count() >= self._settings.min_customers:
            self._reach[pair] = -1
            effects.add(REACH + pair[0], pair[1], 1)
            effects.add(REACH + pair[1], pair[0], 1)
        else:
            self._reach[pair] = bits

    def _prune(self, effects: Effects) -> None:
        """Forget the pairs that cannot be frequent (Lossy Counting)."""
        bound = self._settings.epsilon * self._weight
        gone = [p for p, held in self._pairs.items() if held + self._born[p] <= bound]
        for pair in gone:
            self._forget(pair, effects)
        if gone:  # orders taken back make the weight less, and not what these may have had
            self._lost = max(self._lost, bound)
        self._until_prune = ceil(1 / self._settings.epsilon)
        # Or once they have grown by a quarter: so a look at all costs four for each new pair, however
        # many there are, and never are there many more than must be.
        self._prune_at = max(len(self._pairs) * 5 // 4, _FEW)

    def _make_room(self, effects: Effects) -> None:
        """If there are too many pairs forget those that can have the least, of equal ones the oldest."""
        if len(self._pairs) <= self._settings.max_pairs:
            return
        most = np.fromiter(self._pairs.values(), float, len(self._pairs))
        if self._born:
            born = self._born
            most += np.fromiter((born.get(p, 0.0) for p in self._pairs), float, len(most))
        number = len(most) - left_after_cut(self._settings.max_pairs)
        limit = float(np.partition(most, number - 1)[number - 1])
        lighter = most < limit
        equal = np.flatnonzero(most == limit)[: number - int(lighter.sum())]
        lighter[equal] = True
        pairs = list(self._pairs)
        for index in np.flatnonzero(lighter).tolist():
            self._forget(pairs[index], effects)
        self._lost = max(self._lost, limit)

    def forget(self, gone: Collection[str], effects: Effects) -> None:
        """Forget articles, as if nobody had ever bought them: in no count, in no kept basket.

        So that one that comes back begins anew with all its counts, and none is above another that
        holds it. The merge is to look at the articles that were bought with them.
        """
        names = frozenset(gone)
        for item in gone:
            if self._items.pop(item, None) is not None:
                effects.drop(ITEMS, item)
            self._window.forget(item)
        for pair in [p for p in self._pairs if p[0] in names or p[1] in names]:
            self._forget(pair, effects)
            for item in pair:
                effects.mark(item)
        for triple in [t for t in self.opened if not names.isdisjoint(t)]:
            self.opened.remove(triple)
            thirds = self._thirds[triple[:2]]
            thirds.remove(triple[2])
            if not thirds:
                del self._thirds[triple[:2]]
            name = SEPARATOR.join(triple)
            if self._triples.pop(name, None) is not None:
                effects.drop(TRIPLES, name)

    def _forget(self, pair: tuple[str, str], effects: Effects) -> None:
        del self._pairs[pair]
        self._born.pop(pair, None)
        effects.drop(PAIRS + pair[0], pair[1])
        effects.drop(PAIRS + pair[1], pair[0])
        if self._reach.pop(pair, 0) < 0:
            effects.drop(REACH + pair[0], pair[1])
            effects.drop(REACH + pair[1], pair[0])


def _rescaled(
    key: str, counts: dict[str, float], factor: float, effects: Effects
) -> dict[str, float]:
    """Return counts times ``factor``, written anew; what is next to nothing is dropped."""
    kept: dict[str, float] = {}
    for name, held in counts.items():
        if held * factor < NEGLIGIBLE:
            effects.drop(key, name)
        else:
            kept[name] = held * factor
            effects.reset(key, name, kept[name])
    return kept

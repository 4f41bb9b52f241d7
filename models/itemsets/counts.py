"""What is bought together, counted one basket at a time.

Exact (no decay, no bound) the counts equal those of a batch Apriori or FP-growth. With a half-life
they are forward-decayed; with ``epsilon`` pairs are bounded by Lossy Counting (Manku and Motwani
2002): no pair with support ``s > epsilon`` is missed, and a count is at most ``epsilon * W`` too low.
Triples are counted only once their three pairs are frequent (the Apriori property); what the window
of kept baskets already holds of them is counted afterwards.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from math import ceil

from models.decay import ForwardDecay
from models.effects import SEPARATOR, Effects
from models.itemsets.sampling import basket_of
from models.itemsets.window import BasketWindow, Kept

ITEMS = "count:items"
TOTALS = "count:baskets"
TRIPLES = "count:triples"
PAIRS = "row:pairs:"
REACH = "row:reach:"
Triple = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class ItemsetSettings:
    """How baskets are counted. Times in seconds; 0 switches decay, bound or cap off."""

    half_life_s: float = 90 * 86400.0
    epsilon: float = 1e-4
    cap: int = 30
    window: int = 50_000
    max_triples: int = 20_000
    min_customers: int = 5


class ItemsetCounts:
    """The counts of one shard."""

    __slots__ = (
        "_born", "_decay", "_items", "_pairs", "_reach", "_settings", "_triples",
        "_until_prune", "_weight", "_weight2", "_window", "_with", "opened",
    )  # fmt: skip

    def __init__(self, settings: ItemsetSettings) -> None:
        self._settings = settings
        self._decay = ForwardDecay(settings.half_life_s)
        self._window = BasketWindow(settings.window)
        self._weight = 0.0
        self._pairs: dict[tuple[str, str], float] = {}
        self._born: dict[tuple[str, str], float] = {}
        self._reach: dict[tuple[str, str], int] = {}
        self._weight2 = 0.0
        self._items: dict[str, float] = {}
        self._triples: dict[Triple, float] = {}
        self._until_prune = ceil(1 / settings.epsilon) if settings.epsilon else 0
        self._with: dict[tuple[str, str], set[str]] = {}
        self.opened: set[Triple] = set()

    def __len__(self) -> int:
        """Return the number of pairs held."""
        return len(self._pairs)

    def learn(
        self, order_id: str, skus: Iterable[str], customer_id: str, at: float, effects: Effects
    ) -> None:
        """Count the basket of an order that was placed at ``at`` (unix seconds)."""
        self._move_landmark(at, effects)
        items = basket_of(skus, order_id, self._settings.cap)
        basket = Kept(order_id, items, self._decay.weight(at), customer_id)
        self._window.push(basket)
        self._count(basket, basket.weight, effects)
        if self._settings.epsilon:
            self._until_prune -= 1
            if self._until_prune <= 0:
                self._prune(effects)

    def unlearn(self, order_id: str, skus: frozenset[str], effects: Effects) -> bool:
        """Take back some articles of an order (none named: all); False if it is not kept."""
        basket = self._window.take(order_id)
        if basket is None:
            return False
        self._count(basket, -basket.weight, effects)
        left = tuple(item for item in basket.items if item not in skus) if skus else ()
        if left:
            rest = basket._replace(items=left)
            self._window.push(rest)
            self._count(rest, rest.weight, effects)
        return True

    def open_triples(self, triples: Iterable[Triple], effects: Effects) -> None:
        """Start counting these triples, beginning with what the kept baskets hold of them."""
        for triple in sorted(triples):
            if triple in self.opened or len(self.opened) >= self._settings.max_triples:
                continue  # bounded: the rest waits for settings with more room
            self.opened.add(triple)
            for pair in combinations(triple, 2):
                (third,) = set(triple) - set(pair)
                self._with.setdefault(pair, set()).add(third)
            weight = self._window.weight_of(triple)
            if weight:
                self._add_triple(triple, self._tidy(weight), effects)
                effects.mark(triple[0])

    def _add_triple(self, triple: Triple, weight: float, effects: Effects) -> None:
        self._triples[triple] = self._triples.get(triple, 0) + weight
        effects.add(TRIPLES, SEPARATOR.join(triple), weight)

    def _tidy(self, weight: float) -> float:
        return weight if self._decay.tau else round(weight)

    def _count(self, basket: Kept, weight: float, effects: Effects) -> None:
        weight = self._tidy(weight)
        one = 1 if weight > 0 else -1
        effects.add(TOTALS, "n", one)
        effects.add(TOTALS, "w", weight)
        squared = weight * weight * one
        effects.add(TOTALS, "w2", squared)
        self._weight += weight
        self._weight2 += squared
        for item in basket.items:
            self._items[item] = self._items.get(item, 0) + weight
            effects.add(ITEMS, item, weight)
            effects.mark(item)
        pairs, add, opened = self._pairs, effects.add, self._with
        present = frozenset(basket.items)
        for pair in combinations(basket.items, 2):
            first, second = pair
            held = pairs.get(pair)
            if held is None:
                if weight < 0:
                    continue  # pruned since it was counted: nothing left to take back
                pairs[pair] = weight
                if self._settings.epsilon:
                    self._born[pair] = self._settings.epsilon * self._weight
            else:
                pairs[pair] = held + weight
            add(PAIRS + first, second, weight)
            add(PAIRS + second, first, weight)
            if weight > 0:
                self._count_customer(pair, basket.customer_id, effects)
            for third in opened.get(pair, ()):
                # Each triple is met once, at its first two articles.
                if third > second and third in present:
                    self._add_triple((first, second, third), weight, effects)

    def _count_customer(self, pair: tuple[str, str], customer_id: str, effects: Effects) -> None:
        """Note who bought a pair until enough distinct customers did, so that rules hide nobody.

        64 hashed bits per pair: never more bits than customers, so the bound is safe.
        """
        bits = self._reach.get(pair, 0)
        if bits < 0:
            return
        bits |= 1 << (zlib.crc32(customer_id.encode()) & 63)
        if bits.bit_count() >= self._settings.min_customers:
            self._reach[pair] = -1
            effects.add(REACH + pair[0], pair[1], 1)
            effects.add(REACH + pair[1], pair[0], 1)
        else:
            self._reach[pair] = bits

    def _prune(self, effects: Effects) -> None:
        """Forget the pairs that cannot be frequent (Lossy Counting)."""
        bound = self._settings.epsilon * self._weight
        gone = [pair for pair, held in self._pairs.items() if held + self._born[pair] <= bound]
        for pair in gone:
            del self._pairs[pair], self._born[pair]
            self._reach.pop(pair, None)
            for key in (PAIRS, REACH):
                effects.drop(key + pair[0], pair[1])
                effects.drop(key + pair[1], pair[0])
        self._until_prune = ceil(1 / self._settings.epsilon)

    def _move_landmark(self, at: float, effects: Effects) -> None:
        """Once in 200 tau, scale everything down and write it anew."""
        factor = self._decay.advance(at)
        if factor is None:
            return
        self._weight *= factor
        self._weight2 *= factor * factor
        for counts in (self._items, self._pairs, self._born, self._triples):
            for key in counts:
                counts[key] *= factor
        self._window.rescale(factor)
        effects.reset(TOTALS, "w", self._weight)
        effects.reset(TOTALS, "w2", self._weight2)
        for item, weight in self._items.items():
            effects.reset(ITEMS, item, weight)
        for (first, second), weight in self._pairs.items():
            effects.reset(PAIRS + first, second, weight)
            effects.reset(PAIRS + second, first, weight)
        for triple, weight in self._triples.items():
            effects.reset(TRIPLES, SEPARATOR.join(triple), weight)

"""Counts of options by recounting: orders as lists of single units, nothing kept up."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from models.effects import Effects
from models.itemsets.counts import ItemsetSettings
from models.options.counts import CHOOSERS, CONFIGURED, OPTIONS, W2, OptionCounts, OptionSettings
from models.options.names import parts_of
from schemas.orders import OrderLine
from tests.models.stores import Store

EXACT = ItemsetSettings(half_life_s=0, cap=0)
Counts = dict[tuple[str, ...], float]
"""By article alone, with a value of an option, and with two."""


class Unit(NamedTuple):
    """One unit of a line: which line it is of, and how that is configured."""

    line: int
    sku: str
    options: dict[str, str]


class Orders:
    """All orders, unit by unit."""

    def __init__(self) -> None:
        self.units: dict[str, list[Unit]] = {}
        self.at: dict[str, float] = {}

    def place(self, order_id: str, lines: Sequence[OrderLine], at: float = 0.0) -> None:
        self.at[order_id] = at
        self.units[order_id] = [
            Unit(number, line.sku, line.options)
            for number, line in enumerate(lines)
            for _ in range(line.quantity)
        ]

    def take_back(self, order_id: str, back: Sequence[OrderLine]) -> None:
        units = self.units[order_id]
        if not back:
            units.clear()
        wanted = [line for line in back for _ in range(line.quantity)]
        for alike in (lambda u, line: u.options == line.options, lambda *_: True):
            left = []
            for line in wanted:
                found = next((u for u in units if u.sku == line.sku and alike(u, line)), None)
                if found is None:
                    left.append(line)
                else:
                    units.remove(found)
            wanted = left

    def lines(self) -> Iterator[tuple[str, Unit]]:
        """Yield the lines of which something is left."""
        for order_id, units in self.units.items():
            for unit in {unit.line: unit for unit in units}.values():
                yield order_id, unit

    def counts(self, half_life_s: float = 0.0, now: float = 0.0) -> Counts:
        found: Counts = {}
        for order_id, unit in self.lines():
            if not unit.options:
                continue
            age = now - self.at[order_id]
            weight = 0.5 ** (age / half_life_s) if half_life_s else 1
            chosen = sorted(unit.options.items())
            names: list[tuple[str, ...]] = [(), *chosen]
            names += [first + second for first, second in combinations(chosen, 2)]
            for name in names:
                found[unit.sku, *name] = found.get((unit.sku, *name), 0) + weight
        return found


class Shard:
    """Option counts with a store."""

    def __init__(
        self, baskets: ItemsetSettings = EXACT, options: OptionSettings | None = None
    ) -> None:
        self.counted = OptionCounts(options or OptionSettings(), baskets)
        self.store = Store()

    def learn(
        self, order_id: str, lines: Sequence[OrderLine], at: float = 0.0, who: str = "c"
    ) -> None:
        effects = Effects()
        self.counted.learn(order_id, lines, who, at, effects)
        self.store.apply(effects)

    def unlearn(self, order_id: str, back: Sequence[OrderLine] = ()) -> None:
        effects = Effects()
        self.counted.unlearn(order_id, back, effects)
        self.store.apply(effects)

    def forget(self, *skus: str) -> None:
        effects = Effects()
        self.counted.forget(skus, effects)
        self.store.apply(effects)

    def counts(self) -> Counts:
        """What the store has; the pairs as a recount names them."""
        found: Counts = {(sku,): n for sku, n in self.store.counts(CONFIGURED).items()}
        for sku, row in self.store.rows(OPTIONS).items():
            for name, n in row.items():
                if name != W2:
                    parts = parts_of(name)
                    chosen = sorted([parts[:2], parts[2:]] if parts[2:] else [parts])
                    found[sku, *(part for one in chosen for part in one)] = n
        return found

    def apart(self) -> dict[tuple[str, ...], tuple[float, float]]:
        """Where process and store differ by more than rounding; thousands of `approx` take seconds."""
        held, stored = self.held(), self.stored()
        both = {
            name: (held.get(name, math.nan), stored.get(name, math.nan)) for name in held | stored
        }
        return {
            name: pair
            for name, pair in both.items()
            if not math.isclose(*pair, rel_tol=1e-9, abs_tol=1e-3)
        }

    def held(self) -> Counts:
        """What the process has, under the names of the store."""
        found: Counts = {}
        for sku, article in self.counted._articles.items():
            found[(sku,)] = article.weight
            for name, held in (*article.values.items(), *article.pairs.items()):
                found[sku, name] = held.weight
        return found

    def stored(self) -> Counts:
        """The same of the store."""
        found: Counts = {(sku,): n for sku, n in self.store.counts(CONFIGURED).items()}
        for sku, row in self.store.rows(OPTIONS).items():
            found |= {(sku, name): n for name, n in row.items() if name != W2}
        return found

    def shown(self) -> set[tuple[str, ...]]:
        """What enough customers chose."""
        return {
            (sku, *parts_of(name)) for sku, row in self.store.rows(CHOOSERS).items() for name in row
        }

"""The counts of one shard and the merged rows over them, without a store between."""

from __future__ import annotations

from models.effects import Effects
from models.itemsets.counts import ITEMS, PAIRS, REACH, TOTALS, ItemsetCounts, ItemsetSettings
from models.merge import MergeSettings, Totals, bought_with
from models.view import Row

LAG = 100
"""Orders after which a row is merged anew: as in the system, the merge is a little behind."""


class Counted:
    """`ItemsetCounts` with the shipped settings, and rows as the merge makes them."""

    def __init__(self) -> None:
        self.itemsets = ItemsetCounts(ItemsetSettings())
        self.settings = MergeSettings()
        self.orders = 0
        self._hashes: dict[str, dict[str, float]] = {}
        self._rows: dict[str, tuple[int, Row]] = {}

    def learn(self, order_id: str, skus: tuple[str, ...], customer_id: str, at: float) -> None:
        """Count an order."""
        effects = Effects()
        self.itemsets.learn(order_id, skus, customer_id, at, effects)
        self._take(effects)
        self.orders += 1

    def row(self, item: str) -> Row:
        """Return the row of an article, at most `LAG` orders old."""
        made, row = self._rows.get(item, (-LAG, Row()))
        if self.orders - made >= LAG:
            row = self._merged(item)
            self._rows[item] = (self.orders, row)
        return row

    def items(self) -> dict[str, float]:
        """Return the counts of articles."""
        return self._hashes.get(ITEMS, {})

    def _merged(self, item: str) -> Row:
        found = self._hashes.get(TOTALS, {})
        totals = Totals(found.get("w", 0.0), found.get("w2", 0.0))
        items = self.items()
        if item not in items:
            return Row()
        pairs = {item: self._hashes.get(PAIRS + item, {})}
        reach = {item: self._hashes.get(REACH + item, {})}
        return Row(
            bought_with=bought_with(pairs, items, reach, totals, self.settings)[item],
            count=items[item] * totals.effective / totals.w,
            baskets=totals.effective,
        )

    def _take(self, effects: Effects) -> None:
        for key, names in effects.drops.items():
            for name in names:
                self._hashes.get(key, {}).pop(name, None)
        for key, values in effects.puts.items():
            row = self._hashes.setdefault(key, {})
            row.update((name, float(value)) for name, value in values.items())
        for key, deltas in effects.deltas.items():
            row = self._hashes.setdefault(key, {})
            for name, amount in deltas.items():
                row[name] = row.get(name, 0.0) + amount

"""What is ordered: units per article, less what was cancelled or returned."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from models.bounded import RecentNames
from models.effects import Effects
from schemas.orders import OrderLine

DEMAND = "count:demand"


class Demand:
    """The demand of the articles ordered last, and what is left of the last orders."""

    __slots__ = ("_articles", "_max_orders", "_orders")

    def __init__(self, max_skus: int, max_orders: int) -> None:
        self._articles = RecentNames(max_skus)
        self._max_orders = max_orders
        self._orders: OrderedDict[str, dict[str, int]] = OrderedDict()
        """By order: how many of which article."""

    def __len__(self) -> int:
        """Return the number of articles known."""
        return len(self._articles)

    def __contains__(self, sku: str) -> bool:
        return sku in self._articles

    def placed(self, order_id: str, ordered: dict[str, int], effects: Effects) -> None:
        """Count an order: how many of which article."""
        for sku, quantity in ordered.items():
            self._articles.touch(sku)
            effects.add(DEMAND, sku, quantity)
        self._orders[order_id] = ordered
        if len(self._orders) > self._max_orders:
            self._orders.popitem(last=False)

    def taken_back(
        self, order_id: str, lines: Sequence[OrderLine], effects: Effects
    ) -> frozenset[str] | None:
        """Take lines of an order back (none named: all), as far as they are still known.

        Returns the articles of which nothing is left in the order; None if it is not known.
        """
        held = self._orders.get(order_id)
        if held is None:
            for line in lines:
                self._articles.touch(line.sku)
                effects.add(DEMAND, line.sku, -line.quantity)
            return None
        back = [(line.sku, line.quantity) for line in lines] or list(held.items())
        gone = set()
        for sku, quantity in back:
            taken = min(quantity, held.get(sku, 0))
            if not taken:
                continue
            effects.add(DEMAND, sku, -taken)
            held[sku] -= taken
            if not held[sku]:
                del held[sku]
                gone.add(sku)
        return frozenset(gone)

    def cut(self, effects: Effects) -> list[str]:
        """Forget the articles longest not ordered if there are too many; return them.

        They go from the kept orders too: a later return must not take from what is counted anew.
        """
        gone = self._articles.cut()
        if not gone:
            return gone
        for sku in gone:
            effects.drop(DEMAND, sku)
        names = frozenset(gone)
        for held in self._orders.values():
            for sku in [sku for sku in held if sku in names]:
                del held[sku]
        return gone

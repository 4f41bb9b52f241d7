"""How articles fare when offered: clicks against those expected where and to whom they were shown."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterable

_DOUBT = 4.0
"""So many clicks as expected are taken for granted, for one lucky click proves little: articles are
taken to differ by a factor of about e**(1/2)."""


class Records:
    """Observed and expected clicks of at most ``capacity`` articles, longest not shown first out.

    Against expected clicks, not against times shown: an article that mostly stood in the last place,
    or was shown to those who never click, is not taken for a bad one.
    """

    __slots__ = ("_by_sku", "capacity")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._by_sku: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def learn(self, sku: str, expected: float, *, clicked: bool) -> None:
        """Note that an article was shown: the probability of a click, and whether there was one."""
        seen, due = self._by_sku.get(sku, (0.0, 0.0))
        self._by_sku[sku] = (seen + clicked, due + expected)
        self._by_sku.move_to_end(sku)
        if len(self._by_sku) > self.capacity:
            self._by_sku.popitem(last=False)

    def expected(self, sku: str) -> float:
        """Return how many clicks an article was expected to have so far."""
        return self._by_sku.get(sku, (0.0, 0.0))[1]

    def of(self, skus: Iterable[str]) -> dict[str, float]:
        """Return the log of observed over expected clicks of those articles that were shown."""
        found = {}
        for sku in skus:
            known = self._by_sku.get(sku)
            if known is not None:
                found[sku] = math.log((known[0] + _DOUBT) / (known[1] + _DOUBT))
        return found

    def certainty(self, sku: str) -> float:
        """Return the shape of the Gamma distribution of an article's ratio: more clicks, less spread."""
        return self._by_sku.get(sku, (0.0, 0.0))[0] + _DOUBT

    def fade(self) -> None:
        """Halve what is known of every article: what was true of them holds no longer."""
        for sku, (seen, due) in self._by_sku.items():
            self._by_sku[sku] = (seen / 2, due / 2)

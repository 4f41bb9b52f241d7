"""After how long something is bought again: before that it need not be offered to who has it.

Learnt from the gaps between two purchases of an article by the same customer, on a log scale, for the
article and for its category: milk comes back after days, a television does not.
"""

from __future__ import annotations

import math
from collections import OrderedDict

_MEMORY = 50.0
"""The latest gaps count most: a mean over about so many."""
_ENOUGH = 5.0
"""With fewer gaps the next wider group is asked."""
_SHORTEST_S = 3_600.0


class Gaps:
    """Mean and mean deviation of the logarithms of gaps in seconds."""

    __slots__ = ("count", "mean", "spread")

    def __init__(self) -> None:
        self.count, self.mean, self.spread = 0.0, 0.0, 0.0

    def learn(self, gap: float) -> None:
        """Take in the logarithm of a gap."""
        self.count += 1
        rate = 1.0 / min(self.count, _MEMORY)
        self.spread += rate * (abs(gap - self.mean) - self.spread) if self.count > 1 else 0.0
        self.mean += rate * (gap - self.mean)


class Repurchase:
    """Gaps between purchases by article and by category; those not bought again for longest go."""

    __slots__ = ("_gaps", "capacity")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._gaps: OrderedDict[str, Gaps] = OrderedDict()

    def learn(self, sku: str, category: str | None, gap_s: float) -> None:
        """Learn that an article was bought again after ``gap_s`` seconds."""
        gap = math.log(max(gap_s, _SHORTEST_S))
        for name in _names(sku, category):
            known = self._gaps.get(name)
            if known is None:
                known = self._gaps[name] = Gaps()
            known.learn(gap)
            self._gaps.move_to_end(name)
        while len(self._gaps) > self.capacity:
            self._gaps.popitem(last=False)

    def wait_s(self, sku: str, category: str | None, default_s: float) -> float:
        """Return after how many seconds an article may be offered again to who bought it.

        The usual gap less its mean deviation, both of logarithms: most are not back before. While
        little is known ``default_s``.
        """
        for name in _names(sku, category):
            known = self._gaps.get(name)
            if known is not None and known.count >= _ENOUGH:
                return math.exp(known.mean - known.spread)
        return default_s


def _names(sku: str, category: str | None) -> tuple[str, ...]:
    # No article number and no category holds a control character.
    return (sku,) if category is None else (sku, f"\x1f{category}")

"""What is looked at a lot now: decayed view counts, bounded."""

from __future__ import annotations

from heapq import nsmallest

from models.decay import NEGLIGIBLE, ForwardDecay, Levels


class Trending:
    """Decayed view counts of at most ``capacity`` articles."""

    __slots__ = ("_counts", "_decay", "capacity", "touched")

    def __init__(self, half_life_s: float, capacity: int = 20_000) -> None:
        self._decay = ForwardDecay(half_life_s)
        self._counts: dict[str, float] = {}
        self.capacity = capacity
        self.touched = False
        """Changed since it was last published."""

    def learn(self, item: str, at: float) -> None:
        """Count a view of ``item`` at ``at`` (unix seconds)."""
        self.touched = True
        factor = self._decay.advance(at)
        if factor is not None:
            self._counts = {
                sku: count * factor
                for sku, count in self._counts.items()
                if count * factor >= NEGLIGIBLE
            }
        self._counts[item] = self._counts.get(item, 0.0) + self._decay.weight(at)
        if len(self._counts) > self.capacity * 1.25:
            self._counts = dict(self._best(self.capacity))

    def top(self, limit: int) -> list[tuple[str, float]]:
        """Return the ``limit`` most viewed articles with their share of the most viewed one."""
        best = self._best(limit)
        most = best[0][1] if best else 1.0
        return [(item, count / most) for item, count in best]

    def levels(self, limit: int) -> Levels:
        """Return the most viewed articles' counts, for the merge with those of other shards."""
        return Levels(self._decay.landmark, dict(self._best(limit)))

    def _best(self, limit: int) -> list[tuple[str, float]]:
        best = nsmallest(limit, [(-count, item) for item, count in self._counts.items()])
        return [(item, -count) for count, item in best]

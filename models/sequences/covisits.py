"""What is looked at next: decayed co-visits within a session, learnt from every view.

A view of ``b`` after ``a``, ``gap`` views apart, adds ``1 / gap`` to ``a -> b`` and half of that to
``b -> a``: sequential rules with a symmetric part (after Ludewig and Jannach 2018, "SR").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from models.bounded import left_after_cut
from models.decay import NEGLIGIBLE, ForwardDecay, Levels

BACKWARD = 0.5


class CoVisits:
    """Rows of what is viewed near each article; bounded in rows and in entries per row."""

    __slots__ = ("_decay", "_rows", "_totals", "max_row", "max_rows", "touched")

    def __init__(self, half_life_s: float, max_row: int = 200, max_rows: int = 50_000) -> None:
        self._decay = ForwardDecay(half_life_s)
        self._rows: dict[str, dict[str, float]] = {}
        self._totals: dict[str, float] = {}
        self.max_row = max_row
        self.max_rows = max_rows
        self.touched: dict[str, None] = {}
        """Rows that changed since they were last published, oldest first."""

    def __len__(self) -> int:
        return len(self._rows)

    def learn(self, before: Sequence[str], item: str, at: float) -> Sequence[str]:
        """Learn that ``item`` was viewed after ``before`` (latest first).

        Returns the articles whose rows had to go: what was published of them must go too.
        """
        factor = self._decay.advance(at)
        gone = self._rescale(factor) if factor is not None else []
        weight = self._decay.weight(at)
        for gap, earlier in enumerate(before, start=1):
            if earlier != item:
                self._add(earlier, item, weight / gap)
                self._add(item, earlier, BACKWARD * weight / gap)
        if len(self._rows) > self.max_rows:
            # The rows that were opened first: those of live articles come back at once.
            over = list(islice(self._rows, len(self._rows) - left_after_cut(self.max_rows)))
            for other in over:
                del self._rows[other], self._totals[other]
                self.touched.pop(other, None)
            gone += over
        return gone

    def row(self, item: str) -> Mapping[str, float]:
        """Return the weights of what is viewed near ``item``."""
        return self._rows.get(item, {})

    def total(self, item: str) -> float:
        """Return the sum of the weights in an article's row."""
        return self._totals.get(item, 0.0)

    def levels(self, item: str, limit: int) -> Levels:
        """Return the row's largest weights, for the merge with those of other shards."""
        row = self.row(item)
        if len(row) > limit:
            row = dict(sorted(row.items(), key=lambda pair: (-pair[1], pair[0]))[:limit])
        return Levels(self._decay.landmark, dict(row))

    def _add(self, item: str, other: str, weight: float) -> None:
        row = self._rows.get(item)
        if row is None:
            row = self._rows[item] = {}
        row[other] = row.get(other, 0.0) + weight
        self._totals[item] = self._totals.get(item, 0.0) + weight
        self.touched[item] = None
        if len(row) > self.max_row * 1.25:
            kept = sorted(row.items(), key=lambda pair: (-pair[1], pair[0]))[: self.max_row]
            self._rows[item] = dict(kept)
            self._totals[item] = sum(self._rows[item].values())

    def _rescale(self, factor: float) -> list[str]:
        rows, self._rows = self._rows, {}
        gone = []
        for item, row in rows.items():
            kept = {
                other: weight * factor
                for other, weight in row.items()
                if weight * factor >= NEGLIGIBLE
            }
            if kept:
                self._rows[item] = kept
                self._totals[item] = sum(kept.values())
            else:
                gone.append(item)
                del self._totals[item]
                self.touched.pop(item, None)
        return gone

"""What is looked at next: decayed co-visits within a session, learnt from every view.

A view of ``b`` after ``a``, ``gap`` views apart, adds ``1 / gap`` to ``a -> b`` and half of that to
``b -> a``: sequential rules with a symmetric part (after Ludewig and Jannach 2018, "SR").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
        """Rows that changed or went since they were last published, oldest first."""

    def __len__(self) -> int:
        return len(self._rows)

    def learn(self, before: Sequence[str], item: str, at: float) -> None:
        """Learn that ``item`` was viewed after ``before`` (latest first)."""
        factor = self._decay.advance(at)
        if factor is not None:
            self._rescale(factor)
        weight = self._decay.weight(at)
        for gap, earlier in enumerate(before, start=1):
            if earlier != item:
                self._add(earlier, item, weight / gap)
                self._add(item, earlier, BACKWARD * weight / gap)

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
            if len(self._rows) >= self.max_rows:
                self._forget_row()
            row = self._rows[item] = {}
        row[other] = row.get(other, 0.0) + weight
        self._totals[item] = self._totals.get(item, 0.0) + weight
        self.touched[item] = None
        if len(row) > self.max_row * 1.25:
            kept = sorted(row.items(), key=lambda pair: (-pair[1], pair[0]))[: self.max_row]
            self._rows[item] = dict(kept)
            self._totals[item] = sum(self._rows[item].values())

    def _forget_row(self) -> None:
        """Let the row that was opened first go: rows of live articles come back at once."""
        oldest = next(iter(self._rows))
        del self._rows[oldest], self._totals[oldest]
        self.touched[oldest] = None

    def _rescale(self, factor: float) -> None:
        rows, self._rows = self._rows, {}
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
                del self._totals[item]
                self.touched[item] = None

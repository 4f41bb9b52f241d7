"""What is looked at next: decayed co-visits within a session, learnt from every view.

A view of ``b`` after ``a``, ``gap`` views apart, adds ``1 / gap`` to ``a -> b`` and half of that to
``b -> a``: sequential rules with a symmetric part (after Ludewig and Jannach 2018, "SR").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from models.decay import ForwardDecay, Levels

BACKWARD = 0.5
POSITION_WEIGHT = 0.6
"""How much less each earlier view of the session counts when the next is guessed."""


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

    def shares(self, item: str) -> Iterable[tuple[str, float]]:
        """Return what is viewed near ``item`` with its share of the row."""
        total = self._totals.get(item, 0.0)
        return [(other, weight / total) for other, weight in self.row(item).items()]

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
        self.touched.pop(oldest, None)

    def _rescale(self, factor: float) -> None:
        for item, row in self._rows.items():
            self._rows[item] = {other: weight * factor for other, weight in row.items()}
            self._totals[item] *= factor


def next_scores(
    recent: Sequence[str], shares_of: Mapping[str, Iterable[tuple[str, float]]]
) -> dict[str, float]:
    """Score what comes next from the session's recent views (latest first)."""
    scores: dict[str, float] = {}
    weight = 1.0
    for item in recent:
        for other, share in shares_of[item]:
            scores[other] = scores.get(other, 0.0) + weight * share
        weight *= POSITION_WEIGHT
    return scores

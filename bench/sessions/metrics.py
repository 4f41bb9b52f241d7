"""Hit rate and reciprocal rank of a list of guesses, with bootstrap intervals by session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

CUT = 20
_DRAWS = 1_000
_AT_ONCE = 50


def reciprocal_rank(guesses: Sequence[str], target: str) -> float:
    """Return 1 / place of ``target`` in the list, 0 if it is not in it."""
    return 1.0 / (guesses.index(target) + 1) if target in guesses else 0.0


@dataclass(slots=True)
class Scores:
    """The outcome of every guess, by session."""

    ranks: list[float] = field(default_factory=list)
    """Reciprocal rank, 0 for a miss."""
    sessions: list[str] = field(default_factory=list)

    def add(self, session: str, rank: float) -> None:
        """Take in one guess."""
        self.ranks.append(rank)
        self.sessions.append(session)

    def __len__(self) -> int:
        return len(self.ranks)

    @property
    def hit_rate(self) -> float:
        """Share of targets that were among the guesses."""
        return sum(rank > 0 for rank in self.ranks) / len(self) if self.ranks else 0.0

    @property
    def mean_rank(self) -> float:
        """Mean reciprocal rank."""
        return sum(self.ranks) / len(self) if self.ranks else 0.0

    def intervals(self, seed: int = 7) -> dict[str, tuple[float, float]]:
        """Return 95 % intervals of both, drawing whole sessions: their clicks hang together."""
        if not self.ranks:
            return {"hr": (0.0, 0.0), "mrr": (0.0, 0.0)}
        _, number = np.unique(np.array(self.sessions), return_inverse=True)
        ranks = np.array(self.ranks)
        hits = (ranks > 0).astype(float)
        sums = np.stack([np.bincount(number, weight).astype(float) for weight in (hits, ranks)])
        means = bootstrap(sums, np.bincount(number).astype(float), seed)
        low, high = np.quantile(means, (0.025, 0.975), axis=1)
        return {"hr": (float(low[0]), float(high[0])), "mrr": (float(low[1]), float(high[1]))}


def bootstrap(
    sums: NDArray[np.float64], sizes: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    """Return means of resampled groups: one row per row of ``sums``, one column per draw."""
    rng = np.random.default_rng(seed)
    groups = len(sizes)
    means = []
    for _ in range(_DRAWS // _AT_ONCE):
        picked = rng.integers(groups, size=(_AT_ONCE, groups))
        means.append(sums[:, picked].sum(axis=2) / sizes[picked].sum(axis=1))
    return np.concatenate(means, axis=1)

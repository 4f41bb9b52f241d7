"""Which articles are shown, and how likely that was: what a log needs to judge other policies by.

Thompson sampling: the slate is the best one under weights drawn from what is known of them. Drawn are
many weights, of which the first decides; how likely an article had its place is its share among
all of them. With a small probability one place of the slate is filled at random, so that everything
that could be shown has a chance. Sources: Chapelle and Li (2011), "An empirical evaluation of
Thompson sampling"; Carbonell and Goldstein (1998) for the loss of an article like one above it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_LAST_RESORT = 1e6


class Variety(NamedTuple):
    """How alike the articles of a slate may be."""

    quota: int
    """Most of one category, while there are others."""
    diversity: float
    """0: by score alone, 1: another category while there is one. It is 1 - lambda of the paper."""

    @property
    def loss(self) -> float:
        """What each article of a category takes off the scores of those after it."""
        return self.diversity / max(1.0 - self.diversity, 1e-3)


class Choice(NamedTuple):
    """A slate."""

    places: list[int]
    """The candidates chosen, best first."""
    propensities: list[float]
    """For each, the probability with which the policy put it there."""
    random: int
    """Which place was filled at random; -1: none."""


def choose(
    scores: Floats, kinds: Ints, size: int, *, share: float, variety: Variety,
    rng: np.random.Generator,
) -> Choice:  # fmt: skip
    """Choose a slate of up to ``size`` of the candidates.

    Parameters
    ----------
    scores:
        Draws by candidates: each row is a draw from what the policy believes; the first decides.
        The candidates may be more than the columns: the others only the random place can show.
    kinds:
        The category of each candidate as a number; below zero: unknown, like no other.
    share:
        Probability that one place is filled with a candidate drawn uniformly from all others.
    variety:
        See `Variety`.
    rng:
        Where the random place comes from.

    Notes
    -----
    The probability of a place is estimated from the draws, the one that decides among them. With n
    draws and true probability p the importance weight of what was shown is then right on the
    average but for a factor 1 - (1 - p)^n: articles that Thompson sampling alone would show once in
    more than n slates are weighed too little, if the uniform share did not cover them.

    """
    slates = best_slates(scores, kinds[: scores.shape[1]], size, variety)
    slate = slates[0].copy()
    length, spare = slate.size, kinds.size - slate.size
    place = -1
    if spare and rng.random() < share:
        place = int(rng.integers(length))
        others = np.setdiff1d(np.arange(kinds.size), slate)
        slate[place] = others[rng.integers(spare)]
    draws = len(slates)
    chosen = np.count_nonzero(slates == slate, axis=0) / draws
    if spare:
        shown = np.bincount(slates.ravel(), minlength=kinds.size)[slate] / draws
        chosen = chosen * (1.0 - share / length) + (1.0 - shown) * share / (length * spare)
    return Choice(slate.tolist(), chosen.tolist(), place)


def best_slates(scores: Floats, kinds: Ints, size: int, variety: Variety) -> Ints:
    """Return the best slate of each row of ``scores``, chosen greedily with regard to ``variety``."""
    draws, candidates = scores.shape
    length = min(size, candidates)
    left, rows = scores.copy(), np.arange(draws)
    slates = np.empty((draws, length), dtype=np.int64)
    alike = (kinds[:, None] == kinds) & (kinds >= 0)
    varied = alike.any() and length > 1
    loss, full = variety.loss * alike, _LAST_RESORT * alike
    for place in range(length):
        best = slates[:, place] = left.argmax(axis=1)
        left[rows, best] = -np.inf
        if varied and place + 1 < length:
            left -= loss[best]
            if place + 1 >= variety.quota:
                so_far = alike[slates[:, : place + 1], best[:, None]].sum(axis=1)
                left -= full[best] * (so_far >= variety.quota)[:, None]
    return slates

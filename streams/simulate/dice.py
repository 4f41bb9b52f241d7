"""Seeded randomness: one independent stream of numbers for each part of the simulation."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


def dice(seed: int, part: str) -> Random:
    """Return the random numbers of one part, so that changing a part leaves the others alone."""
    return Random(f"{seed}/{part}")


class Draw(Generic[Thing]):
    """A weighted draw that is prepared once and costs one bisection a time."""

    __slots__ = ("_bounds", "_last", "_things", "_total")

    def __init__(self, weights: Iterable[tuple[Thing, float]]) -> None:
        """Prepare the draw from pairs of a thing and its weight."""
        pairs = list(weights)
        self._things = [thing for thing, _ in pairs]
        self._bounds = list(accumulate(weight for _, weight in pairs))
        self._total = self._bounds[-1]
        self._last = len(pairs) - 1

    def __call__(self, rng: Random) -> Thing:
        """Return one thing."""
        return self._things[min(bisect(self._bounds, rng.random() * self._total), self._last)]

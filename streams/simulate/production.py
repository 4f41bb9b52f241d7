"""What gets made: as many units as are sold, but in the mix of before the shift of demand."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from streams.simulate.equipment import LINES
from streams.simulate.truth import Truth

_LOT = 5
"""Goods are counted in lots, so that there are not as many counts as units."""
_HABIT_UNITS = 300.0
"""How many sold units the mix known beforehand is worth."""
_SCRAP = 0.02


class Lot(NamedTuple):
    """Units of one article that a line has finished."""

    line: str
    sku: str
    good: int
    scrap: int


class Production:
    """Follows the sales until the shift of demand, and then nobody tells it."""

    def __init__(self, truth: Truth, rng: Random, units_per_s: float) -> None:
        """Start with the mix that is known beforehand."""
        self._shift_s = truth.shift.start_s
        self._rng = rng
        self._units_per_s = units_per_s
        self._sold = 0
        self._told = False
        self._mix = {sku: share * _HABIT_UNITS for sku, share in truth.old_mix.items()}
        # A random share of a lot is begun already: otherwise rare articles would come late.
        self._begun = {sku: _LOT * rng.random() for sku in self._mix}
        self._line = {
            article.sku: LINES[turn % len(LINES)] for turn, article in enumerate(truth.articles)
        }

    def sold(self, sku: str, units: int, elapsed: float) -> None:
        """Tell it of a sale."""
        self._told = True
        self._sold += units
        if elapsed < self._shift_s and sku in self._mix:
            self._mix[sku] += units

    def finish(self, seconds: float) -> Iterator[Lot]:
        """Yield the lots that were finished in the last ``seconds``."""
        units = float(self._sold) if self._told else self._units_per_s * seconds
        self._sold = 0
        per_share = units / sum(self._mix.values())
        for sku, share in self._mix.items():
            self._begun[sku] += share * per_share
            lots = int(self._begun[sku] // _LOT)
            if lots:
                self._begun[sku] -= lots * _LOT
                good = lots * _LOT
                scrap = sum(self._rng.random() < _SCRAP for _ in range(good))
                yield Lot(self._line[sku], sku, good, scrap)

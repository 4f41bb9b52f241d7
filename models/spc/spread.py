"""How much a process varies: within its subgroups, and in all.

Sources: Montgomery (2013), chapter 6 (pooled standard deviation, c4, moving range); Cryer and Ryan
(1990), "The estimation of sigma for an X chart: MR/d2 or S/c4?"; Chan, Golub and LeVeque (1983) for
sums of squares that are put together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from models.spc.subgroups import Subgroup

_D2 = 2 / math.sqrt(math.pi)
"""What the range of two values is on average, in sigma: 1.128."""
_DF_OF_A_RANGE = 0.605
"""What a moving range tells of sigma, in degrees of freedom: 0.5 / 0.826, as the variance of their mean
over d2 is 0.826 sigma**2 / (n - 1)."""
_NOISE = 1e-9
"""Variation below this share of the mean is floating-point arithmetic, and counts as none."""
_LEAST_MOVING = 0.5
"""Less of the subgroups vary at all: what is measured is coarser than what varies, and a sigma of it
would make a signal of every flicker of the last digit."""


def c4(n: float) -> float:
    """Return what the standard deviation of ``n`` > 1 normal values is on average, in sigma."""
    return math.sqrt(2 / (n - 1)) * math.exp(math.lgamma(n / 2) - math.lgamma((n - 1) / 2))


def varies(sigma: float, mean: float) -> bool:
    """Return whether that is more than what arithmetic leaves of a constant signal."""
    return sigma > _NOISE * abs(mean)


@dataclass(slots=True)
class Spread:
    """Sums over subgroups: all that is needed of them to know their mean and sigma."""

    n: int = 0
    """Values."""
    subgroups: int = 0
    mean: float = 0.0
    squares: float = 0.0
    """Sum of squared deviations from the mean of all."""
    within: float = 0.0
    """Sum of squared deviations from the subgroups' own means."""
    within_df: int = 0
    ranges: float = 0.0
    """Sum of the moving ranges of subgroups of one value."""
    pairs: int = 0
    last: float | None = None
    moved: int = 0
    """Subgroups, or moving ranges, that vary."""
    since: float = 0.0
    """When the first subgroup ended, in unix seconds."""
    until: float = 0.0
    """And the last one."""

    def take(self, subgroup: Subgroup) -> None:
        """Take a subgroup in; one whose variance is not known is a ValueError."""
        squares, size = subgroup.squares, subgroup.size
        if squares is None:
            raise ValueError("Sigma is learnt within subgroups: their variance must be known")
        if not self.n:
            self.since = subgroup.at
        self.until = subgroup.at
        delta, total = subgroup.mean - self.mean, self.n + size
        self.squares += squares + delta * delta * self.n * size / total
        self.mean += delta * size / total
        self.n, self.subgroups = total, self.subgroups + 1
        if size > 1:
            self.within += squares
            self.within_df += size - 1
            self.moved += varies(math.sqrt(squares), subgroup.mean)
            self.last = None
            return
        if self.last is not None:
            apart = abs(subgroup.mean - self.last)
            self.ranges += apart
            self.pairs += 1
            self.moved += varies(apart, subgroup.mean)
        self.last = subgroup.mean

    @property
    def sigma_within(self) -> float:
        """Pooled over the subgroups and made unbiased by c4; of single values, by moving ranges.

        0.0 where too little was seen. Where there are both, the single values do not count.
        """
        if self.within_df:
            return math.sqrt(self.within / self.within_df) / c4(self.within_df + 1)
        return self.ranges / self.pairs / _D2 if self.pairs else 0.0

    @property
    def df_within(self) -> float:
        """How well ``sigma_within`` is known: the degrees of freedom it is worth."""
        return float(self.within_df or self.pairs * _DF_OF_A_RANGE)

    @property
    def sigma_overall(self) -> float:
        """The standard deviation of all values, whatever subgroup they are of."""
        return math.sqrt(self.squares / (self.n - 1)) if self.n > 1 else 0.0

    @property
    def still(self) -> bool:
        """Whether there is no variation worth the name, within subgroups or from one to the next."""
        seen = self.subgroups if self.within_df else self.pairs
        return self.moved < max(seen * _LEAST_MOVING, 1) or not varies(self.sigma_within, self.mean)

"""What a process can do: how well its values fit between the limits of a specification.

Cp and Cpk are of the variation within subgroups, what the process could do; Pp and Ppk are of all
variation, what it did. Both take values as normal and the process as in control: without that an index
says nothing, so it is refused. An index of few values is loose (of 50, a Cpk of 1.33 is 1.09 or more),
so it comes with its bounds.

Sources: Kane (1986), "Process capability indices"; Bissell (1990), "How reliable is your capability
index?", for the bounds of Cpk and Ppk; those of Cp and Pp by chi-squared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from scipy.special import chdtri, ndtri

from models.spc.spread import Spread, varies

LEAST_VALUES = 30
Refusal = Literal["no_spec_limit", "too_few_values", "no_variation", "out_of_control"]


@dataclass(frozen=True, slots=True)
class Specification:
    """What is allowed, in the unit of what is measured; limits that cross are a ValueError."""

    lower: float | None = None
    """LSL."""
    upper: float | None = None
    """USL."""

    def __post_init__(self) -> None:
        if self.lower is not None and self.upper is not None and not self.lower < self.upper:
            raise ValueError("The lower limit of a specification is below the upper one")


@dataclass(frozen=True, slots=True)
class Index:
    """An index, and between what it is: each bound by itself holds with the confidence asked for."""

    value: float
    at_least: float
    at_most: float


@dataclass(frozen=True, slots=True)
class Capability:
    """The indices. Those that need both limits are None where there is one."""

    n: int
    cp: Index | None
    cpk: Index
    pp: Index | None
    ppk: Index


@dataclass(frozen=True, slots=True)
class Refused:
    """There are no indices, and why."""

    reason: Refusal


def capability(
    spread: Spread, spec: Specification, *, in_control: bool, confidence: float = 0.95
) -> Capability | Refused:
    """Return the capability of a process of this spread, or why there is none.

    ``in_control`` is what its control chart says. ``confidence`` is that of each bound by itself,
    so between 0.5 and 1; another is a ValueError.
    """
    if not 0.5 <= confidence < 1:
        raise ValueError("The confidence of a bound is between 0.5 and 1")
    if spec.lower is None and spec.upper is None:
        return Refused("no_spec_limit")
    if spread.n < LEAST_VALUES:
        return Refused("too_few_values")
    within, overall = spread.sigma_within, spread.sigma_overall
    if not varies(min(within, overall), spread.mean):
        return Refused("no_variation")
    if not in_control:
        return Refused("out_of_control")
    df, n = spread.df_within, spread.n
    return Capability(
        n,
        cp=_potential(spec, within, df, confidence),
        cpk=_actual(spec, spread.mean, within, n, df, confidence),
        pp=_potential(spec, overall, n - 1, confidence),
        ppk=_actual(spec, spread.mean, overall, n, n - 1, confidence),
    )


def _potential(spec: Specification, sigma: float, df: float, confidence: float) -> Index | None:
    """Return Cp or Pp: the width of the specification, in sixfold sigma of ``df``."""
    if spec.lower is None or spec.upper is None:
        return None
    index = (spec.upper - spec.lower) / (6 * sigma)
    # chdtri takes the probability of the upper tail.
    low, high = (index * math.sqrt(chdtri(df, tail) / df) for tail in (confidence, 1 - confidence))
    return Index(index, low, high)


def _actual(
    spec: Specification, mean: float, sigma: float, n: int, df: float, confidence: float
) -> Index:
    """Return Cpk or Ppk: how far the nearer limit is from the mean, in threefold sigma of ``df``."""
    rooms = []
    if spec.lower is not None:
        rooms.append(mean - spec.lower)
    if spec.upper is not None:
        rooms.append(spec.upper - mean)
    index = min(rooms) / (3 * sigma)
    off = float(ndtri(confidence)) * math.sqrt(1 / (9 * n) + index * index / (2 * df))
    return Index(index, index - off, index + off)

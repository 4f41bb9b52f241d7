"""How long a chart runs until it signals: its average run length (ARL), in subgroups.

ARL0 is that of a process in control: how rare false alarms are. ARL1 is that of a process whose mean
has shifted: how soon it is found. Both hold for independent normal subgroups and known parameters:
autocorrelation, and a sigma estimated from few subgroups, make ARL0 shorter.

Sources: Brook and Evans (1972), "An approach to the probability distribution of CUSUM run length";
Lucas and Saccucci (1990) for the same of an EWMA; Champ and Woodall (1987) for Western Electric's.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from scipy.special import ndtr

from models.spc.charts import CusumSettings, EwmaSettings, Floats, ShewhartSettings
from models.spc.rules import NELSON, WESTERN_ELECTRIC, RuleName, RuleSettings

ChartSettings: TypeAlias = ShewhartSettings | CusumSettings | EwmaSettings | RuleSettings
_STATES = 401
"""Into so many pieces the range of a statistic is cut; odd, so that one of them is around 0."""
_LONGEST = 1e12
"""Beyond it the numerics say nothing but: infinitely long."""
_OF_RULES: dict[frozenset[RuleName], float] = {
    frozenset(WESTERN_ELECTRIC): 91.75,
    frozenset(NELSON): 73.5,
}
"""ARL0 of rule sets. Western Electric's as Champ and Woodall (1987) worked it out; Nelson's of a million
runs of `models.spc.rules`, with a standard error of 0.1. Tests simulate both."""


def arl(settings: ChartSettings, shift: float = 0.0) -> float | None:
    """Return the average run length after a shift of the mean, in standard errors of a subgroup.

    Shewhart's is exact. Those of CUSUM and EWMA are of a Markov chain and within 0.1 %. Of run rules
    only those of the two whole sets, of rule 1, and without a shift are known; others are None.
    Run lengths of 10**12 and more are infinite.
    """
    if isinstance(settings, ShewhartSettings):
        return _shewhart(settings.limit, shift)
    if isinstance(settings, CusumSettings):
        # Van Dobben de Bruyn (1968): the two sides add up as rates, as they never both stand.
        return _once_in(sum(1 / _one_sided_cusum(settings, each) for each in (shift, -shift)))
    if isinstance(settings, EwmaSettings):
        return _ewma(settings, shift)
    if set(settings.rules) <= {"western_electric_1", "nelson_1"}:
        return _shewhart(3.0, shift)
    return None if shift else _OF_RULES.get(frozenset(settings.rules))


def arl0(settings: ChartSettings) -> float | None:
    """Return after how many subgroups on average a chart signals though nothing has changed."""
    return arl(settings)


def _shewhart(limit: float, shift: float) -> float:
    return _once_in(float(ndtr(shift - limit) + ndtr(-shift - limit)))


def _once_in(rate: float) -> float:
    return 1 / rate if rate > 1 / _LONGEST else math.inf


def _one_sided_cusum(settings: CusumSettings, shift: float) -> float:
    """Return the ARL of the upper sum from 0: states 0, w, 2w..., the first half as wide as others."""
    width = 2 * settings.h / (2 * _STATES - 1)
    at = width * np.arange(_STATES)
    # The sum moves by z - k; at[j] + width / 2 is where state j ends.
    below = ndtr(at + width / 2 - at[:, None] + settings.k - shift)
    return _steps_to_leave(np.diff(below, axis=1, prepend=0.0), start=0)


def _ewma(settings: EwmaSettings, shift: float) -> float:
    """Return the ARL of the level from 0: states of one width between both limits."""
    limit, share = settings.limit, settings.smoothing
    edges = np.linspace(-limit, limit, _STATES + 1)
    middles = (edges[1:] + edges[:-1]) / 2
    below = ndtr((edges - (1 - share) * middles[:, None]) / share - shift)
    return _steps_to_leave(np.diff(below, axis=1), start=_STATES // 2)


def _steps_to_leave(moves: Floats, start: int) -> float:
    """Return the mean number of steps until a Markov chain leaves these states.

    ``moves[i, j]`` is the probability to go from i to j; what the rows lack of 1 is leaving.
    """
    try:
        steps = np.linalg.solve(np.eye(len(moves)) - moves, np.ones(len(moves)))
    except np.linalg.LinAlgError:
        return math.inf  # it never leaves
    return float(steps[start]) if 0 < steps[start] < _LONGEST else math.inf

"""Run lengths of many charts at once, by the recursions and decisions that the charts themselves use.

`python -m tests.models.spc.simulated` prints the table of docs/spc.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from models.spc.arl import ChartSettings, arl
from models.spc.charts import (
    CusumSettings,
    EwmaSettings,
    Floats,
    ShewhartSettings,
    cusum_step,
    ewma_step,
    side_of,
)
from models.spc.rules import NELSON, WESTERN_ELECTRIC, Points, RuleSettings

State = tuple[Floats, ...]
CHARTS: dict[str, ChartSettings] = {
    "Shewhart, 3 sigma": ShewhartSettings(),
    "CUSUM, k 0.5, h 5": CusumSettings(),
    "EWMA, lambda 0.1, L 2.814": EwmaSettings(),
    "EWMA, lambda 0.2, L 2.962": EwmaSettings(0.2, 2.962),
    "Western Electric 1 to 4": RuleSettings(WESTERN_ELECTRIC),
    "Nelson 1 to 8": RuleSettings(NELSON),
}


def start(settings: ChartSettings, runs: int) -> State:
    """What so many charts remember before their first subgroup: arrays of one number per run."""
    zero = np.zeros(runs)
    if isinstance(settings, RuleSettings):
        return flat(Points.none(zero))
    return {ShewhartSettings: (), CusumSettings: (zero, zero), EwmaSettings: (zero,)}[
        type(settings)
    ]


def flat(points: Points[Any]) -> State:
    return (
        *points.last,
        *(points.above, points.below, points.rises, points.falls),
        *(points.turns, points.inside, points.outside),
    )


def step(settings: ChartSettings, state: State, z: Floats) -> tuple[State, Floats]:
    """What the charts remember after z, and which of them signal."""
    if isinstance(settings, ShewhartSettings):
        return (), side_of(z, settings.limit) != 0
    if isinstance(settings, CusumSettings):
        *sums, side = cusum_step(*state, z, settings)
        return tuple(sums), side != 0
    if isinstance(settings, EwmaSettings):
        level, side = ewma_step(*state, z, settings)
        return (level,), side != 0
    points = Points(tuple(state[:5]), *state[5:]).after(z)
    signals = np.zeros(len(z), dtype=bool)
    for rule in settings.rules:
        upper, lower = points.broken(rule)
        signals |= (upper >= 0) | (lower >= 0)
    return flat(points), signals


def noise(
    rng: np.random.Generator, phi: float, shift: float
) -> Callable[[Floats | None, int], Floats]:
    """AR(1) noise of variance 1, each value after the ones before."""

    def after(before: Floats | None, runs: int) -> Floats:
        fresh = rng.standard_normal(runs)
        if before is None or not phi:
            return fresh + shift
        return shift + phi * (before - shift) + math.sqrt(1 - phi * phi) * fresh

    return after


def run_lengths(
    settings: ChartSettings, runs: int, *, shift: float = 0.0, phi: float = 0.0, seed: int = 1
) -> Floats:
    """After how many subgroups each of so many charts signals."""
    after = noise(np.random.default_rng(seed), phi, shift)
    state, z, lengths, n = start(settings, runs), None, [], 0
    left = runs
    while left:
        n += 1
        z = after(z, left)
        state, signals = step(settings, state, z)
        ended = int(np.count_nonzero(signals))
        if ended:
            lengths.append(np.full(ended, float(n)))
            go_on = ~signals
            state, z, left = tuple(each[go_on] for each in state), z[go_on], left - ended
    return np.concatenate(lengths)


def table() -> Iterator[str]:
    """The rows of docs/spc.md."""
    for name, settings in CHARTS.items():
        found = [
            run_lengths(settings, 100_000, **case).mean()
            for case in (
                {},
                {"phi": 0.3},
                {"phi": 0.6},
                {"shift": 0.5},
                {"shift": 1.0},
                {"shift": 2.0},
            )
        ]
        exact = arl(settings)
        yield f"| {name} | {exact:.1f} | " + " | ".join(f"{x:.3g}" for x in found) + " |"


if __name__ == "__main__":
    print(*table(), sep="\n")  # noqa: T201

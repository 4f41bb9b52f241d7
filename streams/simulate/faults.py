"""Planted faults: which sensor goes wrong, how, and when."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal, get_args

from streams.simulate.equipment import SPOTS

Kind = Literal["spike", "drift", "level_shift", "stuck", "bad_quality", "variance_burst"]
KINDS: tuple[Kind, ...] = get_args(Kind)

NORMAL_SAMPLES = 64
"""What a detector gets to see of every sensor before the first fault."""

_SIZES: dict[Kind, tuple[float, float]] = {
    "spike": (10.0, 14.0),
    "drift": (9.0, 12.0),
    "level_shift": (7.0, 10.0),
    "stuck": (0.0, 0.0),
    "bad_quality": (0.0, 0.0),
    "variance_burst": (6.0, 8.0),
}
_SAMPLES: dict[Kind, int] = {
    "spike": 4,
    "drift": 16,
    "level_shift": 12,
    "stuck": 24,
    "bad_quality": 12,
    "variance_burst": 16,
}
"""The least number of samples that shows such a fault."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of one sensor; times are seconds after the start of the simulation."""

    line: str
    machine: str
    sensor: str
    kind: Kind
    start_s: float
    duration_s: float
    sigmas: float
    """Signed height of a spike, shift or (at its end) drift; the factor of a variance burst."""

    @property
    def end_s(self) -> float:
        """When it is over."""
        return self.start_s + self.duration_s

    def label(self) -> str:
        """Return its name for reports."""
        return f"{self.line}/{self.machine}/{self.sensor} {self.kind} at {self.start_s:.0f} s"

    def active(self, elapsed: float) -> bool:
        """Return whether it disturbs a sample taken at ``elapsed``."""
        return self.start_s <= elapsed < self.end_s

    def offset(self, elapsed: float) -> float:
        """Return how far it pushes a sample, in sigmas."""
        if self.kind == "drift":
            return self.sigmas * (elapsed - self.start_s) / self.duration_s
        return self.sigmas if self.kind in ("spike", "level_shift") else 0.0


def warm_up(length_s: float, period_s: float) -> float:
    """Return how long nothing goes wrong at first: a fifth, or long enough to learn normal."""
    return min(max(0.2 * length_s, NORMAL_SAMPLES * period_s), 0.5 * length_s)


def schedule(
    rng: Random, begin_s: float, length_s: float, period_s: float, quiet_s: float | None = None
) -> tuple[Fault, ...]:
    """Spread faults of every kind over a stretch of time, each sensor in turn."""
    quiet = warm_up(length_s, period_s) if quiet_s is None else quiet_s
    room = 0.95 * length_s - quiet
    number = len(KINDS) + int(room // 60)
    spots = rng.sample(SPOTS, k=len(SPOTS))
    kinds = [kind for _ in range(number) for kind in rng.sample(KINDS, k=len(KINDS))]
    faults = []
    for turn, kind in zip(range(number), kinds, strict=False):
        usual = 1.0 if kind == "spike" else min(max(0.12 * length_s, 6.0), 30.0)
        duration = min(max(usual, _SAMPLES[kind] * period_s), 0.5 * room)
        start = begin_s + quiet + (room - duration) * (turn + 0.8 * rng.random()) / number
        sigmas = rng.uniform(*_SIZES[kind])
        sign = 1.0 if kind == "variance_burst" else rng.choice((-1.0, 1.0))
        faults.append(
            Fault(
                *spots[turn % len(spots)],
                kind,
                round(start, 3),
                round(duration, 3),
                round(sign * sigmas, 2) + 0.0,
            )
        )
    return tuple(sorted(faults, key=lambda fault: fault.start_s))

"""Signals as sensors give them, and what a scorer and a latch make of them."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable

from models.alarms.latch import Latch, LatchSettings
from models.scorers.sensor import ScorerSettings, SensorScore

SETTINGS = ScorerSettings()
LATCH = LatchSettings()


def noise(seed: int, number: int, phi: float = 0.5, wave: float = 0.0) -> list[float]:
    """Return AR(1) noise of standard deviation 0.8 around 70, on a slow wave."""
    rng = random.Random(seed)
    x, made = rng.gauss(0, 1), []
    for n in range(number):
        x = phi * x + math.sqrt(1 - phi * phi) * rng.gauss(0, 1)
        made.append(round(70 + 0.8 * (x + wave * math.sin(n / 500)), 4))
    return made


def alarms(values: Iterable[float], settings: ScorerSettings = SETTINGS) -> list[tuple[int, str]]:
    """Return when alarms were raised and for what, and when they were cleared."""
    score, latch, found = SensorScore("Cel"), Latch(), list[tuple[int, str]]()
    for n, x in enumerate(values):
        verdict = score.score(x, settings)
        if verdict is not None:
            change = latch.step(verdict.z, float(n), LATCH, sudden=verdict.sudden)
            if change is not None:
                found.append((n, verdict.condition if change == "active" else change))
        score.learn(x, settings, quiet=latch.quiet)
    return found

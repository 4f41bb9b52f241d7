"""Signals as sensors give them, and what is told of them."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable

from models.line.sensor import SensorSettings, SensorWatch

SETTINGS = SensorSettings()


def noise(seed: int, number: int, phi: float = 0.5, wave: float = 0.0) -> list[float]:
    """Return AR(1) noise of standard deviation 0.8 around 70, on a slow wave."""
    rng = random.Random(seed)
    x, made = rng.gauss(0, 1), []
    for n in range(number):
        x = phi * x + math.sqrt(1 - phi * phi) * rng.gauss(0, 1)
        made.append(round(70 + 0.8 * (x + wave * math.sin(n / 500)), 4))
    return made


def alarms(values: Iterable[float], settings: SensorSettings = SETTINGS) -> list[tuple[int, str]]:
    """Return when alarms became active and for what, and when they were over.

    ``values`` come once a second.
    """
    watch, told = SensorWatch("Cel", settings), list[tuple[int, str]]()
    for n, x in enumerate(values):
        for finding in watch.take(x, "good", float(n + 1), settings):
            active = finding.change.after == "active"
            told.append((n, finding.evidence.condition if active else "cleared"))
    return told

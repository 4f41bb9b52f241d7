"""Examples with a planted truth: what a shape of it is worth to whom."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

from models.propensity.signals import Signals


def line(rng: random.Random) -> tuple[Signals, bool]:
    """An outcome that a straight line tells."""
    numbers = {f"n{k}": rng.gauss(0, 2) for k in range(3)}
    odds = 1.5 * numbers["n0"] - numbers["n1"] - 1.0
    signals = Signals(numbers, {"kind": rng.choice("ab")}, rng.random() < 0.3)
    return signals, rng.random() < 1 / (1 + math.exp(-odds))


def squares(rng: random.Random) -> tuple[Signals, bool]:
    """An outcome that two questions tell and no line: a tree's truth."""
    numbers = {f"n{k}": rng.uniform(-3, 3) for k in range(3)}
    middle = abs(numbers["n0"]) < 1.2
    return Signals(numbers), rng.random() < (0.9 if middle else 0.05)


def examples(shape, number: int, seed: int = 1) -> Iterator[tuple[Signals, bool]]:
    rng = random.Random(seed)
    return (shape(rng) for _ in range(number))

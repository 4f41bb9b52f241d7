"""Machines whose sensors hang together, as rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def plant(seed: int, rows: int, sensors: int = 4) -> Floats:
    """Return rows of sensors that follow a common load, which moves slowly, each with its noise."""
    rng = np.random.default_rng(seed)
    load = np.zeros(rows)
    for n in range(1, rows):
        load[n] = 0.95 * load[n - 1] + 0.3 * rng.standard_normal()
    gains = np.linspace(1.0, 2.5, sensors)
    own = rng.standard_normal((rows, sensors)) * 0.3
    made: Floats = 20.0 + load[:, None] * gains + own
    return made

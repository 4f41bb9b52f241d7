"""A made-up hall of machines: a few are learnt sample by sample, the others are copies of these."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from models.effects import Effects, Origin
from models.floor import FloorSettings, FloorShard
from schemas.sensors import Measurement

SENSORS = 10
"""Of each machine."""
LEARNT_ROWS = 1_200
"""Samples of each sensor: more than are remembered, so that no sensor grows any more."""
_START = 1_790_000_000.0
_LINE = "line-1"
_PERSISTENCE = 0.9

Floats = npt.NDArray[np.float64]


class Hall:
    """One floor shard and what its sensors say, once a second each."""

    def __init__(self, machines: int, rows: int, seed: int) -> None:
        """Draw ``rows`` rows of samples for so many machines."""
        self.shard = FloorShard(FloorSettings())
        self._values = _drawn(np.random.default_rng(seed), rows, machines * SENSORS)
        self._row = 0

    def row(self) -> Iterator[tuple[Measurement, Origin]]:
        """Yield the events of the next row."""
        at, row = _START + self._row, self._row
        self._row += 1
        for number, value in enumerate(self._values[row].tolist()):
            yield (
                _measurement(number, at, value),
                Origin("sensors", 0, row * self._values.shape[1] + number, at),
            )

    def learn(self) -> None:
        """Take rows in until all is known that will be."""
        for _ in range(LEARNT_ROWS):
            for event, origin in self.row():
                accept(self.shard, event, origin)

    def fill(self, sensors: int) -> None:
        """Add copies of the machines that are there until there are so many sensors."""
        learnt = [pickle.dumps(machine, 5) for machine in self.shard.machines.values()]
        at = _START + self._row
        for number in range(len(learnt) * SENSORS, sensors):
            accept(self.shard, _measurement(number, at, 20.0), Origin("sensors", 1, number, at))
        for place, key in enumerate(self.shard.machines):
            if place >= len(learnt):
                self.shard.machines[key] = pickle.loads(learnt[place % len(learnt)])  # noqa: S301


def accept(shard: FloorShard, event: Measurement, origin: Origin) -> None:
    """Take an event in as a worker does; what comes of it is dropped."""
    effects = Effects()
    effects.begin(origin)
    shard.accept(event, origin, effects)


def _measurement(number: int, at: float, value: float) -> Measurement:
    return Measurement(
        event_id=f"{at:.0f}/{number}", occurred_at=datetime.fromtimestamp(at, UTC), line=_LINE,
        machine=f"machine-{number // SENSORS}", sensor=f"sensor-{number % SENSORS}", unit="Cel",
        value=value,
    )  # fmt: skip


def _drawn(rng: np.random.Generator, rows: int, sensors: int) -> Floats:
    """Return values that hang together in time, with a season of an hour, of two digits."""
    values = rng.standard_normal((rows, sensors))
    for row in range(1, rows):
        values[row] += _PERSISTENCE * values[row - 1]
    hour = 2 * np.pi * np.arange(rows) / 3600
    values += 2 * np.sin(hour[:, None] + rng.uniform(0, 2 * np.pi, sensors))
    found: Floats = np.round(rng.uniform(20, 200, sensors) + values, 2)
    return found

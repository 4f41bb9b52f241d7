"""The made-up factory: 2 lines of 3 machines with 4 sensors each."""

from __future__ import annotations

from typing import NamedTuple

LINES = ("line-1", "line-2")
MACHINES = ("cutter", "sewer", "press")
COUNTING_MACHINE = "press"
"""The last machine of a line counts what is finished."""


class Gauge(NamedTuple):
    """What a kind of sensor measures, where it usually stands and how much it scatters."""

    unit: str
    set_point: float
    sigma: float


GAUGES: dict[str, Gauge] = {
    "temperature": Gauge("Cel", 70.0, 0.8),
    "vibration": Gauge("mm/s", 2.5, 0.12),
    "pressure": Gauge("bar", 6.0, 0.08),
    "current": Gauge("A", 12.0, 0.4),
}


class Spot(NamedTuple):
    """Where a sensor sits."""

    line: str
    machine: str
    sensor: str


SPOTS: tuple[Spot, ...] = tuple(
    Spot(line, machine, sensor) for line in LINES for machine in MACHINES for sensor in GAUGES
)

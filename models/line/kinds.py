"""Kinds of sensors, and what a limit of each needs so that noise does not make it chatter.

Deadbands are shares of the span, delays hold for on and off: recommended starting points of
ANSI/ISA-18.2-2016 and EEMUA 191 (2013) for flow, level, pressure and temperature; the others are ours.
"""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """What to begin with."""

    deadband: float
    """Share of the span that a value must come back by."""
    delay_s: float
    """So long it must be beyond the limit, and then back, for an alarm to come and go."""


OTHER = "other"
KINDS: dict[str, Kind] = {
    "flow": Kind(0.05, 15.0),
    "level": Kind(0.05, 60.0),
    "pressure": Kind(0.02, 15.0),
    "temperature": Kind(0.01, 60.0),
    "vibration": Kind(0.05, 10.0),
    "current": Kind(0.05, 10.0),
    OTHER: Kind(0.02, 10.0),
}
_OF_UNITS = {
    "Cel": "temperature", "bar": "pressure", "L/min": "flow", "kg/h": "flow", "mm/s": "vibration",
    "m/s2": "vibration", "A": "current",
}  # fmt: skip


def kind_of(unit: str) -> str:
    """Return which kind of sensor measures in a canonical unit, as far as a unit can say."""
    return _OF_UNITS.get(unit, OTHER)

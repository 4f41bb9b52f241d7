"""Units of measurement: known UCUM codes, converted to one unit per kind of quantity.

Source: The Unified Code for Units of Measure (UCUM), case-sensitive codes.
"""

from __future__ import annotations

from typing import NamedTuple

from schemas.decoding import Reject


class Conversion(NamedTuple):
    """``canonical = value * factor + offset``."""

    unit: str
    factor: float = 1.0
    offset: float = 0.0


_F = 5 / 9
KNOWN: dict[str, Conversion] = {
    "1": Conversion("1"),
    "%": Conversion("%"),
    "Cel": Conversion("Cel"),
    "K": Conversion("Cel", 1.0, -273.15),
    "[degF]": Conversion("Cel", _F, -32 * _F),
    "bar": Conversion("bar"),
    "mbar": Conversion("bar", 1e-3),
    "Pa": Conversion("bar", 1e-5),
    "kPa": Conversion("bar", 1e-2),
    "MPa": Conversion("bar", 10.0),
    "[psi]": Conversion("bar", 0.0689475729),
    "mm/s": Conversion("mm/s"),
    "m/s": Conversion("mm/s", 1e3),
    "m/s2": Conversion("m/s2"),
    "mm": Conversion("mm"),
    "um": Conversion("mm", 1e-3),
    "m": Conversion("mm", 1e3),
    "Hz": Conversion("Hz"),
    "/min": Conversion("/min"),
    "A": Conversion("A"),
    "mA": Conversion("A", 1e-3),
    "V": Conversion("V"),
    "mV": Conversion("V", 1e-3),
    "kV": Conversion("V", 1e3),
    "W": Conversion("W"),
    "kW": Conversion("W", 1e3),
    "s": Conversion("s"),
    "ms": Conversion("s", 1e-3),
    "min": Conversion("s", 60.0),
    "h": Conversion("s", 3600.0),
    "L/min": Conversion("L/min"),
    "l/min": Conversion("L/min"),
    "m3/h": Conversion("L/min", 1000 / 60),
    "kg": Conversion("kg"),
    "g": Conversion("kg", 1e-3),
    "N": Conversion("N"),
    "kN": Conversion("N", 1e3),
    "N.m": Conversion("N.m"),
    "ug/m3": Conversion("ug/m3"),
    "{pcs}": Conversion("{pcs}"),
}


def conversion_of(unit: str) -> Conversion | Reject:
    """Return how to convert ``unit``, or a `Reject` that says which units are known."""
    known = KNOWN.get(unit)
    if known is not None:
        return known
    return Reject(
        "unknown_unit",
        f"Unknown unit {unit!r}. Known UCUM codes (case-sensitive): {', '.join(KNOWN)}.",
        "$.unit",
    )

"""Units: known codes, one unit per kind of quantity."""

from __future__ import annotations

import pytest

from models.cleaning.units import KNOWN, Conversion, conversion_of
from schemas.decoding import Reject


@pytest.mark.parametrize(
    ("value", "unit", "expected", "canonical"),
    [
        (20.0, "Cel", 20.0, "Cel"),
        (273.15, "K", 0.0, "Cel"),
        (212.0, "[degF]", 100.0, "Cel"),
        (-40.0, "[degF]", -40.0, "Cel"),
        (1.0, "[psi]", 0.0689476, "bar"),
        (101_325.0, "Pa", 1.01325, "bar"),
        (101.325, "kPa", 1.01325, "bar"),
        (0.3, "MPa", 3.0, "bar"),
        (1500.0, "mbar", 1.5, "bar"),
        (0.0025, "m/s", 2.5, "mm/s"),
        (250.0, "um", 0.25, "mm"),
        (60.0, "m3/h", 1000.0, "L/min"),
        (3.0, "l/min", 3.0, "L/min"),
        (1.5, "h", 5400.0, "s"),
        (250.0, "g", 0.25, "kg"),
        (7.0, "kN", 7000.0, "N"),
        (300.0, "mA", 0.3, "A"),
        (0.4, "kV", 400.0, "V"),
        (2.2, "kW", 2200.0, "W"),
    ],
)
def test_values_are_converted(value: float, unit: str, expected: float, canonical: str) -> None:
    found = conversion_of(unit)
    assert isinstance(found, Conversion)
    assert value * found.factor + found.offset == pytest.approx(expected, rel=1e-6, abs=1e-9)
    assert found.unit == canonical


def test_every_canonical_unit_is_itself() -> None:
    for conversion in KNOWN.values():
        assert KNOWN[conversion.unit] == Conversion(conversion.unit)


@pytest.mark.parametrize("unit", ["cel", "CEL", "furlong", "", "°C", "Cel "])
def test_an_unknown_unit_is_refused_with_those_that_are_known(unit: str) -> None:
    found = conversion_of(unit)
    assert isinstance(found, Reject)
    assert (found.reason, found.where) == ("unknown_unit", "$.unit")
    assert repr(unit) in found.message
    assert "Cel" in found.message
    assert len(found.message) <= 500, "the dead letter cuts longer ones"

"""Units: known codes, one unit per kind of quantity, held against UCUM's own definitions."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from pathlib import Path

import pytest

from models.cleaning import units
from models.cleaning.units import KNOWN, Conversion, conversion_of
from schemas.decoding import Reject
from tests.models.cleaning.ucum import magnitude

PAGE = Path(__file__).parents[3] / "docs" / "events.md"
TURNS = {"{rpm}", "{rev}/min", "{rev}/s", "rad/s", "deg/s"}
"""Of these UCUM's dimensions say nothing: a turn is a note to it, and an angle no number."""


@pytest.mark.parametrize(
    ("value", "unit", "expected", "canonical"),
    [
        # What the definitions, NIST SP 811 or a data sheet say.
        (20.0, "Cel", 20.0, "Cel"),
        (273.15, "K", 0.0, "Cel"),
        (212.0, "[degF]", 100.0, "Cel"),
        (-40.0, "[degF]", -40.0, "Cel"),
        (1.0, "[psi]", 0.0689475729, "bar"),
        (101_325.0, "Pa", 1.01325, "bar"),
        (1013.25, "hPa", 1.01325, "bar"),
        (101.325, "kPa", 1.01325, "bar"),
        (0.3, "MPa", 3.0, "bar"),
        (1500.0, "mbar", 1.5, "bar"),
        (1.0, "atm", 1.01325, "bar"),
        (1.0, "att", 0.980665, "bar"),
        (10.0, "m[H2O]", 0.980665, "bar"),
        (1.0, "[in_i'H2O]", 2.490889e-3, "bar"),
        (760.0, "mm[Hg]", 1.0132472, "bar"),
        (1.0, "[in_i'Hg]", 0.03386379, "bar"),
        (2.0, "N/mm2", 20.0, "bar"),
        (0.0025, "m/s", 2.5, "mm/s"),
        (60.0, "m/min", 1000.0, "mm/s"),
        (3.6, "km/h", 1000.0, "mm/s"),
        (3.6, "m/h", 1.0, "mm/s"),
        (100.0, "[ft_i]/min", 508.0, "mm/s"),
        (1.0, "[g]", 9.80665, "m/s2"),
        (250.0, "mm/s2", 0.25, "m/s2"),
        (250.0, "um", 0.25, "mm"),
        (12.0, "[in_i]", 304.8, "mm"),
        (1.0, "[ft_i]", 304.8, "mm"),
        (1.0, "[mil_i]", 0.0254, "mm"),
        (60.0, "m3/h", 1000.0, "L/min"),
        (3.0, "l/min", 3.0, "L/min"),
        (1.0, "m3/s", 60_000.0, "L/min"),
        (90.0, "L/h", 1.5, "L/min"),
        (0.5, "L/s", 30.0, "L/min"),
        (1.0, "[cft_i]/min", 28.316847, "L/min"),
        (1.0, "[gal_us]/min", 3.785412, "L/min"),
        (1.0, "kg/s", 3600.0, "kg/h"),
        (1.5, "t/h", 1500.0, "kg/h"),
        (1.5, "h", 5400.0, "s"),
        (1.0, "d", 86_400.0, "s"),
        (250.0, "g", 0.25, "kg"),
        (2.0, "t", 2000.0, "kg"),
        (1.0, "[lb_av]", 0.45359237, "kg"),
        (16.0, "[oz_av]", 0.45359237, "kg"),
        (1.0, "[gal_us]", 3.785411784, "L"),
        (1.0, "[cft_i]", 28.316846592, "L"),
        (330.0, "mL", 0.33, "L"),
        (7.0, "kN", 7000.0, "N"),
        (1.0, "kgf", 9.80665, "N"),
        (1.0, "[lbf_av]", 4.4482216, "N"),
        (1.0, "[lbf_av].[ft_i]", 1.3558179, "N.m"),
        (1.0, "[lbf_av].[in_i]", 0.11298483, "N.m"),
        (3000.0, "{rpm}", 3000.0, "/min"),
        (50.0, "{rev}/s", 3000.0, "/min"),
        (2 * math.pi * 50, "rad/s", 3000.0, "/min"),
        (6.0, "deg/s", 1.0, "/min"),
        (90.0, "/h", 1.5, "/min"),
        (math.pi, "rad", 180.0, "deg"),
        (300.0, "mA", 0.3, "A"),
        (31.5, "kA", 31_500.0, "A"),
        (0.4, "kV", 400.0, "V"),
        (2.2, "kW", 2200.0, "W"),
        (1.5, "MW", 1.5e6, "W"),
        (1.0, "[HP]", 745.69987, "W"),
        (12_000.0, "[Btu_IT]/h", 3516.8528, "W"),
        (630.0, "kV.A", 630_000.0, "V.A"),
        (1.0, "kW.h", 3.6e6, "J"),
        (1.0, "[Btu_IT]", 1055.05585, "J"),
        (4.7, "kOhm", 4700.0, "Ohm"),
        (0.055, "uS/cm", 0.055, "uS/cm"),
        (1.413, "mS/cm", 1413.0, "uS/cm"),
        (5.0, "mS/m", 50.0, "uS/cm"),
        (5.0, "S/m", 50_000.0, "uS/cm"),
        (1.0, "cP", 1.0, "mPa.s"),
        (46.0, "cSt", 46.0, "mm2/s"),
        (0.05, "mg/m3", 50.0, "ug/m3"),
        (35.0, "g/L", 35_000.0, "mg/L"),
        (0.998, "g/cm3", 998.0, "kg/m3"),
        (1.0, "mol/L", 1000.0, "mmol/L"),
        (7.0, "[pH]", 7.0, "[pH]"),
        (45.0, "%{RH}", 45.0, "%"),
        (5.0, "[ppth]", 0.5, "%"),
        (50.0, "[ppb]", 0.05, "[ppm]"),
        (8.5, "B[SPL]", 85.0, "dB[SPL]"),
        (120.0, "{pcs}/h", 2.0, "{pcs}/min"),
        (1.0, "KiBy", 1024.0, "By"),
        (1.0, "MBy/s", 8e6, "bit/s"),
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


@pytest.mark.parametrize("code", KNOWN)
def test_every_code_is_one_of_ucum_and_its_factor_follows_from_the_definitions(code: str) -> None:
    own, canonical = magnitude(code), magnitude(KNOWN[code].unit)
    if code not in TURNS:
        assert own.powers == canonical.powers
        assert KNOWN[code].factor == pytest.approx(own.size / canonical.size, rel=1e-12)
    assert len(code) <= 16, "events have no room for longer ones"


def test_no_two_codes_say_the_same_and_are_converted_differently() -> None:
    """Kinds of one dimension are few, and each is meant."""
    kinds = defaultdict(set)
    for code in set(KNOWN) - TURNS:
        kinds[magnitude(code).powers].add(KNOWN[code].unit)
    apart = {frozenset(found) for found in kinds.values() if len(found) > 1}
    assert apart == {
        frozenset({"1", "%", "[ppm]", "{pcs}", "{count}", "By"}),
        frozenset({"Hz", "/min", "{pcs}/min", "bit/s"}),
        frozenset({"J", "N.m"}),
        frozenset({"W", "V.A"}),
        frozenset({"ug/m3", "mg/L", "kg/m3"}),
    }


def test_the_way_there_and_back() -> None:
    for code, found in KNOWN.items():
        for value in (-3.75, 0.0, 12.5):
            there = value * found.factor + found.offset
            assert (there - found.offset) / found.factor == pytest.approx(value, abs=1e-9), code


@pytest.mark.parametrize(
    "code", ["", "cel", "mmHg", "kg.", "kmin", "k[psi]", "m/", "{rpm", "furlong"]
)
def test_what_holds_them_against_ucum_knows_what_is_none(code: str) -> None:
    with pytest.raises(ValueError, match="UCUM"):
        magnitude(code)


@pytest.mark.parametrize("unit", ["cel", "CEL", "furlong", "", "\u00b0C", "Cel "])
def test_an_unknown_unit_is_refused_with_those_that_are_known(unit: str) -> None:
    found = conversion_of(unit)
    assert isinstance(found, Reject)
    assert (found.reason, found.where) == ("unknown_unit", "$.unit")
    assert repr(unit) in found.message
    assert "Cel, bar, L/min" in found.message


@pytest.mark.parametrize(
    ("unit", "meant"),
    [
        ("cel", "Cel"), ("\u00b0C", "Cel"), ("\u2103", "Cel"), ("degF", "[degF]"),
        ("mmHg", "mm[Hg]"), ("psi", "[psi]"), ("PSI", "[psi]"), ("rpm", "{rpm}"), ("kWh", "kW.h"),
        ("m\u00b3/h", "m3/h"), ("\u00b5m", "um"), ("\u2126", "Ohm"), ("l/MIN", "L/min or l/min"),
        ("Nm", "N.m"), ("NM", "nm or N.m"), ("mw ", "mW or MW"), ("ph", "[pH]"),
    ],
)  # fmt: skip
def test_what_was_likely_meant_is_said(unit: str, meant: str) -> None:
    found = conversion_of(unit)
    assert isinstance(found, Reject)
    assert f" Did you mean {meant}?" in found.message


def test_nothing_is_said_to_be_meant_if_nothing_is_alike() -> None:
    found = conversion_of("furlong")
    assert isinstance(found, Reject)
    assert "mean" not in found.message


def test_what_is_meant_exists() -> None:
    assert {code for codes in units._SAID.values() for code in codes} <= set(KNOWN)


def test_the_dead_letter_cuts_no_message() -> None:
    for plain in ("", *units._PLAIN, *units._SAID):
        found = conversion_of((plain + "\U000e0001" * 16)[:16])
        assert isinstance(found, Reject)
        assert len(found.message) <= 500


def test_the_page_has_all_of_them() -> None:
    rows = re.findall(
        r"^\| [^|]+ \| `([^|]+)` \| ([^|]*)\|$", PAGE.read_text("utf-8"), re.MULTILINE
    )
    told = {unit: set(re.findall(r"`([^`]+)`", others)) for unit, others in rows}
    known = defaultdict(set)
    for code, conversion in KNOWN.items():
        known[conversion.unit] |= {code} - {conversion.unit}
    assert told == dict(known)

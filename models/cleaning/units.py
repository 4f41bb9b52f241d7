"""Units of measurement: known UCUM codes, converted to one unit per kind of quantity.

Units of one dimension are of several kinds where people would not compare them: a torque is no energy,
the density of oil no dust in the air. No unit that readings are converted to is so large that what
sensors usually tell is next to nothing in it, for a scorer has a least sigma.
Source: The Unified Code for Units of Measure (UCUM), case-sensitive codes. `docs/events.md` has them all.
"""

from __future__ import annotations

import math
import unicodedata
from typing import NamedTuple

from schemas.decoding import Reject


class Conversion(NamedTuple):
    """``canonical = value * factor + offset``."""

    unit: str
    factor: float = 1.0
    offset: float = 0.0


_F = 5 / 9
_G = 9.80665  # m/s2
_LB, _INCH = 0.45359237, 0.0254  # kg, m
_LBF = _LB * _G
_CUBIC_FOOT = 1000 * (12 * _INCH) ** 3  # L
_US_GALLON = 1000 * 231 * _INCH**3  # L
_WATER, _MERCURY = 9.80665e-2, 1.333220  # bar for a metre, as UCUM has them
_TURN = 2 * math.pi

_KINDS: dict[str, dict[str, float]] = {
    # Temperatures have zeros of their own: below.
    "Cel": {},
    "bar": {
        "mbar": 1e-3, "Pa": 1e-5, "hPa": 1e-3, "kPa": 1e-2, "MPa": 10.0, "N/mm2": 10.0,
        "atm": 1.01325, "att": 0.980665, "[psi]": _LBF / _INCH**2 * 1e-5,
        "m[H2O]": _WATER, "cm[H2O]": _WATER * 1e-2, "mm[H2O]": _WATER * 1e-3,
        "[in_i'H2O]": _WATER * _INCH,
        "mm[Hg]": _MERCURY * 1e-3, "[in_i'Hg]": _MERCURY * _INCH,
    },
    "L/min": {
        "l/min": 1.0, "L/h": 1 / 60, "l/h": 1 / 60, "L/s": 60.0, "l/s": 60.0, "mL/min": 1e-3,
        "ml/min": 1e-3, "m3/h": 1000 / 60, "m3/min": 1e3, "m3/s": 6e4,
        "[cft_i]/min": _CUBIC_FOOT, "[gal_us]/min": _US_GALLON,
    },
    "kg/h": {
        "kg/min": 60.0, "kg/s": 3600.0, "g/min": 0.06, "g/s": 3.6, "t/h": 1e3,
        "[lb_av]/h": _LB,
    },
    "mm/s": {
        "m/s": 1e3, "cm/s": 10.0, "mm/min": 1 / 60, "m/min": 1000 / 60, "m/h": 1 / 3.6,
        "km/h": 1e6 / 3600, "[in_i]/s": 25.4, "[ft_i]/s": 304.8, "[ft_i]/min": 5.08,
    },
    "m/s2": {"mm/s2": 1e-3, "cm/s2": 1e-2, "[g]": _G, "m[g]": _G * 1e-3},
    "/min": {
        "min-1": 1.0, "1/min": 1.0, "{rpm}": 1.0, "{rev}/min": 1.0, "{rev}/s": 60.0,
        "/h": 1 / 60, "rad/s": 60 / _TURN, "deg/s": 1 / 6,
    },
    "Hz": {"/s": 1.0, "s-1": 1.0, "1/s": 1.0, "kHz": 1e3, "MHz": 1e6},
    "mm": {
        "nm": 1e-6, "um": 1e-3, "cm": 10.0, "dm": 100.0, "m": 1e3, "km": 1e6, "[mil_i]": 0.0254,
        "[in_i]": 25.4, "[ft_i]": 304.8, "[yd_i]": 914.4,
    },
    "deg": {"rad": 360 / _TURN, "mrad": 0.36 / _TURN},
    "s": {"us": 1e-6, "ms": 1e-3, "min": 60.0, "h": 3600.0, "d": 86_400.0},
    "kg": {"mg": 1e-6, "g": 1e-3, "t": 1e3, "[lb_av]": _LB, "[oz_av]": _LB / 16},
    "L": {
        "l": 1.0, "uL": 1e-6, "mL": 1e-3, "ml": 1e-3, "cL": 1e-2, "hL": 100.0, "cm3": 1e-3,
        "dm3": 1.0, "m3": 1e3, "[cft_i]": _CUBIC_FOOT, "[gal_us]": _US_GALLON,
    },
    "N": {"mN": 1e-3, "daN": 10.0, "kN": 1e3, "MN": 1e6, "kgf": _G, "[lbf_av]": _LBF},
    "N.m": {
        "mN.m": 1e-3, "N.cm": 1e-2, "kN.m": 1e3, "[lbf_av].[ft_i]": _LBF * 12 * _INCH,
        "[lbf_av].[in_i]": _LBF * _INCH,
    },
    "J": {
        "mJ": 1e-3, "kJ": 1e3, "MJ": 1e6, "GJ": 1e9, "W.h": 3600.0, "kW.h": 3.6e6, "MW.h": 3.6e9,
        "[Btu_IT]": 1055.05585262,
    },
    "W": {
        "mW": 1e-3, "kW": 1e3, "MW": 1e6, "[HP]": 550 * 12 * _INCH * _LBF,
        "[Btu_IT]/h": 1055.05585262 / 3600,
    },
    "V.A": {"kV.A": 1e3, "MV.A": 1e6},
    "A": {"uA": 1e-6, "mA": 1e-3, "kA": 1e3},
    "V": {"uV": 1e-6, "mV": 1e-3, "kV": 1e3},
    "Ohm": {"mOhm": 1e-3, "kOhm": 1e3, "MOhm": 1e6},
    "T": {"mT": 1e-3},
    "lx": {"klx": 1e3},
    "W/m2": {"kW/m2": 1e3},
    "uS/cm": {"mS/cm": 1e3, "mS/m": 10.0, "S/m": 1e4},
    "mPa.s": {"Pa.s": 1e3, "cP": 1.0, "P": 100.0},
    "mm2/s": {"cSt": 1.0, "St": 100.0},
    # Dust and vapour in air; what is dissolved; what things themselves weigh.
    "ug/m3": {"mg/m3": 1e3, "g/m3": 1e6},
    "mg/L": {"mg/l": 1.0, "ug/L": 1e-3, "ug/l": 1e-3, "g/L": 1e3, "g/l": 1e3},
    "kg/m3": {"kg/L": 1e3, "kg/l": 1e3, "g/cm3": 1e3, "g/mL": 1e3, "g/ml": 1e3},
    "mmol/L": {"mmol/l": 1.0, "mol/L": 1e3, "mol/l": 1e3},
    "[pH]": {},
    "1": {},
    "%": {"%{RH}": 1.0, "[ppth]": 0.1},
    "[ppm]": {"[ppb]": 1e-3, "mg/kg": 1.0},
    "dB": {"B": 10.0},
    "dB[SPL]": {"B[SPL]": 10.0},
    "{pcs}": {},
    "{pcs}/min": {"{pcs}/h": 1 / 60, "{pcs}/s": 60.0},
    "{count}": {},
    "By": {
        "bit": 0.125, "kBy": 1e3, "MBy": 1e6, "GBy": 1e9, "KiBy": 2.0**10, "MiBy": 2.0**20,
        "GiBy": 2.0**30,
    },
    "bit/s": {"kbit/s": 1e3, "Mbit/s": 1e6, "Gbit/s": 1e9, "By/s": 8.0, "kBy/s": 8e3, "MBy/s": 8e6},
}  # fmt: skip

KNOWN: dict[str, Conversion] = {
    code: Conversion(unit, factor)
    for unit, others in _KINDS.items()
    for code, factor in {unit: 1.0, **others}.items()
} | {
    "K": Conversion("Cel", 1.0, -273.15),
    "[degF]": Conversion("Cel", _F, -32 * _F),
}
"""How to convert each known code."""
CANONICAL = tuple(_KINDS)
"""What they are converted to."""

_SAID: dict[str, tuple[str, ...]] = {
    "c": ("Cel",), "degc": ("Cel",), "f": ("[degF]",), "degf": ("[degF]",), "u/min": ("/min",),
    "inhg": ("[in_i'Hg]",), "inh2o": ("[in_i'H2O]",), "lb": ("[lb_av]",), "lbs": ("[lb_av]",),
    "oz": ("[oz_av]",), "lbf": ("[lbf_av]",), "in": ("[in_i]",), "ft": ("[ft_i]",),
    "gpm": ("[gal_us]/min",), "cfm": ("[cft_i]/min",), "%rh": ("%{RH}",), "dba": ("dB[SPL]",),
    "\u03c9": ("Ohm",), "k\u03c9": ("kOhm",), "m\u03c9": ("mOhm", "MOhm"),
}  # fmt: skip
"""What people say whose codes are none of UCUM's."""


def _plain(code: str) -> str:
    """Return the letters and digits of a code: "mmHg", "kWh", as people write it."""
    text = unicodedata.normalize("NFKC", code).replace("\u03bc", "u")
    return "".join(each for each in text if each.isalnum() or each in "/%")


_PLAIN: dict[str, tuple[str, ...]] = {}
for _code in KNOWN:
    _PLAIN[_plain(_code).casefold()] = (*_PLAIN.get(_plain(_code).casefold(), ()), _code)


def conversion_of(unit: str) -> Conversion | Reject:
    """Return how to convert ``unit``, or a `Reject` that says which one was likely meant."""
    known = KNOWN.get(unit)
    if known is not None:
        return known
    codes = meant(unit)
    hint = f" Did you mean {' or '.join(codes)}?" if codes else ""
    return Reject(
        "unknown_unit",
        f"Unknown unit {unit!r}.{hint} UCUM codes are case-sensitive. Known: {', '.join(CANONICAL)}, and more "
        "of these kinds: docs/events.md#units",
        "$.unit",
    )


def meant(unit: str) -> tuple[str, ...]:
    """Return the codes that ``unit`` may stand for; those alone that differ in signs only, if any do."""
    plain = _plain(unit)
    codes = _SAID.get(plain.casefold()) or _PLAIN.get(plain.casefold(), ())
    return tuple(code for code in codes if _plain(code) == plain) or codes

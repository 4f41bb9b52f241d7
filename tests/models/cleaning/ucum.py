"""UCUM itself, as far as tests need it: atoms with their definitions, prefixes, and the grammar of codes.

Written from the table of UCUM (ucum-essence), and knows nothing of `models.cleaning.units`.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import NamedTuple


class Magnitude(NamedTuple):
    """``size`` times the base units (m, g, s, rad, K, C, cd) to these powers; size without offset."""

    size: float
    powers: tuple[tuple[str, int], ...]


PREFIXES = {
    "G": 1e9, "M": 1e6, "k": 1e3, "h": 1e2, "da": 1e1, "d": 1e-1, "c": 1e-2, "m": 1e-3, "u": 1e-6,
    "n": 1e-9, "p": 1e-12, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30,
}  # fmt: skip

BASE = {"m", "g", "s", "rad", "K", "C", "cd"}

# Atoms that take prefixes, and those that do not, by what they are defined as.
METRIC: dict[str, tuple[float, str]] = {
    "mol": (6.0221367e23, "1"), "Hz": (1, "s-1"), "N": (1, "kg.m/s2"), "Pa": (1, "N/m2"),
    "J": (1, "N.m"), "W": (1, "J/s"), "A": (1, "C/s"), "V": (1, "J/C"), "Ohm": (1, "V/A"),
    "S": (1, "Ohm-1"), "Wb": (1, "V.s"), "T": (1, "Wb/m2"), "lm": (1, "cd.sr"), "sr": (1, "rad2"),
    "lx": (1, "lm/m2"), "l": (1, "dm3"), "L": (1, "l"), "t": (1e3, "kg"), "bar": (1e5, "Pa"),
    "[g]": (9.80665, "m/s2"), "gf": (1, "g.[g]"), "dyn": (1, "g.cm/s2"), "P": (1, "dyn.s/cm2"),
    "St": (1, "cm2/s"), "m[H2O]": (9.80665, "kPa"), "m[Hg]": (133.3220, "kPa"), "bit": (1, "1"),
    "By": (8, "bit"),
    # Logarithms have no factor to anything but themselves.
    "B": (1, "level"), "B[SPL]": (1, "level_of_sound"),
}  # fmt: skip
PLAIN: dict[str, tuple[float, str]] = {
    "%": (1e-2, "1"), "[ppth]": (1e-3, "1"), "[ppm]": (1e-6, "1"), "[ppb]": (1e-9, "1"),
    "min": (60, "s"), "h": (60, "min"), "d": (24, "h"), "deg": (2 * math.pi / 360, "rad"),
    "atm": (101_325, "Pa"), "att": (1, "kgf/cm2"), "[in_i]": (2.54, "cm"), "[ft_i]": (12, "[in_i]"),
    "[yd_i]": (3, "[ft_i]"), "[mil_i]": (1e-3, "[in_i]"), "[cft_i]": (1, "[ft_i]3"),
    "[gal_us]": (231, "[in_i]3"), "[gr]": (64.79891, "mg"), "[lb_av]": (7000, "[gr]"),
    "[oz_av]": (1 / 16, "[lb_av]"), "[lbf_av]": (1, "[lb_av].[g]"), "[psi]": (1, "[lbf_av]/[in_i]2"),
    "[in_i'H2O]": (1, "m[H2O].[in_i]/m"), "[in_i'Hg]": (1, "m[Hg].[in_i]/m"),
    "[HP]": (550, "[ft_i].[lbf_av]/s"), "[Btu_IT]": (1.05505585262, "kJ"),
    "Cel": (1, "K"), "[degF]": (5 / 9, "K"), "[pH]": (1, "acidity"),
}  # fmt: skip

_COMPONENT = re.compile(r"(?P<code>[^./{}]*?)(?P<power>-?\d+)?(?P<note>\{[^{}]*\})?")


def magnitude(code: str) -> Magnitude:
    """Return what a code stands for. Raises `ValueError` if it is none of UCUM's."""
    size, powers, sign = 1.0, Counter[str](), 1
    rest = code
    if rest.startswith("/"):
        sign, rest = -1, rest[1:]
    for part in re.split(r"([./])", rest):
        if part in {".", "/"}:
            sign = -1 if part == "/" else 1
            continue
        own = _component(part)
        size *= own.size**sign
        for base, power in own.powers:
            powers[base] += sign * power
    return Magnitude(size, tuple(sorted((base, n) for base, n in powers.items() if n)))


def _component(text: str) -> Magnitude:
    found = _COMPONENT.fullmatch(text)
    if not text or found is None:
        raise ValueError(f"{text!r} is no part of a code of UCUM")
    if not found["code"]:  # a note alone stands for 1, and so does a number for itself
        return Magnitude(float(found["power"] or 1), ())
    atom, power = _atom(found["code"]), int(found["power"] or 1)
    return Magnitude(atom.size**power, tuple((base, n * power) for base, n in atom.powers))


def _atom(code: str) -> Magnitude:
    if code in BASE or code.startswith(("level", "acidity")):
        return Magnitude(1.0, ((code, 1),))
    if code in METRIC or code in PLAIN:
        factor, definition = (METRIC | PLAIN)[code]
        own = magnitude(definition)
        return Magnitude(factor * own.size, own.powers)
    for prefix, factor in PREFIXES.items():
        atom = code.removeprefix(prefix)
        if atom != code and (atom in METRIC or atom in BASE):
            own = _atom(atom)
            return Magnitude(factor * own.size, own.powers)
    raise ValueError(f"{code!r} is no unit of UCUM")

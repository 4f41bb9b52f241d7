"""From signals to what a linear model can use: logarithms, flags, and all of it by the gate.

What a long visit means depends on whether anything is in the cart, and a linear model cannot say
so by itself. So every number has a weight for either state of the gate, and every category one for
itself and one for each state: on public sessions that is worth two points of AUC (`bench propensity`).
"""

from __future__ import annotations

import math

from models.propensity.signals import Signals

Features = dict[str, float]


def numbers_of(signals: Signals) -> Features:
    """Return the numbers on a log scale, named after the state of the gate; to be scaled."""
    mark = _mark(signals)
    return {
        f"{name}{mark}": math.copysign(math.log1p(abs(number)), number)
        for name, number in signals.numbers.items()
    }


def flags_of(signals: Signals) -> Features:
    """Return a flag for the gate, for each category, and for each category by the gate."""
    mark = _mark(signals)
    flags = {f"gate{mark}": 1.0}
    for name, kind in signals.kinds.items():
        flags[f"{name}={kind}"] = 1.0
        flags[f"{name}={kind}{mark}"] = 1.0
    return flags


def _mark(signals: Signals) -> str:
    return "|1" if signals.gate else "|0"


def ungated(features: Features) -> Features:
    """Return features as a tree wants them: each number and category once, and the gate as 0 or 1."""
    plain: Features = {}
    for name, value in features.items():
        own, _, state = name.partition("|")
        if own == "gate":
            plain[own] = float(state)
        elif not state or "=" not in own:
            plain[own] = value
    return plain

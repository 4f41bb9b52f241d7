"""From signals to features: logarithms, flags, the gate."""

from __future__ import annotations

import math

import pytest

from models.propensity.features import flags_of, numbers_of
from models.propensity.signals import Signals


def test_numbers_are_on_a_log_scale_and_named_by_the_gate() -> None:
    shut = numbers_of(Signals({"views": 4, "change": -4, "none": 0}, gate=False))
    assert shut == pytest.approx({"views|0": math.log(5), "change|0": -math.log(5), "none|0": 0.0})
    assert set(numbers_of(Signals({"views": 4}, gate=True))) == {"views|1"}


def test_a_category_has_a_flag_of_its_own_and_one_by_the_gate() -> None:
    flags = flags_of(Signals({}, {"month": "May"}, gate=True))
    assert flags == {"gate|1": 1.0, "month=May": 1.0, "month=May|1": 1.0}
    assert flags_of(Signals({})) == {"gate|0": 1.0}

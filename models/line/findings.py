"""What is found of a sensor or a machine, before anybody is told."""

from __future__ import annotations

from typing import Literal, NamedTuple

from models.alarms.alarm import Alarm, Change

Run = Literal["flat_line", "bad_quality", "stale"]
"""What a run of samples shows, or a silence: rule and condition at once."""
Rule = Literal["anomaly", "flat_line", "bad_quality", "stale", "multivariate"]
"""What an alarm is about; with its place it names the alarm."""
Condition = Literal[
    "deviation", "spread", "shape", "flat_line", "bad_quality", "stale", "multivariate",
]  # fmt: skip
"""What is wrong: of one rule there may be several."""
Priority = Literal["low", "medium", "high"]

MAY_BE_NORMAL = frozenset({"deviation", "spread", "shape", "multivariate"})
"""What turns out to be normal if it lasts: a new level, but not a dead sensor."""


class Evidence(NamedTuple):
    """The numbers behind a finding."""

    condition: Condition
    z: float = 0.0
    limit: float = 0.0
    value: float | None = None
    expected: float | None = None
    contributors: tuple[tuple[str, float], ...] = ()
    """Of a machine: its sensors and their shares, the largest first."""


class Finding(NamedTuple):
    """An alarm that changed its state."""

    rule: Rule
    alarm: Alarm
    change: Change
    evidence: Evidence
    relearnt: bool = False
    """It ended because what it was about is normal from now on."""

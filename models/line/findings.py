"""What is found of a sensor or a machine, before anybody is told."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

from models.alarms.alarm import Alarm, Change

Run = Literal["bad_quality", "stale", "flat_line"]
"""What a run of samples shows, or a silence: rule and condition at once."""
LimitRule = Literal["high_high", "high", "low", "low_low", "rate"]
"""Limits that somebody set: rule and condition at once."""
Rule = Literal[
    "anomaly", "flat_line", "bad_quality", "stale", "high_high", "high", "low", "low_low", "rate",
    "out_of_control", "multivariate", "flood",
]  # fmt: skip
"""What an alarm is about; with its place it names the alarm."""
Condition = Literal[
    "deviation", "spread", "shape", "flat_line", "bad_quality", "stale", "high_high", "high", "low",
    "low_low", "rate", "out_of_control", "multivariate", "flood", "baseline_moved",
    "not_charted", "always_late", "never_good",
]  # fmt: skip
"""What is wrong: of one rule there may be several."""
Priority = Literal["low", "medium", "high"]

PRIORITIES: tuple[Priority, ...] = get_args(Priority)
RUNS: tuple[Run, ...] = get_args(Run)
LIMITS: tuple[LimitRule, ...] = get_args(LimitRule)
SENSOR_RULES: tuple[Rule, ...] = ("anomaly", *RUNS, *LIMITS, "out_of_control")
"""What a sensor can be in alarm for; a machine can for `multivariate`, a line for `flood`."""
MAY_BE_NORMAL = frozenset({"deviation", "spread", "shape", "multivariate"})
"""What turns out to be normal if it lasts: a new level, but not a dead sensor."""
MOVED: Condition = "baseline_moved"
"""No alarm, for information: a sensor's level is another one than it was."""
NOT_CHARTED: Condition = "not_charted"
"""No alarm, for information: a sensor speaks too seldom for the control chart that somebody wants."""

LATE: Condition = "always_late"
"""No alarm, for information: a sensor's samples all come too late to be watched."""

NEVER_GOOD: Condition = "never_good"
"""No alarm, for information: what a sensor says of its quality is never good, and nothing is learnt of it."""


def condition_of(rule: Rule) -> Condition:
    """Return what a rule is about while nothing is known that says it more exactly."""
    return "deviation" if rule == "anomaly" else rule


class Evidence(NamedTuple):
    """The numbers behind a finding."""

    condition: Condition
    z: float = 0.0
    limit: float = 0.0
    """In sigma; of limits that somebody set, in the sensor's unit."""
    value: float | None = None
    expected: float | None = None
    contributors: tuple[tuple[str, float], ...] = ()
    """Of a machine: its sensors and their shares, the largest first. Of a line: its machines."""


class Finding(NamedTuple):
    """An alarm that changed its state."""

    rule: Rule
    alarm: Alarm
    change: Change
    evidence: Evidence | None
    """None: not samples changed it, but time or somebody."""
    relearnt: bool = False
    """It ended because what it was about is normal from now on."""

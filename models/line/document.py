"""The line rules: what an operator says of lines, machines and sensors, as workers hold it.

It travels as one row of the merged view, as the offer rules do, so that each shard takes a new one over
at a known place of its journal, and a replay decides by the same rules. What is in it was checked before
(`models.line.checking`). What is not said follows from the sensor's kind and from what it does.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from models.line.findings import Priority


class AlarmChoice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How an alarm behaves; None: as is said less specifically, or by the settings."""

    enabled: bool | None = None
    on_delay_s: float | None = None
    off_delay_s: float | None = None
    latched: bool | None = None
    """It stands until it is acknowledged, gone or not."""
    acknowledge: bool | None = None
    """Somebody has to acknowledge it."""
    realarm_s: float | None = None
    """Acknowledged and still standing for so long, it calls again."""
    priority: Priority | None = None


Choices = dict[str, AlarmChoice]
"""By rule; `all` and `limits` say it for several at once."""


class RateChoice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How fast a value may change, either way."""

    per_min: float
    """In the sensor's unit."""
    over_s: float = 60.0
    """Over so long it is looked at."""


class ChartChoice(msgspec.Struct, frozen=True, omit_defaults=True):
    """A control chart over rational subgroups (`models.spc`)."""

    chart: str = "cusum"
    size: int = 5
    """Samples in a subgroup."""
    every_s: float = 60.0
    """One subgroup in each such stretch of time."""


class SpecChoice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A specification: what is allowed, by one limit or two. Of it follows what the process can do."""

    lower: float | None = None
    upper: float | None = None


class SensorChoice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One sensor."""

    kind: str | None = None
    """None: as its unit says."""
    unit: str | None = None
    """UCUM code that all numbers here are in; None: the unit that the sensor sends."""
    span: tuple[float, float] | None = None
    """What the instrument can show; the default deadband is a share of it."""
    limits: dict[str, float] = {}
    """By name: high_high, high, low, low_low."""
    deadband: float | None = None
    rate: RateChoice | None = None
    control_chart: ChartChoice | None = None
    spec: SpecChoice | None = None
    """With one, the sensor has a control chart: a usual one if no other is asked for."""
    detector: str | None = None
    """Who says what is unusual: `own`, or one of River's; None: as is said less specifically."""
    alarms: Choices = {}


class RunningChoice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When a machine runs: in one of these states, and a sensor above a value if one is named."""

    states: tuple[str, ...] = ("running",)
    sensor: str | None = None
    above: float = 0.0
    """In the unit that the sensor sends."""


class MachineChoice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One machine."""

    running: RunningChoice = RunningChoice()
    ideal_cycle_s: float | None = None
    """What a unit takes at best (OEE)."""
    alarms: Choices = {}
    sensors: dict[str, SensorChoice] = {}


class LineChoice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line."""

    alarms: Choices = {}
    machines: dict[str, MachineChoice] = {}


class KindChoice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A kind of sensor: one of `models.line.kinds`, or a new one."""

    deadband: float | None = None
    """Share of the span."""
    delay_s: float | None = None
    """On- and off-delay of its limits."""
    detector: str | None = None
    alarms: Choices = {}


class LineRules(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The whole document; one that says nothing changes nothing."""

    site: str = ""
    detector: str | None = None
    """Of all sensors that nothing else is said of; None: our own."""
    alarms: Choices = {}
    kinds: dict[str, KindChoice] = {}
    ideal_cycle_s: dict[str, float] = {}
    """By article; goes before a machine's."""
    lines: dict[str, LineChoice] = {}


NO_LINE_RULES = LineRules()
"""What holds while nothing was applied."""
encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(LineRules).decode


@lru_cache(maxsize=4)
def decode(blob: bytes) -> LineRules:
    """Return the document in a row of the view."""
    return _decode(blob)

"""What holds for each sensor and machine: the line rules worked out, from the site down to the sensor.

What is said of a sensor goes before what is said of its machine, that before its line, before its kind,
before the site. Worked out once and kept until other rules come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from models.alarms.alarm import AlarmSettings
from models.cleaning.units import conversion_of
from models.line.deadbands import deadband_of, share_of
from models.line.document import (
    NO_LINE_RULES,
    AlarmChoice,
    ChartChoice,
    Choices,
    KindChoice,
    LineChoice,
    LineRules,
    MachineChoice,
    RunningChoice,
    SensorChoice,
)
from models.line.findings import LIMITS, SENSOR_RULES, LimitRule, Priority, Rule
from models.line.kinds import KINDS, OTHER, kind_of
from models.scorers.river_models import NAMES, Name
from models.spc.capability import Specification
from schemas.decoding import Reject

_CALLED: dict[LimitRule, Priority] = {
    "high_high": "high", "high": "medium", "low": "medium", "low_low": "high", "rate": "low",
}  # fmt: skip
_MOST_PLANS = 50_000
_OFF_SAMPLES = 3
"""A delay of seconds is one sample or two of a slow sensor, which noise makes soon."""
_OFF_BOUND_S = 600.0
"""Some sensors speak only when their value changes: one sample is enough if it stood for so long."""
_RECUR_OFF_S = 2700.0
"""What is activated by chance comes at most once in e times so long, on average, however often it would
come otherwise. That is every two hours: it leaves room for what comes before it recurs, and for noise
that remembers."""
_BEHAVIOUR = ("on_delay_s", "off_delay_s", "latched", "acknowledge", "realarm_s")


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit in the sensor's canonical unit."""

    rule: LimitRule
    at: float
    deadband: float
    above: bool
    """Whether beyond it is above it."""
    exact: bool = False
    """Whether somebody said the deadband of this sensor: it is not widened by its noise."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Most that a value may change, in its canonical unit for each second, looked at over a time."""

    per_s: float
    over_s: float


@dataclass(frozen=True, slots=True)
class AlarmPlan:
    """How alarms of a place behave, by rule."""

    choices: Mapping[Rule, AlarmChoice] = field(default_factory=dict)
    settings: dict[tuple[Rule, AlarmSettings], AlarmSettings] = field(default_factory=dict)
    """As worked out so far."""

    def enabled(self, rule: Rule) -> bool:
        """Return whether such an alarm may come."""
        choice = self.choices.get(rule)
        return choice is None or choice.enabled is not False

    def of(self, rule: Rule, usual: AlarmSettings) -> AlarmSettings:
        """Return how an alarm behaves that behaves as ``usual`` where nothing is said."""
        choice = self.choices.get(rule)
        if choice is None:
            return usual
        found = self.settings.get((rule, usual))
        if found is None:
            said = {name: getattr(choice, name) for name in _BEHAVIOUR}
            more: dict[str, Any] = {name: own for name, own in said.items() if own is not None}
            if rule in LIMITS and choice.off_delay_s is not None:
                more.update(off_samples=1, recur_off_s=0.0)  # as it is said, and no longer
            found = self.settings[rule, usual] = replace(usual, **more)
        return found

    def priority(self, rule: Rule) -> Priority | None:
        """Return what somebody said of an alarm's priority; None: nothing."""
        choice = self.choices.get(rule)
        return None if choice is None else choice.priority


NO_CHOICES = AlarmPlan()


@dataclass(frozen=True, slots=True)
class SensorPlan:
    """What holds for a sensor."""

    limits: tuple[Limit, ...] = ()
    rate: Rate | None = None
    limit_alarm: AlarmSettings = field(default_factory=AlarmSettings)
    """How its limits' alarms behave, where nothing else is said."""
    chart: ChartChoice | None = None
    spec: Specification | None = None
    """In the sensor's canonical unit. Where there is one, there is a chart."""
    detector: Name | None = None
    """One of River's that says what is unusual; None: our own scores do."""
    alarms: AlarmPlan = NO_CHOICES

    @property
    def rules(self) -> frozenset[Rule]:
        """What somebody wants it to be watched for, beside what is watched anyhow."""
        wanted: set[Rule] = {limit.rule for limit in self.limits}
        if self.rate is not None:
            wanted.add("rate")
        if self.chart is not None:
            wanted.add("out_of_control")
        return frozenset(wanted)


@dataclass(frozen=True, slots=True)
class MachinePlan:
    """What holds for a machine."""

    running: RunningChoice = field(default_factory=RunningChoice)
    alarms: AlarmPlan = NO_CHOICES


PLAIN = SensorPlan()
"""Of a sensor that nothing is said of."""
PLAIN_MACHINE = MachinePlan()


class Plans:
    """Works out what holds where, and remembers it."""

    def __init__(self, rules: LineRules = NO_LINE_RULES) -> None:
        self.rules = rules
        self._sensors: dict[tuple[str, str, str, str], SensorPlan] = {}
        self._machines: dict[tuple[str, str], MachinePlan] = {}
        self._silent = rules == NO_LINE_RULES
        self.mismatched: set[tuple[str, str, str]] = set()
        """Sensors whose limits were given in a unit of another quantity than they send: they do not hold."""

    def machine(self, line: str, machine: str) -> MachinePlan:
        """Return what holds for a machine."""
        if self._silent:
            return PLAIN_MACHINE
        found = self._machines.get((line, machine))
        if found is None:
            _make_room(self._machines)
            found = self._machines[line, machine] = self._plan_machine(line, machine)
        return found

    def sensor(self, line: str, machine: str, sensor: str, unit: str) -> SensorPlan:
        """Return what holds for a sensor that sends values in a known ``unit``."""
        if self._silent:
            return PLAIN
        key = (line, machine, sensor, unit)
        found = self._sensors.get(key)
        if found is None:
            _make_room(self._sensors)
            found = self._sensors[key] = self._plan_sensor(*key)
        return found

    def ideal_cycle_s(self, line: str, machine: str, sku: str) -> float | None:
        """Return what a unit takes at best, in seconds; None: nobody said."""
        if self._silent:
            return None
        _, own = self._levels(line, machine)
        return self.rules.ideal_cycle_s.get(sku, own.ideal_cycle_s)

    def _levels(self, line: str, machine: str) -> tuple[LineChoice, MachineChoice]:
        own = self.rules.lines.get(line) or LineChoice()
        return own, own.machines.get(machine) or MachineChoice()

    def _plan_machine(self, line: str, machine: str) -> MachinePlan:
        of_line, own = self._levels(line, machine)
        levels = (self.rules.alarms, of_line.alarms, own.alarms)
        return MachinePlan(own.running, AlarmPlan(_folded(levels, ("multivariate",))))

    def _plan_sensor(self, line: str, machine: str, sensor: str, unit: str) -> SensorPlan:
        of_line, of_machine = self._levels(line, machine)
        own = of_machine.sensors.get(sensor) or SensorChoice()
        factor, offset, canonical = _conversion(own.unit or unit)
        name = own.kind or kind_of(canonical)
        kind = self.rules.kinds.get(name) or KindChoice()
        usual = KINDS.get(name, KINDS[OTHER])
        if canonical != _conversion(unit)[2]:
            # Numbers in kelvin say nothing of a sensor that sends bar.
            self.mismatched.add((line, machine, sensor))
            own = SensorChoice(alarms=own.alarms, control_chart=own.control_chart)
        choices = _folded(
            (self.rules.alarms, kind.alarms, of_line.alarms, of_machine.alarms, own.alarms),
            SENSOR_RULES,
        )
        deadband = deadband_of(own, share_of(name, self.rules.kinds))
        delay_s = usual.delay_s if kind.delay_s is None else kind.delay_s
        rate = own.rate
        spec = _specification(own, factor, offset)
        plan = SensorPlan(
            limits=tuple(
                Limit(
                    rule, own.limits[rule] * factor + offset, deadband * factor,
                    rule.startswith("high"), own.deadband is not None,
                )
                for rule in LIMITS
                if rule in own.limits
            ),
            rate=None if rate is None else Rate(rate.per_min * factor / 60.0, rate.over_s),
            limit_alarm=_delayed(delay_s, exact=kind.delay_s is not None),
            chart=own.control_chart or (None if spec is None else ChartChoice()),
            spec=spec,
            detector=_river(own.detector or kind.detector or self.rules.detector),
            alarms=AlarmPlan(choices) if choices else NO_CHOICES,
        )  # fmt: skip
        return PLAIN if replace(plan, limit_alarm=PLAIN.limit_alarm) == PLAIN else plan


def limit_priority(rule: LimitRule) -> Priority:
    """Return how soon to look at a limit that is broken, if nobody said."""
    return _CALLED[rule]


def _delayed(delay_s: float, *, exact: bool) -> AlarmSettings:
    """Return how alarms of limits behave; ``exact``: somebody said the delay, and it is no longer."""
    if exact:
        return AlarmSettings(on_delay_s=delay_s, off_delay_s=delay_s)
    return AlarmSettings(
        on_delay_s=delay_s, off_delay_s=delay_s, off_samples=_OFF_SAMPLES,
        off_bound_s=_OFF_BOUND_S, off_least=1, recur_off_s=_RECUR_OFF_S,
    )  # fmt: skip


def _river(name: str | None) -> Name | None:
    """Return the detector of River's that is called so; None: it is our own."""
    return name if name in NAMES else None


def _specification(choice: SensorChoice, factor: float, offset: float) -> Specification | None:
    """Return what is allowed, in the canonical unit; None: nobody said."""
    if choice.spec is None:
        return None
    lower, upper = (
        None if limit is None else limit * factor + offset
        for limit in (choice.spec.lower, choice.spec.upper)
    )
    if lower is not None and upper is not None and not lower < upper:
        return None  # they differ by less than the canonical unit's numbers can tell
    return Specification(lower, upper)


def _conversion(unit: str) -> tuple[float, float, str]:
    known = conversion_of(unit)
    # The checker lets no unknown unit into the rules; a newer version's may know more units than this.
    return (
        (1.0, 0.0, unit) if isinstance(known, Reject) else (known.factor, known.offset, known.unit)
    )


def _folded(levels: Iterable[Choices], rules: Iterable[Rule]) -> dict[Rule, AlarmChoice]:
    """Return what is said of each rule, the last level that says something having the last word."""
    folded: dict[Rule, AlarmChoice] = {}
    said = [level for level in levels if level]
    for rule in rules:
        found: dict[str, Any] = {}
        for level in said:
            groups = ("all", "limits", rule) if rule in LIMITS else ("all", rule)
            for group in groups:
                choice = level.get(group)
                if choice is None:
                    continue
                for name in choice.__struct_fields__:
                    value = getattr(choice, name)
                    if value is not None:
                        found[name] = value
        if found:
            folded[rule] = AlarmChoice(**found)
    return folded


def _make_room(plans: dict[Any, Any]) -> None:
    # Names come from outside; what is kept can be worked out again.
    if len(plans) >= _MOST_PLANS:
        plans.clear()

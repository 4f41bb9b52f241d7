"""Checks a document of line rules: plain data in, the rules out or all that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, get_args

from models.cleaning.units import CANONICAL, KNOWN, meant
from models.line.charting import CHARTS
from models.line.document import (
    AlarmChoice,
    ChartChoice,
    Choices,
    KindChoice,
    LineChoice,
    LineRules,
    MachineChoice,
    RateChoice,
    RunningChoice,
    SensorChoice,
    SpecChoice,
    encode,
)
from models.line.findings import LIMITS, PRIORITIES, SENSOR_RULES
from models.line.kinds import KINDS
from models.line.limit_checking import alarms_end, in_order, within_span
from models.problems import Path, Problem, Problems, Reader, fitting, told
from models.scorers.river_models import NAMES
from schemas.sensors import State

MAX_BYTES = 2 * 1024 * 1024
"""Of the document as it is stored: each version of it is sent to each worker."""
DETECTORS = ("own", *NAMES)
_WEEK_S = 7 * 86_400.0
_MOST = 1e15
_LEVELS = tuple(rule for rule in LIMITS if rule != "rate")
_OF_SENSORS = ("all", "limits", *SENSOR_RULES)
_OF_MACHINES = "multivariate"
_OF_ALARMS = (*_OF_SENSORS, _OF_MACHINES)
_STATES: tuple[str, ...] = get_args(get_args(State)[0])


def checked(plain: object) -> LineRules | tuple[Problem, ...]:
    """Return the rules that ``plain`` (as YAML or JSON is read) says, or all that is wrong with it."""
    if plain is None:
        return (Problem((), "The document is empty."),)
    problems = Problems()
    kinds = _names(plain, "kinds")
    readers: dict[str, Reader] = {
        "site": problems.name,
        "detector": partial(problems.choice, known=DETECTORS, what="detector"),
        "alarms": partial(_choices, problems),
        "kinds": lambda value, path: problems.named(
            value, path, partial(_kind, problems), None, "kind"
        ),
        "ideal_cycle_s": lambda value, path: problems.named(
            value, path, partial(_seconds, problems, low=1e-3), None, "article"
        ),
        "lines": lambda value, path: problems.named(
            value, path, partial(_line, problems, kinds), None, "line"
        ),
    }
    rules = LineRules(**problems.section(plain, (), readers))
    alarms_end(problems, rules)
    if problems.found:
        return tuple(problems.found)
    return fitting(
        rules,
        encode(rules),
        MAX_BYTES,
        "say of kinds, lines and machines what can be said of all their sensors",
    )


def _names(plain: object, key: str) -> tuple[str, ...]:
    own = plain.get(key) if isinstance(plain, dict) else None
    return tuple(name for name in own if isinstance(name, str)) if isinstance(own, dict) else ()


def _seconds(
    problems: Problems, value: object, path: Path, low: float = 0.0, high: float = _WEEK_S
) -> float | None:
    return problems.number(value, path, low=low, high=high, what="a number of seconds")


def _amount(problems: Problems, value: object, path: Path, low: float = -_MOST) -> float | None:
    return problems.number(value, path, low=low, high=_MOST, what="a number")


def _choices(
    problems: Problems, value: object, path: Path, known: Iterable[str] = _OF_ALARMS
) -> Choices:
    readers: dict[str, Reader] = {
        "enabled": problems.flag,
        "on_delay_s": partial(_seconds, problems),
        "off_delay_s": partial(_seconds, problems),
        "latched": problems.flag,
        "acknowledge": problems.flag,
        "realarm_s": partial(_seconds, problems),
        "priority": partial(problems.choice, known=PRIORITIES, what="priority"),
    }
    return problems.named(
        value, path,
        lambda own, where: AlarmChoice(**problems.section(own, where, readers)),
        known, "alarm",
    )  # fmt: skip


def _choices_of_sensors(problems: Problems, value: object, path: Path) -> Choices:
    """Return what is said of alarms where only those of sensors can be: of a sensor, or a kind of them."""
    if isinstance(value, dict) and _OF_MACHINES in value:
        problems.note(
            (*path, _OF_MACHINES),
            "is the alarm of a whole machine, which no sensor has; say it of a machine, a line or the site",
        )
        value = {key: own for key, own in value.items() if key != _OF_MACHINES}
    return _choices(problems, value, path, _OF_SENSORS)


def _kind(problems: Problems, value: object, path: Path) -> KindChoice:
    readers: dict[str, Reader] = {
        "detector": partial(problems.choice, known=DETECTORS, what="detector"),
        "deadband": partial(
            problems.number, low=0.0, high=1.0, what="a share of the span (2 % is 0.02)"
        ),
        "delay_s": partial(_seconds, problems),
        "alarms": partial(_choices_of_sensors, problems),
    }
    return KindChoice(**problems.section(value, path, readers))


def _line(problems: Problems, kinds: tuple[str, ...], value: object, path: Path) -> LineChoice:
    readers: dict[str, Reader] = {
        "alarms": partial(_choices, problems),
        "machines": lambda own, where: _equipment(
            problems, own, where, partial(_machine, problems, kinds), "machine"
        ),
    }
    _no_slash(problems, path)
    return LineChoice(**problems.section(value, path, readers))


def _machine(
    problems: Problems, kinds: tuple[str, ...], value: object, path: Path
) -> MachineChoice:
    readers: dict[str, Reader] = {
        "running": partial(_running, problems),
        "ideal_cycle_s": partial(_seconds, problems, low=1e-3),
        "alarms": partial(_choices, problems),
        "sensors": lambda own, where: _equipment(
            problems, own, where, partial(_sensor, problems, kinds), "sensor"
        ),
    }
    return MachineChoice(**problems.section(value, path, readers))


def _equipment(
    problems: Problems, value: object, path: Path, reader: Reader, what: str
) -> dict[str, Any]:
    def read(own: object, where: Path) -> Any:
        _no_slash(problems, where)
        return reader(own, where)

    return problems.named(value, path, read, None, what)


def _no_slash(problems: Problems, path: Path) -> None:
    if "/" in str(path[-1]):
        problems.note(path, "has a slash in its name, which no line, machine or sensor can have")


def _running(problems: Problems, value: object, path: Path) -> RunningChoice:
    readers: dict[str, Reader] = {
        "states": partial(
            problems.distinct,
            reader=partial(problems.choice, known=_STATES, what="state"),
        ),
        "sensor": problems.name,
        "above": partial(_amount, problems),
    }
    said = problems.section(value, path, readers)
    if "above" in said and "sensor" not in said:
        problems.note((*path, "above"), "needs a sensor that is to be above it")
    if isinstance(value, dict) and "states" in value and not said.get("states"):
        problems.note((*path, "states"), "names no state: the machine would never run")
    return RunningChoice(**said)


def _sensor(problems: Problems, kinds: tuple[str, ...], value: object, path: Path) -> SensorChoice:
    readers: dict[str, Reader] = {
        "kind": partial(problems.choice, known=(*KINDS, *kinds), what="kind"),
        "unit": partial(_unit, problems),
        "span": partial(_span, problems),
        "limits": lambda own, where: problems.named(
            own, where, partial(_amount, problems), _LEVELS, "limit"
        ),
        "deadband": partial(_amount, problems, low=0.0),
        "rate": partial(_rate, problems),
        "control_chart": partial(_chart, problems),
        "spec": partial(_spec, problems),
        "detector": partial(problems.choice, known=DETECTORS, what="detector"),
        "alarms": partial(_choices_of_sensors, problems),
    }
    said = problems.section(value, path, readers)
    in_order(problems, said.get("limits", {}), path)
    if "span" in said:
        within_span(problems, said["span"], said.get("limits", {}), path)
    return SensorChoice(**said)


def _unit(problems: Problems, value: object, path: Path) -> str | None:
    """Return a UCUM code; of another one, say what is likely meant, as samples hear it.

    The code that is spelt most like it may be of another quantity, and limits then hold for nothing.
    """
    if not isinstance(value, str):
        hint = "; put it in quotes" if str(value) in KNOWN else ""
        problems.note(path, f"a UCUM code is expected, not {told(value)}{hint}")
        return None
    if value in KNOWN:
        return value
    codes = meant(value)
    hint = (
        f"did you mean {' or '.join(codes)}?"
        if codes
        else f"known are {', '.join(CANONICAL)}, and more of these kinds: docs/events.md#units"
    )
    problems.note(path, f"is no known UCUM code; {hint}")
    return None


def _span(problems: Problems, value: object, path: Path) -> tuple[float, float] | None:
    read = problems.listed(value, path, partial(_amount, problems))
    if isinstance(value, list) and len(value) != 2:
        problems.note(path, f"two numbers are expected, lowest and highest, not {len(value)}")
        return None
    if len(read) != 2:
        return None
    if read[0] >= read[1]:
        problems.note(path, "the second number is not above the first")
        return None
    return read[0], read[1]


def _rate(problems: Problems, value: object, path: Path) -> RateChoice | None:
    readers: dict[str, Reader] = {
        "per_min": partial(_amount, problems, low=1e-12),
        "over_s": partial(_seconds, problems, low=1.0, high=86_400.0),
    }
    said = problems.section(value, path, readers)
    if "per_min" in said:
        return RateChoice(**said)
    if value is None or (isinstance(value, dict) and "per_min" not in value):
        problems.note((*path, "per_min"), "is lacking: how much it may change in a minute")
    return None


def _chart(problems: Problems, value: object, path: Path) -> ChartChoice:
    readers: dict[str, Reader] = {
        "chart": partial(problems.choice, known=CHARTS, what="chart"),
        "size": partial(problems.whole, low=1, high=100),
        "every_s": partial(_seconds, problems, low=1.0, high=86_400.0),
    }
    return ChartChoice(**problems.section(value, path, readers))


def _spec(problems: Problems, value: object, path: Path) -> SpecChoice | None:
    amount = partial(_amount, problems)
    said = problems.section(value, path, {"lower": amount, "upper": amount})
    if len(said) == 2 and said["lower"] >= said["upper"]:
        problems.note((*path, "upper"), "is not above lower")
    if value is None or value == {}:
        problems.note(path, "names no limit: say lower, upper or both")
    return SpecChoice(**said) if said else None

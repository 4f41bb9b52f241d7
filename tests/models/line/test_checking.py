"""A document of line rules: what is taken, and that all that is wrong is said, and where."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from models.alarms.alarm import AlarmSettings
from models.cleaning.units import CANONICAL, KNOWN
from models.line import checking
from models.line.charting import CHARTS
from models.line.checking import checked
from models.line.document import (
    NO_LINE_RULES,
    AlarmChoice,
    ChartChoice,
    KindChoice,
    LineRules,
    MachineChoice,
    RateChoice,
    RunningChoice,
    SensorChoice,
    SpecChoice,
    decode,
    encode,
)
from models.line.findings import LIMITS, PRIORITIES, SENSOR_RULES
from models.line.kinds import KINDS
from models.line.plans import Plans
from models.problems import Problem
from schemas.sensors import MachineState, Measurement
from tests.models.events import T0, moment
from tests.models.line.floors import floor, reading, readings, ruled, told

EXAMPLE = Path("deploy/line.yaml")
SECONDS = "a number of seconds from 0 to 604,800 is expected, not"
A_SLASH = "has a slash in its name, which no line, machine or sensor can have"
MORE_UNITS = ", and more of these kinds: docs/events.md#units"
A_NUMBER = "a number is expected, not"


def said(plain: object) -> list[str]:
    """All that is wrong, as an operator reads it."""
    found = checked(plain)
    assert isinstance(found, tuple), found
    return [str(problem) for problem in found]


def rules(plain: object) -> LineRules:
    found = checked(plain)
    assert isinstance(found, LineRules), found
    return found


def machine(own: object) -> dict[str, Any]:
    return {"lines": {"l1": {"machines": {"m1": own}}}}


def sensor(own: object) -> dict[str, Any]:
    return machine({"sensors": {"t": own}})


def of_machine(own: object) -> list[str]:
    """What is wrong with one machine, without the path to it."""
    return [
        line.removeprefix("lines.l1.machines.m1").removeprefix(".") for line in said(machine(own))
    ]


def of_sensor(own: object) -> list[str]:
    """What is wrong with one sensor, without the path to it."""
    before = "lines.l1.machines.m1.sensors.t"
    return [line.removeprefix(before).removeprefix(".") for line in said(sensor(own))]


def the_sensor(own: object) -> SensorChoice:
    return rules(sensor(own)).lines["l1"].machines["m1"].sensors["t"]


def test_what_says_nothing_is_right() -> None:
    for plain in (
        {},
        {"site": "s"},
        {"lines": None},
        {"lines": {"l1": None}},
        sensor(None),
        sensor({}),
    ):
        assert rules(plain).alarms == {}
    assert rules({}) == NO_LINE_RULES
    assert said(None) == ["The document is empty."]


def test_all_that_can_be_said_of_a_sensor() -> None:
    found = the_sensor(
        {
            "kind": "flow", "unit": "L/min", "span": [-2, 20.5],
            "limits": {"low_low": -1, "low": 0, "high": 9.5, "high_high": 10},
            "deadband": 0, "rate": {"per_min": 1}, "control_chart": {"chart": "nelson"},
            "spec": {"lower": 0.5, "upper": 9},
            "alarms": {"all": {"enabled": True}, "stale": {"priority": "high", "off_delay_s": 0}},
        }
    )  # fmt: skip
    assert found == SensorChoice(
        kind="flow", unit="L/min", span=(-2.0, 20.5),
        limits={"low_low": -1.0, "low": 0.0, "high": 9.5, "high_high": 10.0},
        deadband=0.0, rate=RateChoice(per_min=1.0), control_chart=ChartChoice(chart="nelson"),
        spec=SpecChoice(lower=0.5, upper=9.0),
        alarms={"all": AlarmChoice(enabled=True), "stale": AlarmChoice(priority="high", off_delay_s=0.0)},
    )  # fmt: skip


@pytest.mark.parametrize("kind", [*KINDS, "oven"])
@pytest.mark.parametrize("unit", ["Cel", "{pcs}"])
def test_each_kind_and_one_of_our_own(kind: str, unit: str) -> None:
    found = rules({"kinds": {"oven": {"delay_s": 3}}, **sensor({"kind": kind, "unit": unit})})
    assert found.lines["l1"].machines["m1"].sensors["t"] == SensorChoice(kind=kind, unit=unit)
    assert found.kinds == {"oven": KindChoice(delay_s=3.0)}


@pytest.mark.parametrize("chart", CHARTS)
def test_each_chart(chart: str) -> None:
    assert the_sensor({"control_chart": {"chart": chart, "size": 1}}).control_chart == ChartChoice(
        chart, 1
    )


def stating(rule: str) -> tuple[dict[str, Any], dict[str, AlarmChoice]]:
    """What is written of an alarm, and how it is taken."""
    written = {rule: {"enabled": False, "priority": PRIORITIES[0]}}
    return written, {rule: AlarmChoice(enabled=False, priority="low")}


@pytest.mark.parametrize("rule", ["all", "limits", *SENSOR_RULES, "multivariate"])
def test_each_alarm_at_each_level_that_machines_are_of(rule: str) -> None:
    own, choice = stating(rule)
    assert rules({"alarms": own}).alarms == choice
    assert rules({"lines": {"l1": {"alarms": own}}}).lines["l1"].alarms == choice
    assert rules(machine({"alarms": own})).lines["l1"].machines["m1"].alarms == choice


@pytest.mark.parametrize("rule", ["all", "limits", *SENSOR_RULES])
def test_each_alarm_of_a_sensor_and_of_a_kind(rule: str) -> None:
    own, choice = stating(rule)
    assert rules({"kinds": {"k": {"alarms": own}}}).kinds["k"].alarms == choice
    assert the_sensor({"alarms": own}).alarms == choice


def test_what_a_sensor_has_no_alarm_of_is_said_of_no_sensor_and_no_kind() -> None:
    """Else it would be taken and have no effect."""
    own, _ = stating("multivariate")
    hint = (
        "alarms.multivariate: is the alarm of a whole machine, which no sensor has; "
        "say it of a machine, a line or the site"
    )
    assert of_sensor({"alarms": own}) == [hint]
    assert said({"kinds": {"k": {"alarms": own}}}) == [f"kinds.k.{hint}"]
    known = ", ".join(["all", "limits", *SENSOR_RULES])
    assert of_sensor({"alarms": {**own, "hi": {}, "flood": {}}}) == [
        hint,
        "alarms.hi: is no known alarm; did you mean high?",
        f"alarms.flood: is no known alarm; known are {known}",
    ]


WRONG: list[tuple[Any, list[str]]] = [
    ([], ["keys with values are expected, not a list"]),
    ("x", ["keys with values are expected, not the text 'x'"]),
    ({"line": {}}, ["line: is no known key; did you mean lines?"]),
    ({"site": 3}, ["site: text is expected, not the number 3; put it in quotes"]),
    ({"site": ""}, ["site: 1 to 64 printable characters are expected, not the text ''"]),
    ({7: 1}, ["a key is the number 7, not text; put it in quotes"]),
    ({"alarms": {"hi": {}}}, ["alarms.hi: is no known alarm; did you mean high?"]),
    ({"alarms": {"flood": {}}}, [
        f"alarms.flood: is no known alarm; known are {', '.join(checking._OF_ALARMS)}",
    ]),
    ({"alarms": {"high": 3}}, ["alarms.high: keys with values are expected, not the number 3"]),
    ({"alarms": {"high": {"delay": 1}}}, ["alarms.high.delay: is no known key; did you mean on_delay_s?"]),
    ({"kinds": {"k": {"deadband": 2}}}, [
        "kinds.k.deadband: a share of the span (2 % is 0.02) from 0 to 1 is expected, not 2",
    ]),
    ({"kinds": {"k": {"delay_s": -1, "deadbnd": 0}}}, [
        f"kinds.k.delay_s: {SECONDS} -1", "kinds.k.deadbnd: is no known key; did you mean deadband?",
    ]),
    ({"kinds": []}, ["kinds: keys with values are expected, not a list"]),
    ({"ideal_cycle_s": {"s1": 0}}, [
        "ideal_cycle_s.s1: a number of seconds from 0.001 to 604,800 is expected, not 0",
    ]),
    ({"ideal_cycle_s": {"x" * 65: 1}}, [
        f"ideal_cycle_s.{'x' * 65}: 1 to 64 printable characters are expected, not the text '{'x' * 40}'",
    ]),
    ({"lines": {"a/b": {}}}, [
        f"lines.a/b: {A_SLASH}",
    ]),
    ({"lines": {"l1": {"machine": {}}}}, ["lines.l1.machine: is no known key; did you mean machines?"]),
    ({"lines": {"l1": {"machines": {"a/b": {"sensors": {"c/d": {}}}}}}}, [
        f"lines.l1.machines.a/b: {A_SLASH}",
        f"lines.l1.machines.a/b.sensors.c/d: {A_SLASH}",
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("plain", "expected"), WRONG)
def test_what_is_wrong_is_said_with_its_path(plain: object, expected: list[str]) -> None:
    assert said(plain) == expected


OF_CHOICES = {
    "enabled": (1, "true or false is expected, not the number 1"),
    "on_delay_s": ("soon", "a number of seconds is expected, not the text 'soon'"),
    "off_delay_s": (-0.1, f"{SECONDS} -0.1"),
    "latched": ("yes", "true or false is expected, not the text 'yes'"),
    "acknowledge": (None, "true or false is expected, not nothing"),
    "realarm_s": (1e9, f"{SECONDS} 1000000000.0"),
    "priority": ("urgent", "is no known priority; known are low, medium, high"),
}


def test_each_wrong_key_of_an_alarm_is_named() -> None:
    assert set(OF_CHOICES) == set(AlarmChoice.__struct_fields__)
    own = {key: value for key, (value, _) in OF_CHOICES.items()}
    expected = [f"alarms.high.{key}: {message}" for key, (_, message) in OF_CHOICES.items()]
    assert of_machine({"alarms": {"high": own}}) == expected
    assert of_sensor({"alarms": {"high": own}}) == expected


OF_SENSORS: dict[str, list[tuple[Any, list[str]]]] = {
    "kind": [
        ("oven", ["kind: is no known kind; known are " + ", ".join(KINDS)]),
        (3, [f"kind: one of {', '.join(KINDS)} is expected, not the number 3"]),
    ],
    "unit": [
        ("celsius", [
            f"unit: is no known UCUM code; known are {', '.join(CANONICAL)}{MORE_UNITS}",
        ]),
        *(
            (written, [f"unit: is no known UCUM code; did you mean {code}?"])
            for written, code in (
                ("degC", "Cel"), ("\u00b0C", "Cel"), ("C", "Cel"), ("PSI", "[psi]"), ("F", "[degF]"),
                ("rpm", "{rpm}"), ("mw ", "mW or MW"),
            )
        ),
        (1, ["unit: a UCUM code is expected, not the number 1; put it in quotes"]),
        (7, ["unit: a UCUM code is expected, not the number 7"]),
        (None, ["unit: a UCUM code is expected, not nothing"]),
    ],
    "span": [
        ([1], ["span: two numbers are expected, lowest and highest, not 1"]),
        ([1, 2, 3], ["span: two numbers are expected, lowest and highest, not 3"]),
        ([2, 1], ["span: the second number is not above the first"]),
        ([1, 1], ["span: the second number is not above the first"]),
        ([1, "x"], [f"span[1]: {A_NUMBER} the text 'x'"]),
        (7, ["span: a list is expected, not the number 7"]),
    ],
    "limits": [
        ({"hi": 1}, ["limits.hi: is no known limit; did you mean high?"]),
        ({"rate": 1}, [
            "limits.rate: is no known limit; known are high_high, high, low, low_low",
        ]),
        ({"high": True}, [f"limits.high: {A_NUMBER} true"]),
        ({"high": float("nan")}, [
            "limits.high: a number from -1e+15 to 1e+15 is expected, not nan",
        ]),
        ({"high": 10**40}, [
            "limits.high: a number from -1e+15 to 1e+15 is expected, not (very large)",
        ]),
        ({"high": 80, "high_high": 80}, ["limits.high_high: is not above high"]),
        ({"low": 80, "high_high": 70}, ["limits.high_high: is not above low"]),
        ({"low_low": 3, "low": 2, "high": 1}, ["limits.low: is not above low_low", "limits.high: is not above low"]),
    ],
    "deadband": [(-1, ["deadband: a number from 0 to 1e+15 is expected, not -1"])],
    "rate": [
        (None, ["rate.per_min: is lacking: how much it may change in a minute"]),
        ({"over_s": 5}, ["rate.per_min: is lacking: how much it may change in a minute"]),
        ({"per_min": 0}, ["rate.per_min: a number from 1e-12 to 1e+15 is expected, not 0"]),
        ({"per_min": 1, "over_s": 0}, [
            "rate.over_s: a number of seconds from 1 to 86,400 is expected, not 0",
        ]),
        (5, ["rate: keys with values are expected, not the number 5"]),
    ],
    "control_chart": [
        ({"chart": "xbar"}, ["control_chart.chart: is no known chart; known are " + ", ".join(CHARTS)]),
        ({"size": 0}, ["control_chart.size: a whole number from 1 to 100 is expected, not 0"]),
        ({"size": 2.5}, ["control_chart.size: a whole number is expected, not the number 2.5"]),
        ({"every_s": 0.5}, [
            "control_chart.every_s: a number of seconds from 1 to 86,400 is expected, not 0.5",
        ]),
        ("cusum", ["control_chart: keys with values are expected, not the text 'cusum'"]),
    ],
    "spec": [
        ({"lower": 10.2, "upper": 9.8}, ["spec.upper: is not above lower"]),
        ({"lower": 9.8, "upper": 9.8}, ["spec.upper: is not above lower"]),
        ({"lower": "9,8"}, [f"spec.lower: {A_NUMBER} the text '9,8'"]),
        ({"upper": None}, [f"spec.upper: {A_NUMBER} nothing"]),
        ({"uper": 1}, ["spec.uper: is no known key; did you mean upper?"]),
        ({}, ["spec: names no limit: say lower, upper or both"]),
        (None, ["spec: names no limit: say lower, upper or both"]),
        ([1, 2], ["spec: keys with values are expected, not a list"]),
    ],
    "alarms": [([], ["alarms: keys with values are expected, not a list"])],
    "detector": [("gausian", ["detector: is no known detector; did you mean gaussian?"])],
}  # fmt: skip


@pytest.mark.parametrize("key", OF_SENSORS)
def test_each_wrong_key_of_a_sensor_is_named(key: str) -> None:
    for value, expected in OF_SENSORS[key]:
        assert of_sensor({key: value}) == expected


@pytest.mark.parametrize("limit", ["lower", "upper"])
def test_a_specification_may_have_one_limit(limit: str) -> None:
    assert the_sensor({"spec": {limit: 0}}).spec == SpecChoice(**{limit: 0.0})


def test_a_limit_lies_within_the_span() -> None:
    assert of_sensor({"span": [0, 2000], "limits": {"low": -1, "high": 2001}}) == [
        "limits.low: lies outside of the span, 0 to 2,000",
        "limits.high: lies outside of the span, 0 to 2,000",
    ]
    assert of_sensor({"span": [0, 200], "limits": {"high": 0}}) == [
        "limits.high: is the begin of the span: its alarm would never end"
    ]
    assert of_sensor({"span": [0, 200], "limits": {"low": 200}}) == [
        "limits.low: is the end of the span: its alarm would never end"
    ]
    assert the_sensor({"span": [0, 200], "limits": {"low": 0, "high": 200}})


LIMITS_OF_BOTH_SIDES = {"low": 30, "high": 100}


def test_a_deadband_that_never_lets_an_alarm_end() -> None:
    """What it would have to come back to, and what is there before it."""
    for span in ({}, {"span": [0, 200]}):
        own = {**span, "deadband": 500, "limits": LIMITS_OF_BOTH_SIDES}
        assert of_sensor(own) == [
            "deadband: is too wide: the alarm high would end only below -400, and low begins at 30",
            "deadband: is too wide: the alarm low would end only above 530, and high begins at 100",
        ]
    assert of_sensor({"span": [0, 200], "deadband": 150, "limits": {"high": 100}}) == [
        "deadband: is too wide: the alarm high would end only below -50, and the span begins at 0"
    ]
    assert of_sensor({"span": [0, 2000], "deadband": 1950, "limits": {"low": 100}}) == [
        "deadband: is too wide: the alarm low would end only above 2,050, and the span ends at 2,000"
    ]
    four = {"low_low": 10, "low": 30, "high": 60, "high_high": 100}
    assert of_sensor({"span": [0, 200], "deadband": 60, "limits": four}) == [
        "deadband: is too wide: the alarm high would end only below 0, and low begins at 30",
        "deadband: is too wide: the alarm low would end only above 90, and high begins at 60",
        "deadband: is too wide: the alarm low_low would end only above 70, and high begins at 60",
    ]


def test_a_deadband_may_come_near_to_the_other_side() -> None:
    for own in (
        {"deadband": 69.9, "limits": LIMITS_OF_BOTH_SIDES},
        {"deadband": 99.9, "limits": {"high": 100}, "span": [0, 200]},
        {"deadband": 500, "limits": {"high": 100}},  # how far down it goes, nobody said
        {"deadband": 500, "span": [0, 200]},
    ):
        assert the_sensor(own)
    for deadband in (70, 70.1):
        found = of_sensor({"deadband": deadband, "limits": LIMITS_OF_BOTH_SIDES})
        assert len(found) == 2


def test_a_deadband_that_a_kind_makes_too_wide_is_refused_too() -> None:
    """A share of a wide span is a lot."""
    wide = {"span": [0, 10_000], "limits": LIMITS_OF_BOTH_SIDES}

    def told(least: str, below: str, above: str) -> list[str]:
        end = f"; say a smaller deadband, for without one it is at least {least}"
        return [
            f"limits.high: its alarm would end only below {below}, and low begins at 30{end}",
            f"limits.low: its alarm would end only above {above}, and high begins at 100{end}",
        ]

    assert of_sensor({**wide, "kind": "flow"}) == told("500", "-400", "530")
    assert of_sensor({**wide, "unit": "L/min"}) == told("500", "-400", "530")
    assert of_sensor({**wide, "unit": "K"}) == told("100", "0", "130")
    assert of_sensor(wide) == told("100", "0", "130"), "of whatever unit it is"
    assert the_sensor({**wide, "kind": "flow", "deadband": 5})
    kinds = {"oven": {"deadband": 0.001}, "flow": {"deadband": 0.0}, "level": {"delay_s": 3}}
    for kind, right in (("oven", True), ("flow", True), ("level", False), ("pressure", False)):
        found = checked({"kinds": kinds, **sensor({**wide, "kind": kind})})
        assert isinstance(found, LineRules) is right, kind
    assert rules({"kinds": kinds, **sensor(wide)}), "it may be a flow"


def test_an_alarm_that_is_taken_does_end() -> None:
    """As far as a value can come back: what the checker says is what the alarms do."""
    for deadband, ends in ((69, True), (500, False)):
        own = {
            "limits": LIMITS_OF_BOTH_SIDES, "deadband": deadband,
            "alarms": {"limits": {"on_delay_s": 0, "off_delay_s": 0}, "anomaly": {"enabled": False}},
        }  # fmt: skip
        assert isinstance(checked(sensor(own)), LineRules) is ends
        choice = SensorChoice(
            limits={"low": 30.0, "high": 100.0}, deadband=float(deadband),
            alarms={"limits": AlarmChoice(on_delay_s=0.0, off_delay_s=0.0)},
        )  # fmt: skip
        feed = floor(ruled(choice))
        feed(*readings([60.0, 101.0, 60.0, 30.5], 0.0))
        states = [state for _, state in told(feed, "high")]
        assert states == (["active", "cleared"] if ends else ["active"])


def test_of_a_sensor_that_is_wrong_otherwise_no_more_is_guessed() -> None:
    own = {"deadband": 500, "limits": LIMITS_OF_BOTH_SIDES, "kind": "oven"}
    (message,) = of_sensor(own)
    assert message.startswith("kind: is no known kind")


def test_no_key_of_a_sensor_is_left_out() -> None:
    keys = set(SensorChoice.__struct_fields__)
    assert set(OF_SENSORS) == keys
    assert of_sensor({"detectors": "x"}) == ["detectors: is no known key; did you mean detector?"]


def test_what_is_wrong_with_when_a_machine_runs() -> None:
    assert of_machine({"running": {"states": ["runing", "idle", "idle"], "above": 3}}) == [
        "running.states[0]: is no known state; did you mean running?",
        "running.states[2]: 'idle' is in the list twice",
        "running.above: needs a sensor that is to be above it",
    ]
    assert of_machine({"running": {"states": []}}) == [
        "running.states: names no state: the machine would never run"
    ]
    assert of_machine({"running": {"sensor": 3, "above": "x"}}) == [
        "running.sensor: text is expected, not the number 3; put it in quotes",
        f"running.above: {A_NUMBER} the text 'x'",
    ]
    assert of_machine({"ideal_cycle_s": 0, "running": 1, "sensors": 2}) == [
        "ideal_cycle_s: a number of seconds from 0.001 to 604,800 is expected, not 0",
        "running: keys with values are expected, not the number 1",
        "sensors: keys with values are expected, not the number 2",
    ]
    found = rules(machine({"running": {"states": ["idle"], "sensor": "speed"}}))
    assert found.lines["l1"].machines["m1"].running == RunningChoice(
        states=("idle",), sensor="speed"
    )


def test_all_that_is_wrong_is_said_at_once() -> None:
    plain = {"sit": 1, "alarms": {"x": {}}, **sensor({"unit": "x", "limits": {"high": "x"}})}
    assert len(said(plain)) == 4


def test_a_document_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = sensor({"limits": {"high": 1}})
    size = len(encode(rules(plain)))
    monkeypatch.setattr(checking, "MAX_BYTES", size)
    assert rules(plain)
    monkeypatch.setattr(checking, "MAX_BYTES", size - 1)
    (message,) = said(plain)
    assert message.startswith(
        f"The document takes {size} bytes as it is stored, and {size - 1} may be"
    )


# -- whatever is written --------------------------------------------------------------------------

KEYS = st.sampled_from(
    sorted(
        {
            *LineRules.__struct_fields__, *KindChoice.__struct_fields__, *RateChoice.__struct_fields__,
            *MachineChoice.__struct_fields__, *SensorChoice.__struct_fields__, *SENSOR_RULES,
            *ChartChoice.__struct_fields__, *RunningChoice.__struct_fields__, *LIMITS, "all",
            *AlarmChoice.__struct_fields__, *SpecChoice.__struct_fields__,
        }
    )
)  # fmt: skip
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates()
    | st.sampled_from([*KINDS, *CHARTS, *PRIORITIES, "Cel", "K", "running", "idle"])
)  # fmt: skip


def nested(own: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    keys = KEYS | st.text(max_size=4) | st.integers()
    return st.lists(own, max_size=3) | st.dictionaries(keys, own, max_size=4)


PLAIN = st.recursive(SCALARS, nested, max_leaves=25)


@given(PLAIN)
@settings(max_examples=80, deadline=None)
def test_whatever_is_written_is_taken_or_what_is_wrong_is_said(plain: Any) -> None:
    found = checked(plain)
    if isinstance(found, LineRules):
        assert decode(encode(found)) == found
    else:
        assert found
        assert all(isinstance(problem, Problem) and str(problem) for problem in found)


@given(st.dictionaries(KEYS, PLAIN, max_size=5), st.dictionaries(KEYS, PLAIN, max_size=5))
@settings(max_examples=80, deadline=None)
def test_so_it_is_deep_in_a_document(own: Any, of_all: Any) -> None:
    found = checked({"lines": {"l1": {"machines": {"m1": {**of_all, "sensors": {"t": own}}}}}})
    if isinstance(found, LineRules):
        assert decode(encode(found)) == found
        Plans(found).sensor("l1", "m1", "t", "Cel")
        Plans(found).machine("l1", "m1")


NUMBERS = st.floats(-1e15, 1e15)
CHOICE = st.fixed_dictionaries(
    {},
    optional={
        "enabled": st.booleans(), "on_delay_s": st.floats(0, 1e4), "latched": st.booleans(),
        "realarm_s": st.integers(0, 9), "priority": st.sampled_from(PRIORITIES),
    },
)  # fmt: skip
_WIDE = {"span": [-1e15, 1e15], "deadband": 0}
"""With these, any limits are right."""
SENSOR = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from([*KINDS]), "unit": st.sampled_from([*KNOWN]),
        "span": st.lists(NUMBERS, min_size=2, max_size=2, unique=True).map(sorted),
        "limits": st.lists(NUMBERS, min_size=4, max_size=4, unique=True).map(
            lambda own: dict(zip(("low_low", "low", "high", "high_high"), sorted(own), strict=True))
        ),
        "deadband": st.floats(0, 1e15),
        "rate": st.fixed_dictionaries({"per_min": st.floats(1e-9, 1e9)}),
        "control_chart": st.fixed_dictionaries({"chart": st.sampled_from([*CHARTS])}),
        "alarms": st.dictionaries(st.sampled_from(["all", "limits", *SENSOR_RULES]), CHOICE),
    },
).map(lambda own: {**own, **_WIDE} if "limits" in own else own)  # fmt: skip


@given(st.dictionaries(st.sampled_from("abc"), SENSOR), CHOICE)
@settings(max_examples=40, deadline=None)
def test_what_is_right_is_taken_and_survives_its_way(sensors: Any, choice: Any) -> None:
    found = rules({"alarms": {"all": choice}, **machine({"sensors": sensors})})
    assert decode(encode(found)) == found
    for name in sensors:
        plan = Plans(found).sensor("l1", "m1", name, sensors[name].get("unit", "Cel"))
        assert len(plan.limits) == len(sensors[name].get("limits", ()))


def test_days_and_moments_of_yaml_are_no_names() -> None:
    (message,) = said({"site": date(2026, 11, 26)})
    assert message == "site: text is expected, not the day 2026-11-26; put it in quotes"


# -- the example ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def example() -> LineRules:
    return rules(yaml.safe_load(EXAMPLE.read_text()))


def test_the_example_uses_everything(example: LineRules) -> None:
    def said_of(own: Any) -> set[str]:
        return {
            name
            for name in own.__struct_fields__
            if getattr(own, name) != getattr(type(own)(), name)
        }

    own = example.lines["line-1"].machines["laser-2"]
    assert said_of(example) == set(LineRules.__struct_fields__)
    assert said_of(own) == set(MachineChoice.__struct_fields__)
    keys = set.union(*(said_of(each) for each in own.sensors.values()))
    assert keys == set(SensorChoice.__struct_fields__)


def test_each_section_of_the_example_has_effect(example: LineRules) -> None:
    plans = Plans(example)
    place = ("line-1", "laser-2")
    oven = plans.sensor(*place, "temperature", "K")
    assert [(own.rule, own.at, own.deadband) for own in oven.limits] == [
        ("high_high", 95.0, 2.0), ("high", 80.0, 2.0), ("low", 40.0, 2.0),
    ]  # fmt: skip
    assert oven.limit_alarm == AlarmSettings(on_delay_s=30.0, off_delay_s=30.0)
    assert oven.alarms.of("high_high", oven.limit_alarm) == AlarmSettings(
        on_delay_s=30.0, off_delay_s=30.0, acknowledge=True, realarm_s=3600.0
    )
    assert oven.rate is not None
    assert oven.rate.over_s == 120.0
    assert oven.rate.per_s * 60 == pytest.approx(5.0)
    assert oven.chart == ChartChoice()
    vibration = plans.sensor(*place, "vibration", "mm/s")
    assert [(own.rule, own.at, own.deadband) for own in vibration.limits] == [("high", 7.1, 0.5)]
    usual = vibration.limit_alarm
    assert vibration.alarms.of("high", usual) == replace(
        usual, on_delay_s=5.0, off_delay_s=10.0, latched=True, realarm_s=3600.0
    )
    assert vibration.alarms.priority("high") == "high"
    assert not vibration.alarms.enabled("flat_line")
    assert plans.machine(*place).alarms.priority("multivariate") == "medium"
    assert plans.machine(*place).running == RunningChoice(sensor="speed", above=5.0)
    assert plans.ideal_cycle_s(*place, "ring-oak") == 45.0
    assert plans.ideal_cycle_s(*place, "else") == 40.0


def at(value: float, when: float, name: str, unit: str) -> Measurement:
    return reading(value, when, name, "laser-2", "line-1", unit)


def test_a_floor_that_follows_the_example(example: LineRules) -> None:
    feed = floor(example)
    feed(
        MachineState(
            event_id="x", occurred_at=moment(T0), line="line-1", machine="laser-2", state="running"
        )
    )
    feed(
        at(3.0, 0.0, "speed", "/min"),
        at(99.0, 1.0, "temperature", "Cel"),
        at(99.0, 40.0, "temperature", "Cel"),
    )
    assert not feed.sent, "what stands still is not watched"
    feed(*(at(30.0, 41.0 + n / 10, "speed", "/min") for n in range(3)))
    feed(
        *readings(
            [372.15] * 32, 42.0, sensor="temperature", machine="laser-2", line="line-1", unit="K"
        )
    )
    assert told(feed) == [("high_high", "active"), ("high", "active")]
    assert feed.sent[0].value == pytest.approx(99.0)
    feed(*(at(7.2 + n % 2, 80.0 + n, "vibration", "mm/s") for n in range(7)))
    assert told(feed)[2:] == [("high", "active")]
    assert feed.sent[2].priority == "high"

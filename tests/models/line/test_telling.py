"""What operators are told: in words and numbers, with a priority that somebody can act by."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from models.alarms.alarm import Alarm, Change, State
from models.line.document import AlarmChoice, SensorChoice
from models.line.findings import (
    LIMITS,
    MAY_BE_NORMAL,
    PRIORITIES,
    RUNS,
    SENSOR_RULES,
    Condition,
    Evidence,
    Finding,
    Rule,
    condition_of,
)
from models.line.plans import NO_CHOICES, Plans
from models.line.telling import (
    _ADVICE,
    _SAYS,
    Order,
    Place,
    Told,
    alarm_id,
    alert_of,
    priority_of,
    unraised,
)
from schemas.outputs import Alert
from tests.models.events import T0, moment
from tests.models.line.floors import ruled

PLACE = Place("l1", "m1", "t")
MACHINE = Place("l1", "m1", None)


def alert(
    rule: Rule, evidence: Evidence, state: State = "active", before: State = "normal", *,
    place: Place = PLACE, unit: str | None = "Cel", order: Order | None = None, alarm: Alarm | None = None,
    relearnt: bool = False, again: Evidence | None = None,
) -> Alert:  # fmt: skip
    """What is told of an alarm that was raised at `T0`, ten minutes later."""
    own = alarm or Alarm(present=state not in ("normal", "returned"), occurrence=2, since=T0)
    finding = Finding(rule, own, Change(before, state), again, relearnt)
    told = Told(evidence, priority_of(rule, evidence, NO_CHOICES))
    return alert_of(
        place, finding, told, at=moment(T0 + 600.0), unit=unit, alert_id="a", order=order
    )


def test_each_condition_has_words_and_advice() -> None:
    conditions = set(Condition.__args__)  # type: ignore[attr-defined]
    assert set(_SAYS) == set(_ADVICE) == conditions
    assert {condition_of(rule) for rule in SENSOR_RULES} <= conditions
    told = {field.name: field.type for field in msgspec.structs.fields(Alert)}
    assert conditions == set(told["condition"].__origin__.__args__)


@pytest.mark.parametrize(
    ("rule", "evidence", "text"),
    [
        ("high", Evidence("high", limit=80.0, value=85.25),
         "l1/m1/t is above its high limit (85.25 Cel, limit 80)."),
        ("low_low", Evidence("low_low", limit=-5.5, value=-7.0),
         "l1/m1/t is below its lowest limit (-7 Cel, limit -5.5)."),
        ("rate", Evidence("rate", limit=5.0, value=70.0, expected=-7.125),
         "l1/m1/t changes too fast (-7.125 Cel a minute, limit 5)."),
        ("anomaly", Evidence("shape", 7.25, 3.5, 70.0, 71.0),
         "l1/m1/t moves as it never did before (7.2 sigma, limit 3.5)."),
        ("out_of_control", Evidence("out_of_control", 5.5, 5.0, 70.0, 71.0),
         "l1/m1/t is out of control by its chart (5.5 sigma, limit 5.0)."),
        ("stale", Evidence("stale", value=3.0), "l1/m1/t has not been heard of for too long."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_numbers(rule: Rule, evidence: Evidence, text: str) -> None:
    found = alert(rule, evidence)
    assert found.text == text
    assert (found.value, found.limit, found.expected) == (
        evidence.value, evidence.limit, evidence.expected,
    )  # fmt: skip
    assert found.advice == _ADVICE[evidence.condition]


def test_sigma_is_told_only_of_what_is_measured_in_it() -> None:
    assert alert("anomaly", Evidence("deviation", 7.0, 5.0)).z == 7.0
    assert alert("high", Evidence("high", 7.0, 5.0, 1.0)).z == 0.0


def test_a_machine_names_the_sensors_that_make_it_up() -> None:
    shares = (("a", 0.5), ("b", 0.25), ("c", 0.2), ("d", 0.05))
    found = alert(
        "multivariate",
        Evidence("multivariate", 3.0, 2.25, contributors=shares),
        place=MACHINE,
        unit=None,
    )
    assert found.text == (
        "l1/m1 behaves otherwise than its sensors did together (3.0 sigma, limit 2.2); "
        "most of it: a 50%, b 25%, c 20%."
    )
    assert [(own.sensor, own.share) for own in found.contributors] == list(shares)
    assert (found.machine, found.sensor, found.unit) == ("m1", None, None)


@pytest.mark.parametrize(
    ("state", "told", "text"),
    [
        ("normal", "cleared", "is back to normal."),
        ("returned", "returned", "is back to normal."),
        (
            "acknowledged",
            "acknowledged",
            "is above its high limit (85 Cel, limit 80); acknowledged.",
        ),
        ("out_of_service", "out_of_service", "is out of service."),
        ("active", "active", "is above its high limit (85 Cel, limit 80)."),
    ],
)
def test_each_state_has_its_words(state: State, told: str, text: str) -> None:
    found = alert("high", Evidence("high", limit=80.0, value=85.0), state, "acknowledged")
    assert (found.state, found.text) == (told, f"l1/m1/t {text}")
    assert bool(found.advice) == (state == "active"), "advice is for who has not seen it"
    assert found.since == moment(T0)
    assert found.occurrence == 2
    assert found.until is None


def test_why_it_is_suppressed() -> None:
    alarm = Alarm(present=True, suppressed={"not_running", "flood"}, occurrence=1, since=T0)
    found = alert("high", Evidence("high", limit=80.0, value=85.0), "suppressed", alarm=alarm)
    assert found.text.endswith("; suppressed: flood, not running.")


def test_until_when_it_is_shelved_and_who_says_so() -> None:
    alarm = Alarm(present=True, occurrence=1, since=T0, shelved_until=T0 + 3600.0)
    order = Order("kim", "cleaning")
    found = alert(
        "high",
        Evidence("high", limit=80.0, value=85.0),
        "shelved",
        "active",
        alarm=alarm,
        order=order,
    )
    assert (found.until, found.by, found.reason) == (moment(T0 + 3600.0), "kim", "cleaning")
    assert found.text.endswith("(85 Cel, limit 80), shelved until 2027-01-15 09:00 UTC.")
    alarm.present = False
    found = alert("high", Evidence("high"), "shelved", alarm=alarm)
    assert found.text == "l1/m1/t is shelved until 2027-01-15 09:00 UTC."


def test_what_never_came_is_since_now() -> None:
    alarm = Alarm(shelved_until=T0 + 3600.0)
    found = alert("high", Evidence("high"), "shelved", alarm=alarm)
    assert (found.since, found.occurrence) == (moment(T0 + 600.0), 0)


def test_the_end_of_what_is_normal_now_says_so() -> None:
    found = alert("anomaly", Evidence("deviation", 9.0, 5.0), "normal", "active", relearnt=True)
    assert found.text == "l1/m1/t has been so for 0.2 hours: from now on that is normal."


def test_further_changes_tell_the_newest_numbers_of_what_it_was_raised_for() -> None:
    raised, now = (
        Evidence("deviation", 9.0, 5.0, 90.0, 70.0),
        Evidence("spread", 3.0, 5.0, 74.0, 70.0),
    )
    found = alert("anomaly", raised, "normal", "active", again=now)
    assert (found.condition, found.value, found.z) == ("deviation", 74.0, 3.0)
    found = alert("anomaly", raised, "acknowledged", "active", again=now)
    assert found.text == "l1/m1/t is off its normal level (3.0 sigma, limit 5.0); acknowledged."


def test_a_text_is_no_longer_than_may_be() -> None:
    shares = tuple((f"{n}{'x' * 63}", 0.2) for n in range(5))
    alarm = Alarm(
        present=True, suppressed={"not_running", "flood", "parent"}, occurrence=1, since=T0
    )
    found = alert(
        "multivariate", Evidence("multivariate", 9.0, 2.0, contributors=shares), "suppressed",
        place=Place("l" * 64, "m" * 64, "s" * 64), alarm=alarm,
    )  # fmt: skip
    assert len(found.text) == 500
    assert msgspec.convert(msgspec.to_builtins(found), Alert) == found, "it keeps to its schema"


# -- priorities -----------------------------------------------------------------------------------


def said(**more: Any) -> Any:
    choices = {rule: AlarmChoice(**more) for rule in ("all", "multivariate")}
    return (
        Plans(ruled(SensorChoice(alarms=choices))).sensor("l1", "m1", "temperature", "Cel").alarms
    )


USUAL = {
    "high_high": "high", "high": "medium", "low": "medium", "low_low": "high", "rate": "low",
    "anomaly": "low", "flat_line": "low", "bad_quality": "low", "stale": "low", "out_of_control": "low",
    "flood": "high", "multivariate": "low",
}  # fmt: skip


@pytest.mark.parametrize("rule", USUAL)
def test_how_soon_to_look_at_it(rule: Rule) -> None:
    evidence = Evidence(condition_of(rule), 5.5, 5.0)
    assert priority_of(rule, evidence, NO_CHOICES) == USUAL[rule]
    assert unraised(rule, NO_CHOICES) == Told(Evidence(condition_of(rule)), USUAL[rule])  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", SENSOR_RULES)
@pytest.mark.parametrize("priority", PRIORITIES)
def test_what_somebody_says_holds(rule: Rule, priority: Any) -> None:
    evidence = Evidence(condition_of(rule), 5.5, 5.0)
    assert priority_of(rule, evidence, said(priority=priority)) == priority


@pytest.mark.parametrize("condition", sorted(MAY_BE_NORMAL))
def test_twice_as_far_is_one_step_more_urgent(condition: Any) -> None:
    rule: Rule = "multivariate" if condition == "multivariate" else "anomaly"
    strong, weak = Evidence(condition, 10.0, 5.0), Evidence(condition, 9.9, 5.0)
    assert priority_of(rule, strong, NO_CHOICES) == "medium"
    assert priority_of(rule, weak, NO_CHOICES) == "low"
    assert priority_of(rule, Evidence(condition, 10.0, 0.0), NO_CHOICES) == "low", (
        "no limit, no strength"
    )
    if rule == "anomaly":
        assert priority_of(rule, strong, said(priority="medium")) == "high"
        assert priority_of(rule, strong, said(priority="high")) == "high"


@pytest.mark.parametrize("rule", [*LIMITS, *RUNS, "out_of_control"])
def test_nothing_else_is_more_urgent_by_itself(rule: Rule) -> None:
    far = Evidence(condition_of(rule), 1e6, 1.0, 1e6)
    assert priority_of(rule, far, NO_CHOICES) == USUAL[rule]


# -- names ----------------------------------------------------------------------------------------


def test_an_alarm_has_one_name_for_ever() -> None:
    assert alarm_id(PLACE, "high") == "1b44fb8b-49ab-509b-a4a9-646826699e47"
    places = [
        PLACE,
        MACHINE,
        Place("l1", None, None),
        Place("l1", "m1", "u"),
        Place("l2", "m1", "t"),
    ]
    names = {alarm_id(place, rule) for place in places for rule in SENSOR_RULES}
    assert len(names) == len(places) * len(SENSOR_RULES)


def test_a_place_as_people_write_it() -> None:
    assert [str(place) for place in (PLACE, MACHINE, Place("l1", None, None))] == [
        "l1/m1/t", "l1/m1", "l1",
    ]  # fmt: skip

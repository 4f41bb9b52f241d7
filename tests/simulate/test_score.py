"""The score counts what was found, what was missed and what was made up."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from schemas.outputs import Advice, Alert
from streams.simulate.offers import OfferTally
from streams.simulate.score import popular_pairs, score
from streams.simulate.truth import plant

START = 1_700_000_000.0
TRUTH = plant(9, 60.0)
FAULTS = TRUTH.faults_of(0)


def alert(at: float, line: str, machine: str, sensor: str | None, *, active: bool = True) -> Alert:
    moment = datetime.fromtimestamp(START + at, UTC)
    return Alert(
        alert_id="a",
        alarm_id="b",
        occurrence=1,
        state="active" if active else "cleared",
        occurred_at=moment,
        since=moment,
        line=line,
        machine=machine,
        sensor=sensor,
        condition="deviation",
        priority="low",
        value=None,
        unit=None,
        expected=None,
        z=0.0,
        limit=0.0,
        text="",
    )


def advice(at: float, sku: str, units: float) -> Advice:
    return Advice(
        advice_id="a",
        advised_at=datetime.fromtimestamp(START + at, UTC),
        kind="gap",
        sku=sku,
        units=units,
        confidence=0.9,
        text="",
    )


def test_faults_are_found_in_their_time_and_place_only() -> None:
    one, two, three = FAULTS[0], FAULTS[1], FAULTS[2]
    told = [
        alert(one.start_s + 1.0, one.line, one.machine, one.sensor),
        alert(one.start_s + 3.0, one.line, one.machine, one.sensor),
        alert(one.start_s + 3.0, one.line, one.machine, one.sensor, active=False),
        alert(two.end_s + 2.0, two.line, two.machine, two.sensor),
        alert(three.start_s - 1.0, three.line, three.machine, three.sensor),
        alert(one.start_s, "line-9", one.machine, one.sensor),
    ]
    result = score(TRUTH, told, [], started_at=START, until=START + 60, grace_s=5.0)
    assert result["faults_planted"] == len(FAULTS)
    assert result["faults_found"] == 2
    assert result["faults_found_names"] == [one.label(), two.label()]
    assert result["alerts_raised"] == 5
    assert result["alerts_false"] == 2
    assert result["alerts_precision"] == pytest.approx(3 / 5)
    assert result["faults_delay_s"] == pytest.approx((1.0 + two.duration_s + 2.0) / 2)


def test_an_alert_of_the_whole_machine_counts_for_its_sensors() -> None:
    fault = FAULTS[0]
    told = [alert(fault.start_s + 1.0, fault.line, fault.machine, None)]
    result = score(TRUTH, told, [], started_at=START, until=START + 60)
    assert fault.label() in result["faults_found_names"]


def test_faults_that_have_not_begun_are_not_missed() -> None:
    result = score(TRUTH, [], [], started_at=START, until=START + FAULTS[0].start_s)
    assert result["faults_planted"] == 0
    assert result["faults_recall"] is None
    assert result["alerts_precision"] is None


def test_rules_count_in_both_directions_once() -> None:
    one, two = TRUTH.affinities[:2]
    rules = [(one.a, one.b), (one.b, one.a), (two.b, two.a), (one.a, two.a)]
    result = score(TRUTH, [], rules, started_at=START, until=START + 60)
    assert result["affinities_planted"] == 12
    assert result["affinities_found"] == 2
    assert result["rules_published"] == 3
    assert result["rules_precision"] == pytest.approx(2 / 3)
    assert len(result["affinities_missed_names"]) == 10


def test_the_baseline_knows_only_what_sells_well() -> None:
    best = sorted(TRUTH.old_mix, key=TRUTH.old_mix.__getitem__, reverse=True)[:2]
    assert popular_pairs(TRUTH, 1) == {frozenset(best)}
    every = [(pair.a, pair.b) for pair in TRUTH.affinities]
    result = score(TRUTH, [], every, started_at=START, until=START + 60)
    assert result["affinities_found"] == 12
    assert result["affinities_found_by_popularity"] <= 2


def test_the_shift_is_found_by_advice_to_make_more_of_it() -> None:
    shift = TRUTH.shift
    other = next(a.sku for a in TRUTH.articles if a.sku not in shift.skus)
    told = [
        advice(shift.start_s - 5, shift.skus[0], 10),
        advice(shift.start_s + 3, other, 10),
        advice(shift.start_s + 4, shift.skus[0], -10),
    ]
    result = score(TRUTH, [], [], advice=told, started_at=START, until=START + 60)
    assert result["shift_found"] == 0
    told.append(advice(shift.start_s + 7, shift.skus[1], 4))
    result = score(TRUTH, [], [], advice=told, started_at=START, until=START + 60)
    assert (result["shift_planted"], result["shift_found"]) == (1, 1)
    assert result["shift_delay_s"] == pytest.approx(7.0)


def test_configurations_and_offers_are_reported() -> None:
    habit = TRUTH.configurations[0]
    result = score(
        TRUTH,
        [],
        [],
        started_at=START,
        until=START + 60,
        configurations=[(habit.sku, habit.option, habit.value), ("x", "colour", "navy")],
        offers=OfferTally(
            arrived=10, shown=8, clicked=2, clicks_if_popular=0.8, clicks_if_best=4.0
        ),
    )
    assert result["configurations_planted"] == 10
    assert result["configurations_found"] == 1
    assert result["configurations_found_names"] == [f"{habit.sku} {habit.option} {habit.value}"]
    assert len(result["configurations_missed_names"]) == 9
    assert (result["configurations_proposed"], result["configurations_precision"]) == (2, 0.5)
    assert result["offers"]["click_rate"] == pytest.approx(0.25)
    assert result["offers"]["click_rate_if_popular"] == pytest.approx(0.1)
    assert result["offers"]["click_rate_if_best"] == pytest.approx(0.5)


def test_what_happened_to_articles_is_told_if_it_is_known() -> None:
    truth = plant(1, 60.0)
    found = score(truth, (), (), started_at=0.0, until=60.0, stock={"sold_out": 3})
    assert found["catalogue"] == {"articles": 120, "sold_out": 3}
    assert "catalogue" not in score(truth, (), (), started_at=0.0, until=60.0)

"""What is planted in the factory can be seen in its sensors."""

from __future__ import annotations

from collections import Counter, defaultdict
from statistics import fmean, pstdev

import pytest

from schemas.sensors import MachineState, Measurement, ProductionCount
from streams.replay.records import Record
from streams.simulate.equipment import GAUGES, SPOTS
from streams.simulate.factory import Factory
from streams.simulate.faults import Fault
from streams.simulate.truth import Truth, plant

START = 1_000_000.0
HORIZON = 300.0


@pytest.fixture(scope="module")
def truth() -> Truth:
    return plant(21, HORIZON, 0.5)


@pytest.fixture(scope="module")
def records(truth: Truth) -> list[Record]:
    factory = Factory(truth, 21)
    made = factory.step(START, 0.0)
    for turn in range(1, int(HORIZON) + 1):
        made += factory.step(START + turn, 1.0)
    return made


def samples(records: list[Record], fault: Fault) -> list[tuple[float, Measurement]]:
    return [
        (record.at - START, record.event)
        for record in records
        if isinstance(record.event, Measurement)
        and record.event.sensor == fault.sensor
        and record.key == f"{fault.line}/{fault.machine}".encode()
    ]


def test_every_planted_fault_can_be_seen(truth: Truth, records: list[Record]) -> None:
    faults = truth.faults_of(0)
    assert len(faults) >= 6
    for fault in faults:
        sigma = GAUGES[fault.sensor].sigma
        taken = samples(records, fault)
        before = [e.value for at, e in taken if at < fault.start_s and e.value is not None]
        during = [e for at, e in taken if fault.active(at)]
        values = [event.value for event in during if event.value is not None]
        assert len(before) >= 60
        shift = (fmean(values) - fmean(before)) / sigma
        match fault.kind:
            case "spike" | "level_shift":
                assert shift == pytest.approx(fault.sigmas, abs=3.0)
            case "drift":
                assert shift == pytest.approx(fault.sigmas / 2, abs=2.5)
            case "variance_burst":
                assert pstdev(values) > 3 * pstdev(before)
            case "stuck":
                assert len(set(values)) == 1
                assert len(values) >= 24
            case "bad_quality":
                assert {event.quality for event in during} == {"bad"}


def test_normal_samples_scatter_as_promised(truth: Truth, records: list[Record]) -> None:
    quiet = truth.faults_of(0)[0].start_s
    values: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for record in records:
        event = record.event
        if isinstance(event, Measurement) and record.at < START + quiet and event.value is not None:
            values[event.line, event.machine, event.sensor].append(event.value)
    assert set(values) == set(SPOTS)
    scatter = [pstdev(taken) / GAUGES[place[2]].sigma for place, taken in values.items()]
    assert 0.8 < fmean(scatter) < 1.2
    assert min(min(taken) for taken in values.values()) > 0


def test_sequence_numbers_have_no_gap_and_few_samples_are_poor(records: list[Record]) -> None:
    last: dict[tuple[str, str, str], int] = {}
    quality: Counter[str] = Counter()
    for event in (record.event for record in records):
        if isinstance(event, Measurement):
            place = (event.line, event.machine, event.sensor)
            assert event.seq == last.get(place, -1) + 1
            last[place] = event.seq
            quality[event.quality] += 1
            quality["missing"] += event.value is None
    assert len(last) == 24
    assert all(number >= HORIZON / 0.5 - 1 for number in last.values())
    assert 0 < quality["uncertain"] < 0.02 * quality["good"]
    assert 0 < quality["missing"] < 0.01 * quality["good"]


def test_times_ascend_and_machines_say_what_they_do(records: list[Record]) -> None:
    assert [record.at for record in records] == sorted(record.at for record in records)
    states = [record.event for record in records if isinstance(record.event, MachineState)]
    assert [event.state for event in states[:6]] == ["running"] * 6
    assert {event.state for event in states[6:]} <= {"running", "changeover"}


def test_untold_production_keeps_to_the_old_mix(truth: Truth, records: list[Record]) -> None:
    made: Counter[str] = Counter()
    for event in (record.event for record in records):
        if isinstance(event, ProductionCount):
            assert event.scrap <= event.good
            made[event.sku] += event.good
    assert made.total() == pytest.approx(20 * HORIZON, rel=0.05)
    for sku, share in truth.old_mix.items():
        assert made[sku] == pytest.approx(share * 20 * HORIZON, abs=6)


def test_production_follows_the_sales_until_the_shift(truth: Truth) -> None:
    production = Factory(truth, 21).production
    rare = min(truth.old_mix, key=truth.old_mix.__getitem__)
    production.sold(rare, 1000, truth.shift.start_s + 1)
    after = sum(lot.good for lot in production.finish(2.0) if lot.sku == rare)
    production.sold(rare, 1000, truth.shift.start_s - 1)
    before = sum(lot.good for lot in production.finish(2.0) if lot.sku == rare)
    assert after < 20
    assert before > 500

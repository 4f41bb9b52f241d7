"""Rows of capability are in the store exactly as the shards' state has them, whatever crashes when."""

from __future__ import annotations

import random

import pytest

from models.line.capabilities import CAPABILITY, CapabilityRow, decode
from models.line.document import (
    ChartChoice,
    LineChoice,
    LineRules,
    MachineChoice,
    SensorChoice,
    SpecChoice,
)
from streams.documents import LINE, apply
from streams.driver import Boundary, Driver
from streams.floors import rows
from streams.store.memory import MemoryStore
from streams.topology import ShardId
from tests.streams.events import START, sample

MACHINES = ("m1", "m2")  # one of either shard
BOUNDARIES: list[Boundary] = ["before_apply", "after_apply"]


def specified(**spec: float) -> LineRules:
    sensor = SensorChoice(spec=SpecChoice(**spec), control_chart=ChartChoice(size=2, every_s=4.0))
    machine = MachineChoice(sensors={"t": sensor})
    return LineRules(lines={"l1": LineChoice(machines=dict.fromkeys(MACHINES, machine))})


def put(driver: Driver, rules: LineRules | None) -> None:
    """Apply rules as an operator does, and let the worker's timer come round."""
    driver._loop.run(apply(driver.store, LINE, rules))
    driver.merge()


def run_line(driver: Driver, first: int, seconds: int) -> None:
    """Have either machine's sensor say something each second."""
    for second in range(first, first + seconds):
        rng = random.Random(second)
        for machine in MACHINES:
            driver.pipe("sensors", sample(second, rng.gauss(60.0, 0.5), machine=machine))


def kept(driver: Driver) -> dict[str, CapabilityRow]:
    """The rows in the store, by machine."""
    found = driver._loop.run(rows(driver.store, CAPABILITY, decode, "A row"))
    assert len(found) == len({row.machine for row in found})
    return {row.machine: row for row in found}


def charted(driver: Driver) -> dict[str, int]:
    """How many values there are in the state, by machine."""
    found = {}
    for number in range(2):
        for (_, machine), own in driver.state(ShardId("floor", number)).machines.items():
            found[machine] = own.sensors["t"].charting.chart.spread.n
    return found


def test_each_shard_keeps_the_rows_of_its_sensors() -> None:
    with Driver(partitions=2) as driver:
        put(driver, specified(lower=58.0, upper=62.0))
        run_line(driver, 0, 120)
        driver.advance(START + 130.0)
        found = kept(driver)
        assert {name: row.spread.n for name, row in found.items()} == dict.fromkeys(MACHINES, 60)
        assert charted(driver) == dict.fromkeys(MACHINES, 60)
        put(driver, specified(upper=61.0))
        run_line(driver, 130, 1)
        driver.advance(START + 140.0)
        assert {row.spec.upper for row in kept(driver).values()} == {61.0}
        put(driver, None)
        run_line(driver, 140, 1)
        driver.advance(START + 150.0)
        assert kept(driver) == {}


@pytest.mark.parametrize("snapshots", [False, True])
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_rows_are_the_same_whatever_crashes_when(boundary: Boundary, *, snapshots: bool) -> None:
    def run(*, crashes: bool) -> dict[str, CapabilityRow]:
        with Driver(partitions=2, store=MemoryStore()) as driver:
            put(driver, specified(lower=58.0, upper=62.0))
            for turn in range(6):
                run_line(driver, 20 * turn, 20)
                if crashes:
                    if snapshots and turn % 2:
                        driver.snapshot()
                    driver.crash_at(boundary)
            run_line(driver, 120, 4)
            assert (driver.crashes > 3) == crashes
            driver.advance(START + 130.0)
            return kept(driver)

    steady = run(crashes=False)
    assert steady.keys() == set(MACHINES)
    assert run(crashes=True) == steady

"""The made-up factory: sensors that scatter and fail, machines that stop, goods that get made."""

from __future__ import annotations

from heapq import heappop, heappush

from schemas.sensors import MachineState, Measurement, ProductionCount
from schemas.topics import SENSORS
from streams.replay.records import Record
from streams.simulate.dice import dice
from streams.simulate.equipment import COUNTING_MACHINE, LINES, MACHINES, SPOTS
from streams.simulate.faults import Fault
from streams.simulate.machine import Machine
from streams.simulate.messages import moment
from streams.simulate.numbering import Numbering
from streams.simulate.production import Production
from streams.simulate.sensor import Sensor
from streams.simulate.truth import CYCLE_S, Truth

_COUNT_EVERY_S = 2.0


class Factory:
    """Makes the events of the topic sensors."""

    def __init__(
        self,
        truth: Truth,
        seed: int,
        *,
        units_per_s: float = 20.0,
        names: Numbering | None = None,
    ) -> None:
        """Build the machines; ``units_per_s`` are made until the first sale is told."""
        self.production = Production(truth, dice(seed, "production"), units_per_s)
        self._truth = truth
        self._names = names or Numbering(f"floor-{seed}")
        self._machines = [
            Machine(line, name, dice(seed, f"{line}/{name}")) for line in LINES for name in MACHINES
        ]
        self._sensors = [Sensor(spot, dice(seed, "/".join(spot))) for spot in SPOTS]
        # The sensors take turns within a period, as they would on a real line.
        self._due = [
            (truth.period_s * turn / len(SPOTS), turn) for turn in range(len(self._sensors))
        ]
        self._next_count = _COUNT_EVERY_S
        self._cycle = -1
        self._faults: list[Fault] = []
        self._start: float | None = None

    def step(self, now: float, dt: float) -> list[Record]:
        """Return what happened in the ``dt`` seconds before ``now``, in the order of time."""
        made: list[Record] = []
        if self._start is None:
            self._start = now - dt
            made += [self._state(machine, self._start) for machine in self._machines]
        elapsed = now - self._start
        self._look_ahead(elapsed)
        while self._due[0][0] <= elapsed:
            at, turn = heappop(self._due)
            made.append(self._measure(self._sensors[turn], at))
            heappush(self._due, (at + self._truth.period_s, turn))
        for machine in self._machines:
            faulty = self._is_faulty(machine, elapsed)
            for at, _ in machine.changes(elapsed, faulty=faulty):
                made.append(self._state(machine, self._start + at))
        while self._next_count <= elapsed:
            made += self._count(self._start + self._next_count)
            self._next_count += _COUNT_EVERY_S
        made.sort(key=lambda record: record.at)
        return made

    def _look_ahead(self, elapsed: float) -> None:
        """Keep the faults that are on or still to come."""
        cycle = int(elapsed // CYCLE_S)
        while self._cycle < cycle:
            self._cycle += 1
            self._faults += self._truth.faults_of(self._cycle)
        self._faults = [fault for fault in self._faults if fault.end_s > elapsed - CYCLE_S]

    def _is_faulty(self, machine: Machine, elapsed: float) -> bool:
        return any(
            fault.machine == machine.name
            and fault.line == machine.line
            and fault.start_s - 5.0 <= elapsed < fault.end_s
            for fault in self._faults
        )

    def _measure(self, sensor: Sensor, elapsed: float) -> Record:
        line, machine, name = sensor.spot
        fault = next(
            (
                fault
                for fault in self._faults
                if fault.start_s <= elapsed < fault.end_s
                and fault.sensor == name
                and fault.machine == machine
                and fault.line == line
            ),
            None,
        )
        sample = sensor.sample(elapsed, fault)
        at = (self._start or 0.0) + elapsed
        event = Measurement(
            event_id=self._names.next(),
            occurred_at=moment(at),
            line=line,
            machine=machine,
            sensor=name,
            value=sample.value,
            unit=sensor.unit,
            quality=sample.quality,
            seq=sample.seq,
        )
        return Record(SENSORS.name, f"{line}/{machine}".encode(), event, at)

    def _state(self, machine: Machine, at: float) -> Record:
        event = MachineState(
            event_id=self._names.next(),
            occurred_at=moment(at),
            line=machine.line,
            machine=machine.name,
            state=machine.state,
        )
        return Record(SENSORS.name, f"{machine.line}/{machine.name}".encode(), event, at)

    def _count(self, at: float) -> list[Record]:
        return [
            Record(
                SENSORS.name,
                f"{lot.line}/{COUNTING_MACHINE}".encode(),
                ProductionCount(
                    event_id=self._names.next(),
                    occurred_at=moment(at),
                    line=lot.line,
                    machine=COUNTING_MACHINE,
                    sku=lot.sku,
                    good=lot.good,
                    scrap=lot.scrap,
                ),
                at,
            )
            for lot in self.production.finish(_COUNT_EVERY_S)
        ]

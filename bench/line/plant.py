"""The line: sensors, machines that are changed over now and then, and faults planted over the shift."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from schemas.sensors import MachineState, Measurement, Sensors
from streams.simulate.dice import dice
from streams.simulate.equipment import GAUGES, Spot
from streams.simulate.faults import KINDS, Fault, Kind
from streams.simulate.machine import Machine
from streams.simulate.sensor import WAVE_SIGMAS, Sensor

LINES = ("line-1", "line-2")
MACHINES_OF_A_LINE = 5
START = 1_790_000_000.0
_SHOWS_AT_SIGMAS = 3.0 + WAVE_SIGMAS
"""A drift shows from here on: below it is within what noise and wave of the sensor do anyway."""
_SIZES: dict[Kind, tuple[float, float]] = {
    "spike": (10.0, 14.0), "drift": (9.0, 12.0), "level_shift": (7.0, 10.0), "stuck": (0.0, 0.0),
    "bad_quality": (0.0, 0.0), "variance_burst": (6.0, 8.0),
}  # fmt: skip
_LASTS_S: dict[Kind, float] = {
    "spike": 8.0, "drift": 1200.0, "level_shift": 600.0, "stuck": 300.0, "bad_quality": 300.0,
    "variance_burst": 300.0,
}  # fmt: skip
_SHOWS_AFTER_SAMPLES: dict[Kind, int] = {"stuck": 20, "bad_quality": 5}
"""A sensor may well say the same twice, or lose a sample."""


@dataclass(frozen=True, slots=True)
class Shift:
    """What is simulated; times in seconds."""

    hours: float = 8.0
    every_s: float = 2.0
    """Between two samples of a sensor."""
    faults: int = 12
    seed: int = 7
    quiet_s: float = 1800.0
    """Before the first fault, so that it is known what is normal."""

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.hours * 3600.0


def spots() -> tuple[Spot, ...]:
    """Return where the sensors are: four on each machine."""
    return tuple(
        Spot(line, f"machine-{number}", gauge)
        for line in LINES
        for number in range(1, MACHINES_OF_A_LINE + 1)
        for gauge in GAUGES
    )


def planted(shift: Shift) -> tuple[Fault, ...]:
    """Return the faults: kinds and sensors by turns, spread over the shift so that none meets another."""
    rng = dice(shift.seed, "planted")
    places = rng.sample(spots(), k=shift.faults)
    kinds = [kind for _ in range(shift.faults) for kind in rng.sample(KINDS, k=len(KINDS))]
    room = (shift.seconds - shift.quiet_s) / shift.faults
    found = []
    for turn, (place, kind) in enumerate(zip(places, kinds, strict=False)):
        lasts = min(_LASTS_S[kind], 0.8 * room)
        start = shift.quiet_s + room * turn + (room - lasts) * rng.random()
        sign = 1.0 if kind == "variance_burst" else rng.choice((-1.0, 1.0))
        sigmas = sign * rng.uniform(*_SIZES[kind])
        found.append(Fault(*place, kind, start, lasts, sigmas))
    return tuple(found)


def shows_at(fault: Fault, every_s: float) -> float:
    """Return when a fault can be told from what the sensor does anyway, in seconds of the shift."""
    if fault.kind == "drift":
        return fault.start_s + _SHOWS_AT_SIGMAS / abs(fault.sigmas) * fault.duration_s
    return fault.start_s + _SHOWS_AFTER_SAMPLES.get(fault.kind, 0) * every_s


def events(shift: Shift, faults: tuple[Fault, ...]) -> Iterator[Sensors]:
    """Yield what the line says, in the order of time."""
    own: dict[Spot, list[Fault]] = {}
    for fault in faults:
        own.setdefault(Spot(fault.line, fault.machine, fault.sensor), []).append(fault)
    sensors = [Sensor(spot, dice(shift.seed, "/".join(spot))) for spot in spots()]
    machines = {
        (spot.line, spot.machine): Machine(spot.line, spot.machine, _of(shift, spot))
        for spot in spots()
    }
    number = 0
    for turn in range(int(shift.seconds / shift.every_s)):
        begun = turn * shift.every_s
        for place, sensor in enumerate(sensors):
            spot = sensor.spot
            at = begun + shift.every_s * place / len(sensors)
            machine = machines[spot.line, spot.machine]
            faulty = any(
                (fault.line, fault.machine) == spot[:2] and fault.start_s - 5.0 <= at < fault.end_s
                for fault in faults
            )
            for changed, state in machine.changes(at, faulty=faulty):
                number += 1
                yield MachineState(
                    event_id=f"e{number}", occurred_at=_moment(changed), line=spot.line,
                    machine=spot.machine, state=state,
                )  # fmt: skip
            now = next((each for each in own.get(spot, ()) if each.active(at)), None)
            sample = sensor.sample(at, now)
            number += 1
            yield Measurement(
                event_id=f"e{number}", occurred_at=_moment(at), line=spot.line,
                machine=spot.machine, sensor=spot.sensor, value=sample.value, unit=sensor.unit,
                quality=sample.quality, seq=sample.seq,
            )  # fmt: skip


def _of(shift: Shift, spot: Spot) -> Random:
    return dice(shift.seed, f"{spot.line}/{spot.machine}")


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(START + at, UTC)

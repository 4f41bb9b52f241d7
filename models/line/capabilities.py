"""What is known of the processes that have a specification: a row in the store for each such sensor.

A row holds sums, and whoever reads it works the indices out (`models.spc.capability`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice

import msgspec

from models.effects import SEPARATOR, Effects
from models.line.machine import MachineWatch
from models.line.plans import SensorPlan
from models.line.telling import Place
from models.spc.capability import Capability, Refusal, Refused, Specification, capability
from models.spc.control import Standing
from models.spc.spread import Spread

CAPABILITY = "capability"
"""The hash of the rows: by line, machine and sensor, joined by `SEPARATOR`."""
AT_ONCE = 500
"""So many rows are written at one look, the others at the next ones: the store does nothing else meanwhile."""

Why = Refusal | Standing
"""Why there are no indices: where the chart is the reason, what it says."""


class CapabilityRow(msgspec.Struct, frozen=True, kw_only=True):
    """All that a sensor's indices are worked out of, in its canonical unit."""

    line: str
    machine: str
    sensor: str
    unit: str
    spec: Specification
    spread: Spread
    """Of all values since the chart began to learn, or since its last signal."""
    standing: Standing
    quiet: int
    """Subgroups since then that the chart was ready for, and gave no signal."""

    def indices(self) -> Capability | Why:
        """Return the indices, or why there are none."""
        found = capability(self.spread, self.spec, in_control=self.standing == "in_control")
        if not isinstance(found, Refused):
            return found
        # After a signal there are few values, too, and that is not what to look at.
        by_chart = "out_of_control" in (found.reason, self.standing)
        return self.standing if by_chart else found.reason


_encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(CapabilityRow).decode
"""Return the row that was written."""


class Capabilities:
    """Which rows there are, and which of them are to be written anew."""

    def __init__(self) -> None:
        self._kept: dict[Place, None] = {}
        self._changed: dict[Place, None] = {}
        """In the order in which that was seen."""

    def look(
        self, machines: Mapping[tuple[str, str], MachineWatch],
        plan_of: Callable[[Place], SensorPlan], effects: Effects,
    ) -> None:  # fmt: skip
        """Write the rows of the sensors whose charts have changed."""
        for key, machine in machines.items():
            for name, sensor in machine.sensors.items():
                if sensor.charted:
                    sensor.charted = False
                    self._changed[Place(*key, name)] = None
        for place in list(islice(self._changed, AT_ONCE)):
            del self._changed[place]
            self._write(place, machines, plan_of(place), effects)

    def look_again(self) -> None:
        """Look at all rows again: other line rules hold."""
        self._changed.update(self._kept)

    def forget(self, gone: Place, effects: Effects) -> None:
        """Forget a sensor that is gone, or that has no specification any more."""
        self._changed.pop(gone, None)
        if gone in self._kept:
            del self._kept[gone]
            effects.drop(CAPABILITY, _field(gone))

    def _write(
        self, place: Place, machines: Mapping[tuple[str, str], MachineWatch], plan: SensorPlan,
        effects: Effects,
    ) -> None:  # fmt: skip
        line, machine, name = place.line, str(place.machine), str(place.sensor)
        sensor = machines[line, machine].sensors[name]
        charting = sensor.charting
        if plan.spec is None or charting is None:
            self.forget(place, effects)
            return
        self._kept[place] = None
        row = CapabilityRow(
            line=line, machine=machine, sensor=name, unit=sensor.score.unit, spec=plan.spec,
            spread=charting.chart.spread, standing=charting.standing, quiet=charting.chart.quiet,
        )  # fmt: skip
        effects.put(CAPABILITY, _field(place), _encode(row))


def _field(place: Place) -> str:
    return SEPARATOR.join((place.line, str(place.machine), str(place.sensor)))

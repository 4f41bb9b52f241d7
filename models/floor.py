"""The floor's shard: what one partition of the sensors knows, and its steps. Pure, as the shop's."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from models.bounded import RecentNames
from models.cleaning.quality import quality_class
from models.cleaning.seen import SeenIds
from models.cleaning.timeliness import too_early
from models.cleaning.units import KNOWN, conversion_of
from models.effects import Effects, Origin, Output
from models.line.findings import Finding, Rule
from models.line.machine import MachineWatch, WatchSettings
from models.line.sensor import SensorWatch
from models.line.telling import Place, Told, alert_of, priority_of
from models.propensity.settings import Family, Pin
from models.shop import Outcome
from models.view import View
from schemas.decoding import Reject
from schemas.sensors import FloorEvent, MachineState, Measurement, ProductionCount
from schemas.topics import ALERTS

MADE = "count:made"
SCRAPPED = "count:scrapped"
_LOOK_EVERY_S = 5.0
"""So often it is looked which sensors have fallen silent."""


@dataclass(frozen=True, slots=True)
class FloorSettings:
    """How a floor shard works."""

    watch: WatchSettings = field(default_factory=WatchSettings)
    max_sensors: int = 20_000
    max_skus: int = 50_000
    seen_ids: int = 50_000


class FloorShard:
    """The state of one floor shard."""

    def __init__(self, settings: FloorSettings) -> None:
        self.settings = settings
        self.clock = 0.0
        self.late = 0
        self.bad = 0
        self.machines: dict[tuple[str, str], MachineWatch] = {}
        self.told: dict[tuple[Place, Rule], Told] = {}
        """What the alarms that are not over were raised for."""
        self._sensors: OrderedDict[Place, None] = OrderedDict()
        """Those heard of last come last: the others go when there are too many."""
        self._articles = RecentNames(settings.max_skus)
        self._seen = SeenIds(settings.seen_ids)

    def accept(self, event: Any, origin: Origin, effects: Effects) -> Outcome:
        """Take an event in; say whether it was accepted, a duplicate, or why it was refused."""
        at = event.occurred_at.timestamp()
        refused = too_early(at, origin.timestamp)
        if refused is not None:
            return refused
        if type(event) is Measurement:
            conversion = conversion_of(event.unit)
            if isinstance(conversion, Reject):
                return conversion
        if event.event_id in self._seen:
            return "duplicate"
        self._pass_time(at, effects)
        _STEPS[type(event)](self, event, at, effects)
        # Last: an event whose step raises is a dead letter, which may be sent again as it is.
        self._seen.add(event.event_id)
        return "accepted"

    def adopt(self, view: View, effects: Effects) -> None:
        """The floor reads no merged view."""

    def resume(self, view: View) -> None:
        """The floor reads no merged view."""

    def can_pin(self, family: Family, name: Pin) -> bool:
        """The floor has no classifiers that could serve."""
        del family
        return name == "none"

    def pin(self, family: Family, name: Pin) -> bool:
        """The floor has no classifiers that could serve."""
        del family, name
        return False

    def tick(self, at: float, effects: Effects) -> None:
        """Let time pass without events."""
        self._pass_time(at, effects)

    def publish(self, effects: Effects) -> None:
        """Nothing of the floor is merged from blobs: its counts are deltas."""

    def report(self) -> dict[tuple[str, str], float]:
        """Return model metrics as ``(model, metric) -> value``."""
        priorities = [told.priority for told in self.told.values()]
        learning = sum(
            machine.score is not None and machine.score.learning
            for machine in self.machines.values()
        )
        return {
            ("sensors", "known"): float(len(self._sensors)),
            ("sensors", "late"): float(self.late),
            ("sensors", "bad_quality"): float(self.bad),
            ("machines", "known"): float(len(self.machines)),
            ("machines", "learning"): float(learning),
            **{
                ("alarms", priority): float(priorities.count(priority))
                for priority in ("low", "medium", "high")
            },
        }

    # -- steps ------------------------------------------------------------------------------------

    def measurement_step(self, event: Measurement, at: float, effects: Effects) -> None:
        """A sample: score it, step the alarms, learn if all is quiet."""
        conversion = KNOWN[event.unit]  # accept() lets no unknown unit pass
        place = Place(event.line, event.machine, event.sensor)
        machine, sensor = self._watch(place, conversion.unit)
        if at < sensor.last_at:
            self.late += 1  # counted, but no model and no alarm moves backwards
            return
        quality = quality_class(event.quality)
        self.bad += event.value is None or quality == "bad"
        if machine.state != "running":
            sensor.last_at = at
            sensor.rest.hear(at)
            return
        x = None if event.value is None else event.value * conversion.factor + conversion.offset
        if x is not None and quality != "bad" and conversion.unit != sensor.score.unit:
            sensor.score.unit = conversion.unit
            sensor.relearn(self.settings.watch.sensor)
        for name, finding in machine.take(event.sensor, x, quality, at, self.settings.watch):
            self._tell(place._replace(sensor=name), finding, event.occurred_at, effects)

    def count_step(self, event: ProductionCount, at: float, effects: Effects) -> None:
        """Units made: what production really makes."""
        del at
        self._articles.touch(event.sku)
        if event.good:
            effects.add(MADE, event.sku, event.good)
        if event.scrap:
            effects.add(SCRAPPED, event.sku, event.scrap)
        for sku in self._articles.cut():
            effects.drop(MADE, sku)
            effects.drop(SCRAPPED, sku)

    def state_step(self, event: MachineState, at: float, effects: Effects) -> None:
        """The machine's state: a machine that stands still is not scored."""
        key = (event.line, event.machine)
        known = key in self.machines
        machine = self._machine(*key)
        if not known:
            self._forget_empty()
        machine.state = event.state
        for name, finding in machine.suppress(at, "not_running", on=event.state != "running"):
            self._tell(Place(*key, name), finding, event.occurred_at, effects)

    # -- parts of steps ---------------------------------------------------------------------------

    def _machine(self, line: str, name: str) -> MachineWatch:
        machine = self.machines.get((line, name))
        if machine is None:
            machine = self.machines[line, name] = MachineWatch()
        return machine

    def _watch(self, place: Place, unit: str) -> tuple[MachineWatch, SensorWatch]:
        machine = self._machine(place.line, place.machine)
        name = str(place.sensor)
        sensor = machine.sensors.get(name)
        if sensor is None:
            sensor = machine.sensors[name] = SensorWatch(unit, self.settings.watch.sensor)
        self._sensors[place] = None
        self._sensors.move_to_end(place)
        if len(self._sensors) > self.settings.max_sensors:
            gone, _ = self._sensors.popitem(last=False)
            self._forget(gone)
        return machine, sensor

    def _forget(self, place: Place) -> None:
        for told in [key for key in self.told if key[0] == place]:
            del self.told[told]
        machine = self.machines[place.line, place.machine]
        del machine.sensors[str(place.sensor)]
        if not machine.sensors:
            del self.machines[place.line, place.machine]
            self.told.pop((place._replace(sensor=None), "multivariate"), None)

    def _forget_empty(self) -> None:
        """Keep no more machines than sensors may be: some say their state and nothing else."""
        if len(self.machines) <= self.settings.max_sensors:
            return
        gone = next((key for key, own in self.machines.items() if not own.sensors), None)
        if gone is not None:
            del self.machines[gone]

    def _pass_time(self, at: float, effects: Effects) -> None:
        """Go on to a time; now and then look who has fallen silent."""
        before, self.clock = self.clock, max(self.clock, at)
        # On a grid of time: nothing else has to be remembered, and a replay looks at the same moments.
        if self.clock // _LOOK_EVERY_S == before // _LOOK_EVERY_S:
            return
        now = datetime.fromtimestamp(self.clock, UTC)
        for key, machine in self.machines.items():
            if machine.state != "running":
                continue
            for name, sensor in machine.sensors.items():
                for finding in sensor.pass_time(self.clock, self.settings.watch.sensor):
                    self._tell(Place(*key, name), finding, now, effects)

    def _tell(self, place: Place, finding: Finding, at: datetime, effects: Effects) -> None:
        key, state = (place, finding.rule), finding.change.after
        told = self.told.get(key)
        if told is None:
            told = Told(finding.evidence.condition, priority_of(finding.evidence))
        if state in ("normal", "returned"):
            self.told.pop(key, None)
        else:
            self.told[key] = told
        unit = None
        if place.sensor is not None:
            unit = self.machines[place.line, place.machine].sensors[place.sensor].score.unit
        alert = alert_of(place, finding, told, at=at, unit=unit, alert_id=effects.new_id())
        effects.send(
            Output(ALERTS.name, f"{place.line}/{place.machine}".encode(), alert.alert_id, alert)
        )


_STEPS: dict[type[FloorEvent], Callable[[FloorShard, Any, float, Effects], None]] = {
    Measurement: FloorShard.measurement_step,
    ProductionCount: FloorShard.count_step,
    MachineState: FloorShard.state_step,
}

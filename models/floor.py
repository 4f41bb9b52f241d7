"""The floor's shard: what one partition of the sensors knows, and its steps. Pure, as the shop's."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from models.alarms.latch import Change, Latch, LatchSettings
from models.cleaning.quality import quality_class
from models.cleaning.seen import SeenIds
from models.cleaning.timeliness import too_early
from models.cleaning.units import conversion_of
from models.effects import Effects, Origin, Output
from models.scorers.sensor import Running, ScorerSettings, SensorScore, Verdict
from models.shop import Outcome
from models.view import View
from schemas.decoding import Reject
from schemas.outputs import Alert
from schemas.sensors import FloorEvent, MachineState, Measurement, ProductionCount
from schemas.topics import ALERTS

MADE = "count:made"
SCRAPPED = "count:scrapped"
_ALARMS = uuid.uuid5(uuid.NAMESPACE_URL, "tailorline/alarms")
_SAYS = {
    "deviation": "is off its normal level",
    "spread": "varies more than normal",
    "flat_line": "has not moved, though it normally does",
    "bad_quality": "reports bad quality",
}
Priority = Literal["low", "medium", "high"]


@dataclass(frozen=True, slots=True)
class FloorSettings:
    """How a floor shard works."""

    scorer: ScorerSettings = field(default_factory=ScorerSettings)
    latch: LatchSettings = field(default_factory=LatchSettings)
    max_sensors: int = 20_000
    seen_ids: int = 50_000


@dataclass(slots=True)
class Sensor:
    """A sensor's scorer and alarm."""

    score: SensorScore
    latch: Latch
    last_at: float = 0.0


class FloorShard:
    """The state of one floor shard."""

    def __init__(self, settings: FloorSettings) -> None:
        self.settings = settings
        self.clock = 0.0
        self.late = 0
        self.bad = 0
        self.sensors: OrderedDict[tuple[str, str, str], Sensor] = OrderedDict()
        self.states: dict[tuple[str, str], str] = {}
        self.active: dict[tuple[str, str, str], Priority] = {}
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
        if not self._seen.first_time(event.event_id):
            return "duplicate"
        self.clock = max(self.clock, at)
        _STEPS[type(event)](self, event, at, effects)
        return "accepted"

    def adopt(self, view: View, effects: Effects) -> None:
        """The floor reads no merged view."""

    def tick(self, at: float, effects: Effects) -> None:
        """Let time pass without events."""
        del effects
        self.clock = max(self.clock, at)

    def publish(self, effects: Effects) -> None:
        """Nothing of the floor is merged from blobs: its counts are deltas."""

    def report(self) -> dict[tuple[str, str], float]:
        """Return model metrics as ``(model, metric) -> value``."""
        return {
            ("sensors", "known"): float(len(self.sensors)),
            ("sensors", "late"): float(self.late),
            ("sensors", "bad_quality"): float(self.bad),
            **{
                ("alarms", priority): float(list(self.active.values()).count(priority))
                for priority in ("low", "medium", "high")
            },
        }

    # -- steps ------------------------------------------------------------------------------------

    def measurement_step(self, event: Measurement, at: float, effects: Effects) -> None:
        """A sample: score it, step the alarm, learn if all is quiet."""
        sensor = self._sensor(event)
        if at < sensor.last_at:
            self.late += 1  # counted, but no model and no alarm moves backwards
            return
        sensor.last_at = at
        quality = quality_class(event.quality)
        if event.value is None or quality == "bad":
            self._bad_sample(event, sensor, at, effects)
            return
        if self.states.get((event.line, event.machine), "running") != "running":
            return
        conversion = conversion_of(event.unit)
        if isinstance(conversion, Reject):
            raise TypeError("accept() lets no unknown unit pass")
        if conversion.unit != sensor.score.unit:
            sensor.score = _new_score(conversion.unit)
        value = event.value * conversion.factor + conversion.offset
        settings = self.settings
        verdict = sensor.score.score(value, settings.scorer)
        if verdict is not None:
            change = sensor.latch.step(verdict.z, at, settings.latch, sudden=verdict.sudden)
            if sensor.latch.expired(settings.latch):
                sensor.score, change = _new_score(conversion.unit), sensor.latch.clear()
            if change is not None:
                self._tell(event, sensor, verdict, change, value, effects)
        if quality == "good":
            sensor.score.learn(value, settings.scorer, quiet=sensor.latch.quiet)

    def count_step(self, event: ProductionCount, at: float, effects: Effects) -> None:
        """Units made: what production really makes."""
        del at
        if event.good:
            effects.add(MADE, event.sku, event.good)
        if event.scrap:
            effects.add(SCRAPPED, event.sku, event.scrap)

    def state_step(self, event: MachineState, at: float, effects: Effects) -> None:
        """The machine's state: a machine that stands still is not scored."""
        del at, effects
        self.states[event.line, event.machine] = event.state
        if len(self.states) > self.settings.max_sensors:
            del self.states[next(iter(self.states))]

    # -- parts of steps ---------------------------------------------------------------------------

    def _sensor(self, event: Measurement) -> Sensor:
        key = (event.line, event.machine, event.sensor)
        sensor = self.sensors.get(key)
        if sensor is None:
            conversion = conversion_of(event.unit)
            unit = "1" if isinstance(conversion, Reject) else conversion.unit
            sensor = self.sensors[key] = Sensor(_new_score(unit), Latch())
            if len(self.sensors) > self.settings.max_sensors:
                gone, _ = self.sensors.popitem(last=False)
                self.active.pop(gone, None)
        else:
            self.sensors.move_to_end(key)
        return sensor

    def _bad_sample(self, event: Measurement, sensor: Sensor, at: float, effects: Effects) -> None:
        self.bad += 1
        run = sensor.score.bad_sample()
        if run >= self.settings.scorer.bad_run:
            z = float(self.settings.latch.limit)
            verdict = Verdict("bad_quality", z, None, sudden=run == self.settings.scorer.bad_run)
            change = sensor.latch.step(z, at, self.settings.latch, sudden=verdict.sudden)
            if change is not None:
                self._tell(event, sensor, verdict, change, None, effects)

    def _tell(
        self,
        event: Measurement,
        sensor: Sensor,
        verdict: Verdict,
        change: Change,
        value: float | None,
        effects: Effects,
    ) -> None:
        """Send the change of an alarm's state."""
        key = (event.line, event.machine, event.sensor)
        limit = self.settings.latch.limit
        if change == "active":
            sensor.latch.condition = verdict.condition
            self.active[key] = _priority(verdict, limit)
        condition: Any = sensor.latch.condition
        priority = self.active[key]
        if change == "cleared":
            del self.active[key]
        name = "/".join(key)
        text = (
            f"{name} {_SAYS[condition]} ({verdict.z:.1f} sigma, limit {limit:.1f})."
            if change == "active"
            else f"{name} is back to normal."
        )
        alert_id = effects.new_id()
        alert = Alert(
            alert_id=alert_id,
            alarm_id=str(uuid.uuid5(_ALARMS, name)),
            occurrence=sensor.latch.occurrence,
            state=change,
            occurred_at=event.occurred_at,
            since=datetime.fromtimestamp(sensor.latch.since, UTC),
            line=event.line,
            machine=event.machine,
            sensor=event.sensor,
            condition=condition,
            priority=priority,
            value=value,
            unit=sensor.score.unit,
            expected=verdict.expected,
            z=verdict.z,
            limit=limit,
            text=text,
        )
        effects.send(Output(ALERTS.name, f"{event.line}/{event.machine}".encode(), alert_id, alert))


def _new_score(unit: str) -> SensorScore:
    return SensorScore(unit, Running())


def _priority(verdict: Verdict, limit: float) -> Priority:
    if verdict.condition == "bad_quality":
        return "low"
    return "high" if verdict.z >= 2 * limit else "medium"


_STEPS: dict[type[FloorEvent], Callable[[FloorShard, Any, float, Effects], None]] = {
    Measurement: FloorShard.measurement_step,
    ProductionCount: FloorShard.count_step,
    MachineState: FloorShard.state_step,
}

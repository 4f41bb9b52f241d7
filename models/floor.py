"""The floor's shard: what one partition of the sensors knows, and its steps. Pure, as the shop's."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from models.alarms.latch import Change, Latch, LatchSettings
from models.bounded import RecentNames
from models.cleaning.quality import quality_class
from models.cleaning.seen import SeenIds
from models.cleaning.timeliness import too_early
from models.cleaning.units import KNOWN, conversion_of
from models.effects import Effects, Origin, Output
from models.propensity.settings import Family, Pin
from models.scorers.sensor import ScorerSettings, SensorScore, Verdict
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
_MAY_BE_NORMAL = frozenset({"deviation", "spread"})
"""What turns out to be normal if it lasts: a new level, but not a dead sensor."""
_NOTHING = Verdict("deviation", 0.0, None)
Priority = Literal["low", "medium", "high"]


@dataclass(frozen=True, slots=True)
class FloorSettings:
    """How a floor shard works."""

    scorer: ScorerSettings = field(default_factory=ScorerSettings)
    latch: LatchSettings = field(default_factory=LatchSettings)
    max_sensors: int = 20_000
    max_skus: int = 50_000
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
        self.clock = max(self.clock, at)
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
        conversion = KNOWN[event.unit]  # accept() lets no unknown unit pass
        sensor = self._sensor(event, conversion.unit)
        if at < sensor.last_at:
            self.late += 1  # counted, but no model and no alarm moves backwards
            return
        sensor.last_at = at
        quality = quality_class(event.quality)
        bad = event.value is None or quality == "bad"
        self.bad += bad
        if self.states.get((event.line, event.machine), "running") != "running":
            return
        if event.value is None or bad:
            self._bad_sample(event, sensor, at, effects)
            return
        if conversion.unit != sensor.score.unit:
            sensor.score = SensorScore(conversion.unit)
        sensor.score.bad = 0
        value = event.value * conversion.factor + conversion.offset
        self._score(event, sensor, value, at, effects)
        if quality == "good":
            sensor.score.learn(value, self.settings.scorer, quiet=sensor.latch.quiet)

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
        del at, effects
        self.states[event.line, event.machine] = event.state
        if len(self.states) > self.settings.max_sensors:
            del self.states[next(iter(self.states))]

    # -- parts of steps ---------------------------------------------------------------------------

    def _sensor(self, event: Measurement, unit: str) -> Sensor:
        key = (event.line, event.machine, event.sensor)
        sensor = self.sensors.get(key)
        if sensor is None:
            sensor = self.sensors[key] = Sensor(SensorScore(unit), Latch())
            if len(self.sensors) > self.settings.max_sensors:
                gone, _ = self.sensors.popitem(last=False)
                self.active.pop(gone, None)
        else:
            self.sensors.move_to_end(key)
        return sensor

    def _score(
        self, event: Measurement, sensor: Sensor, value: float, at: float, effects: Effects
    ) -> None:
        latch, settings = sensor.latch, self.settings.latch
        # While a baseline is learnt nothing is unusual; an alarm from before can clear.
        verdict = sensor.score.score(value, self.settings.scorer) or _NOTHING
        change = latch.step(verdict.z, at, settings, sudden=verdict.sudden)
        text = ""
        if verdict.condition in _MAY_BE_NORMAL and latch.expired(verdict.z, settings):
            sensor.score, change = SensorScore(sensor.score.unit), latch.clear()
            text = f"has been so for {latch.samples} samples: from now on that is its normal level"
        if change is not None:
            self._tell(event, sensor, verdict, change, value, effects, text)

    def _bad_sample(self, event: Measurement, sensor: Sensor, at: float, effects: Effects) -> None:
        if sensor.score.bad_sample() < self.settings.scorer.bad_run:
            return
        verdict = Verdict("bad_quality", self.settings.latch.limit, None, sudden=True)
        change = sensor.latch.step(verdict.z, at, self.settings.latch, sudden=verdict.sudden)
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
        text: str = "",
    ) -> None:
        """Send the change of an alarm's state."""
        key = (event.line, event.machine, event.sensor)
        limit = self.settings.latch.limit
        if change == "active":
            sensor.latch.condition = verdict.condition
            self.active[key] = priority = _priority(verdict, limit)
            text = _SAYS[verdict.condition]
            if verdict.condition in _MAY_BE_NORMAL:
                text += f" ({verdict.z:.1f} sigma, limit {limit:.1f})"
        else:
            priority = self.active.pop(key)
            text = text or "is back to normal"
        name = "/".join(key)
        alert = Alert(
            alert_id=effects.new_id(),
            alarm_id=str(uuid.uuid5(_ALARMS, name)),
            occurrence=sensor.latch.occurrence,
            state=change,
            occurred_at=event.occurred_at,
            since=datetime.fromtimestamp(sensor.latch.since, UTC),
            line=event.line,
            machine=event.machine,
            sensor=event.sensor,
            condition=sensor.latch.condition,
            priority=priority,
            value=value,
            unit=sensor.score.unit,
            expected=verdict.expected,
            z=verdict.z,
            limit=limit,
            text=f"{name} {text}.",
        )
        machine = f"{event.line}/{event.machine}".encode()
        effects.send(Output(ALERTS.name, machine, alert.alert_id, alert))


def _priority(verdict: Verdict, limit: float) -> Priority:
    if verdict.condition == "bad_quality":
        return "low"
    return "high" if verdict.condition in _MAY_BE_NORMAL and verdict.z >= 2 * limit else "medium"


_STEPS: dict[type[FloorEvent], Callable[[FloorShard, Any, float, Effects], None]] = {
    Measurement: FloorShard.measurement_step,
    ProductionCount: FloorShard.count_step,
    MachineState: FloorShard.state_step,
}

"""The floor's shard: what one partition of the sensors knows, and its steps. Pure, as the shop's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from models.alarms.alarm import UNHEARD
from models.alarms.flood import FloodSettings
from models.bounded import RecentNames
from models.cleaning.quality import quality_class
from models.cleaning.seen import SeenIds
from models.cleaning.timeliness import too_early
from models.cleaning.units import KNOWN, conversion_of
from models.effects import Effects, Origin
from models.line.annunciator import Annunciator
from models.line.document import LineRules
from models.line.effectiveness import Effectiveness
from models.line.findings import PRIORITIES
from models.line.machine import MachineWatch, WatchSettings
from models.line.roster import Key
from models.line.sensor import SensorWatch
from models.line.supervision import Supervision
from models.line.telling import Place
from models.propensity.settings import Family, Pin
from models.shop import Outcome
from models.view import View
from schemas.commands import (
    Acknowledge,
    CallNormal,
    Command,
    PutIntoService,
    Shelve,
    TakeOutOfService,
    Unshelve,
)
from schemas.decoding import Reject
from schemas.sensors import FloorEvent, MachineState, Measurement, ProductionCount

MADE = "count:made"
SCRAPPED = "count:scrapped"
_ADD_EVERY_S = 60.0
"""So often the time that machines run is added up."""


@dataclass(frozen=True, slots=True)
class FloorSettings:
    """How a floor shard works."""

    watch: WatchSettings = field(default_factory=WatchSettings)
    flood: FloodSettings = field(default_factory=FloodSettings)
    allowed_lateness_s: float = 300.0
    """A sample that is so much older than the machine's newest one is late: it is counted, and moves no
    model and no alarm."""
    max_sensors: int = 20_000
    max_skus: int = 50_000
    seen_ids: int = 50_000


class FloorShard:
    """The state of one floor shard."""

    def __init__(self, settings: FloorSettings) -> None:
        self.settings = settings
        self.late = 0
        self.bad = 0
        self.uncertain = 0
        self.scored = 0
        """Samples that a score was worked out for, with a baseline learnt."""
        self.supervision = Supervision(settings.watch, settings.flood, settings.max_sensors)
        self.effectiveness = Effectiveness()
        self._articles = RecentNames(settings.max_skus)
        self._seen = SeenIds(settings.seen_ids)

    @property
    def clock(self) -> float:
        """Unix seconds of the newest event or tick."""
        return self.supervision.clock

    @property
    def machines(self) -> dict[Key, MachineWatch]:
        """The machines that are known."""
        return self.supervision.roster.machines

    @property
    def annunciator(self) -> Annunciator:
        """What operators have been told."""
        return self.supervision.annunciator

    @property
    def rules(self) -> LineRules:
        """What an operator says of lines, machines and sensors."""
        return self.supervision.plans.rules

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
        # A clock that is ahead must not make all others look silent.
        self._pass_time(min(at, origin.timestamp), effects)
        refused = _STEPS[type(event)](self, event, at, effects)
        if refused is not None:
            return refused
        # Last: an event whose step raises is a dead letter, which may be sent again as it is.
        self._seen.add(event.event_id)
        return "accepted"

    def reads(self, view: View) -> bool:
        """Return whether a view has anything new for the floor: the line rules, and nothing else."""
        if view.line_rules is self.rules:
            return False
        if view.line_rules == self.rules:
            # The same ones: from now on that is seen at once.
            self.supervision.plans.rules = view.line_rules
            return False
        return True

    def adopt(self, view: View, effects: Effects) -> None:
        """Go on with the line rules of a view."""
        del effects
        self.supervision.adopt(view.line_rules)

    def resume(self, view: View) -> None:
        """The rules are in the state."""

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
        heard = self.annunciator.heard()
        activations = self.annunciator.activations
        _, oee = self.effectiveness.today
        parts = {
            "availability": oee.availability, "performance": oee.performance,
            "quality": oee.quality, "oee": oee.oee,
        }  # fmt: skip
        return {
            ("sensors", "known"): float(len(self.supervision.roster)),
            ("sensors", "late"): float(self.late),
            ("sensors", "bad_quality"): float(self.bad),
            ("sensors", "uncertain_quality"): float(self.uncertain),
            ("sensors", "limits_of_another_unit"): float(len(self.supervision.plans.mismatched)),
            ("machines", "known"): float(len(self.machines)),
            ("machines", "learning"): float(self._learning()),
            ("machines", "not_together"): float(
                sum(len(own.sensors) > 1 and own.score is None for own in self.machines.values())
            ),
            **{("alarms", name): float(heard[name]) for name in PRIORITIES},
            **{("alarms", f"activated_{name}"): float(activations[name]) for name in PRIORITIES},
            **{("alarms", name): float(self.annunciator.in_state(name)) for name in UNHEARD},
            ("alarms", "flooded_lines"): float(
                sum(flood.on for flood in self.annunciator.floods.values())
            ),
            # Each alarm that came, and those that turned out to be none, for a thousand samples scored.
            ("alarms", "per_1000_samples"): _per_1000(sum(activations.values()), self.scored),
            ("alarms", "false_per_1000_samples"): _per_1000(
                self.supervision.called_normal, self.scored
            ),
            **{("oee", name): value for name, value in parts.items() if value is not None},
        }

    # -- steps ------------------------------------------------------------------------------------

    def measurement_step(self, event: Measurement, at: float, effects: Effects) -> None:
        """A sample: score it, step the alarms, learn if all is quiet."""
        conversion = KNOWN[event.unit]  # accept() lets no unknown unit pass
        place = Place(event.line, event.machine, event.sensor)
        supervision, watch = self.supervision, self.settings.watch
        machine, sensor = supervision.roster.sensor(place, conversion.unit, watch.sensor)
        self._forget(effects)
        if at < sensor.last_at or at < machine.watermark - self.settings.allowed_lateness_s:
            self.late += 1  # counted, but no model and no alarm moves backwards
            self._hear_late(place, machine, sensor, at, effects)
            return
        # No further than the shard's clock: one that is ahead must not make the others late.
        clock = supervision.clock
        machine.watermark = max(machine.watermark, min(at, clock))
        sensor.behind_s = clock - at
        sensor.sends = event.unit
        quality = quality_class(event.quality)
        self.bad += event.value is None or quality == "bad"
        self.uncertain += event.value is not None and quality == "uncertain"
        key = (event.line, event.machine)
        own = supervision.plans.machine(*key)
        if own.running.sensor == event.sensor and event.value is not None and quality != "bad":
            ran = machine.runs(own)
            machine.turn(event.value > own.running.above)
            if machine.runs(own) != ran:
                supervision.follow(key, machine, at=at, told_at=event.occurred_at, effects=effects)
        if not machine.runs(own):
            sensor.last_at = at
            sensor.rest.hear(at)
            sensor.rest.pauses.resume(clock)  # who stands is silent for other reasons
            return
        sensor.rest.arrive(clock, watch.sensor.rest)
        # What is known is scored on, and for what reports bad quality there is an alarm.
        if (
            quality != "bad"
            and event.value is not None
            and not sensor.learnt(watch.sensor)
            and sensor.rest.doubt(quality, clock)
        ):
            self.annunciator.note_never_good(place, event.quality, event.occurred_at, effects)
        x = None if event.value is None else event.value * conversion.factor + conversion.offset
        if x is not None and quality != "bad" and conversion.unit != sensor.score.unit:
            sensor.score.unit = conversion.unit
            sensor.relearn(watch.sensor)
        plan = supervision.plans.sensor(*key, event.sensor, event.unit)
        self.scored += sensor.learnt(watch.sensor)
        for name, finding in machine.take(event.sensor, x, quality, at, watch, plan, own):
            # A silence ends by the clock that it was judged by: this one is a sign of life just now.
            told_at = supervision.now if finding.rule == "stale" else event.occurred_at
            supervision.tell(place._replace(sensor=name), finding, told_at, effects)
        if sensor.move is not None:
            self.annunciator.note(
                place, sensor.move, sensor.moves, event.occurred_at, conversion.unit, effects
            )
        charting, interval_s = sensor.charting, sensor.rest.interval
        if charting is not None and charting.is_starved(interval_s):
            self.annunciator.note_not_charted(
                place, charting.choice, interval_s, event.occurred_at, effects
            )

    def count_step(self, event: ProductionCount, at: float, effects: Effects) -> None:
        """Units made: what production really makes. Counts may come late: they only add."""
        self._articles.touch(event.sku)
        if event.good:
            effects.add(MADE, event.sku, event.good)
        if event.scrap:
            effects.add(SCRAPPED, event.sku, event.scrap)
        for sku in self._articles.cut():
            effects.drop(MADE, sku)
            effects.drop(SCRAPPED, sku)
        key = (event.line, event.machine)
        self.supervision.roster.machine(key)
        self._forget(effects)
        ideal_s = self.supervision.plans.ideal_cycle_s(*key, event.sku)
        self.effectiveness.made(key, at, event.good, event.scrap, ideal_s, effects)

    def state_step(self, event: MachineState, at: float, effects: Effects) -> None:
        """The machine's state: a machine that stands still is not scored."""
        key = (event.line, event.machine)
        machine = self.supervision.roster.machine(key)
        self._forget(effects)
        if key in self.machines:  # not so if there are too many, and this is the only one to go
            self.effectiveness.state(key, event.state, at, effects)
        if at < machine.state_at:
            self.late += 1  # it corrects the time it ran, but not what it does now
            return
        machine.state, machine.state_at = event.state, at
        self.supervision.follow(key, machine, at=at, told_at=event.occurred_at, effects=effects)

    def command_step(self, event: Command, at: float, effects: Effects) -> Reject | None:
        """What an operator says of alarms."""
        return self.supervision.obey(event, at, effects)

    # -- parts of steps ---------------------------------------------------------------------------

    def _pass_time(self, at: float, effects: Effects) -> None:
        before = self.clock
        self.supervision.pass_time(at, effects)
        if self.clock // _ADD_EVERY_S != before // _ADD_EVERY_S:
            self.effectiveness.tick(self.clock, effects)

    def _hear_late(
        self, place: Place, machine: MachineWatch, sensor: SensorWatch, at: float, effects: Effects
    ) -> None:
        """Take a late sample for what it is: a sign of life, and of a clock that is wrong if all are late."""
        supervision, clock = self.supervision, self.supervision.clock
        if machine.runs(supervision.plans.machine(place.line, str(place.machine))):
            sensor.rest.arrive(clock, self.settings.watch.sensor.rest)
        else:
            sensor.rest.pauses.resume(clock)
        if sensor.rest.hear_late(clock - sensor.behind_s, clock):
            behind_s = max(sensor.last_at, machine.watermark) - at
            self.annunciator.note_late(place, behind_s, supervision.now, effects)

    def _forget(self, effects: Effects) -> None:
        """Keep no more sensors and machines than may be."""
        for place, came in self.supervision.roster.cut():
            self.annunciator.forget(place, came, effects)
            if place.sensor is None:
                self.effectiveness.forget((place.line, str(place.machine)), effects)
            else:
                self.supervision.capabilities.forget(place, effects)

    def _learning(self) -> int:
        return sum(
            machine.score is not None and machine.score.learning
            for machine in self.machines.values()
        )


def _per_1000(number: float, samples: int) -> float:
    return 1000.0 * number / samples if samples else 0.0


_Step = Callable[[FloorShard, Any, float, Effects], Reject | None]
_COMMANDS = (Acknowledge, Shelve, Unshelve, TakeOutOfService, PutIntoService, CallNormal)
_STEPS: dict[type[FloorEvent | Command], _Step] = {
    Measurement: FloorShard.measurement_step,
    ProductionCount: FloorShard.count_step,
    MachineState: FloorShard.state_step,
    **dict.fromkeys(_COMMANDS, FloorShard.command_step),
}

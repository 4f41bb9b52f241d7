"""The floor's shard: what one partition of the sensors knows, and its steps. Pure, as the shop's."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
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
from models.line.capabilities import Capabilities
from models.line.document import NO_LINE_RULES, LineRules, decode, encode
from models.line.effectiveness import Effectiveness
from models.line.findings import PRIORITIES, Finding
from models.line.machine import MachineWatch, WatchSettings
from models.line.operating import obey, targets
from models.line.plans import MachinePlan, Plans, SensorPlan
from models.line.sensor import SensorWatch
from models.line.telling import Order, Place
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
_LOOK_EVERY_S = 5.0
"""So often it is looked which sensors have fallen silent, and whose alarms change as time passes."""
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
        self.clock = 0.0
        self.late = 0
        self.bad = 0
        self.scored = 0
        """Samples that a score was worked out for, with a baseline learnt."""
        self.called_normal = 0
        """Alarms that ended because what they were about is normal: false ones."""
        self.machines: dict[tuple[str, str], MachineWatch] = {}
        self.annunciator = Annunciator(settings.flood)
        self.effectiveness = Effectiveness()
        self.capabilities = Capabilities()
        self.rules: LineRules = NO_LINE_RULES
        """What an operator says of lines, machines and sensors."""
        self._plans = Plans()
        self._sensors: OrderedDict[Place, None] = OrderedDict()
        """Those heard of last come last: the others go when there are too many."""
        self._articles = RecentNames(settings.max_skus)
        self._seen = SeenIds(settings.seen_ids)

    def __getstate__(self) -> dict[str, Any]:
        # What follows from the rules is worked out again.
        kept = {name: own for name, own in self.__dict__.items() if name != "_plans"}
        return {**kept, "rules": encode(self.rules)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.rules = decode(state["rules"])
        self._plans = Plans(self.rules)

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
            self.rules = view.line_rules  # the same ones: from now on that is seen at once
            return False
        return True

    def adopt(self, view: View, effects: Effects) -> None:
        """Go on with the line rules of a view."""
        del effects
        self.rules = view.line_rules
        self._plans = Plans(self.rules)
        self.capabilities.look_again()

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
            ("sensors", "known"): float(len(self._sensors)),
            ("sensors", "late"): float(self.late),
            ("sensors", "bad_quality"): float(self.bad),
            ("sensors", "limits_of_another_unit"): float(len(self._plans.mismatched)),
            ("machines", "known"): float(len(self.machines)),
            ("machines", "learning"): float(self._learning()),
            **{("alarms", name): float(heard[name]) for name in PRIORITIES},
            **{("alarms", f"activated_{name}"): float(activations[name]) for name in PRIORITIES},
            **{("alarms", name): float(self.annunciator.in_state(name)) for name in UNHEARD},
            ("alarms", "flooded_lines"): float(
                sum(flood.on for flood in self.annunciator.floods.values())
            ),
            # Each alarm that came, and those that turned out to be none, for a thousand samples scored.
            ("alarms", "per_1000_samples"): _per_1000(sum(activations.values()), self.scored),
            ("alarms", "false_per_1000_samples"): _per_1000(self.called_normal, self.scored),
            **{("oee", name): value for name, value in parts.items() if value is not None},
        }

    # -- steps ------------------------------------------------------------------------------------

    def measurement_step(self, event: Measurement, at: float, effects: Effects) -> None:
        """A sample: score it, step the alarms, learn if all is quiet."""
        conversion = KNOWN[event.unit]  # accept() lets no unknown unit pass
        place = Place(event.line, event.machine, event.sensor)
        machine, sensor = self._watch(place, conversion.unit)
        self._forget_some(effects)
        if at < sensor.last_at or at < machine.watermark - self.settings.allowed_lateness_s:
            self.late += 1  # counted, but no model and no alarm moves backwards
            return
        # No further than the shard's clock: one that is ahead must not make the others late.
        machine.watermark = max(machine.watermark, min(at, self.clock))
        sensor.behind_s = self.clock - at
        sensor.sends = event.unit
        sensor.rest.arrive(self.clock, self.settings.watch.sensor.rest)
        quality = quality_class(event.quality)
        self.bad += event.value is None or quality == "bad"
        own = self._plans.machine(event.line, event.machine)
        if own.running.sensor == event.sensor and event.value is not None and quality != "bad":
            self._turn(place, machine, own, event, effects)
        if not machine.runs(own):
            sensor.last_at = at
            sensor.rest.hear(at)
            return
        x = None if event.value is None else event.value * conversion.factor + conversion.offset
        if x is not None and quality != "bad" and conversion.unit != sensor.score.unit:
            sensor.score.unit = conversion.unit
            sensor.relearn(self.settings.watch.sensor)
        plan = self._plans.sensor(event.line, event.machine, event.sensor, event.unit)
        self.scored += sensor.learnt(self.settings.watch.sensor)
        watch = self.settings.watch
        for name, finding in machine.take(event.sensor, x, quality, at, watch, plan, own):
            self._tell(place._replace(sensor=name), finding, event.occurred_at, effects)
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
        self._known(key, effects)
        ideal_s = self._plans.ideal_cycle_s(*key, event.sku)
        self.effectiveness.made(key, at, event.good, event.scrap, ideal_s, effects)

    def state_step(self, event: MachineState, at: float, effects: Effects) -> None:
        """The machine's state: a machine that stands still is not scored."""
        key = (event.line, event.machine)
        machine = self._known(key, effects)
        if key in self.machines:  # not so if there are too many, and this is the only one to go
            self.effectiveness.state(key, event.state, at, effects)
        if at < machine.state_at:
            self.late += 1  # it corrects the time it ran, but not what it does now
            return
        machine.state, machine.state_at = event.state, at
        runs = machine.runs(self._plans.machine(*key))
        for name, finding in machine.suppress(at, "not_running", on=not runs):
            self._tell(Place(*key, name), finding, event.occurred_at, effects)

    def command_step(self, event: Command, at: float, effects: Effects) -> Reject | None:
        """What an operator says of alarms."""
        machine = self.machines.get((event.line, event.machine))
        meant = targets(event, machine)
        if isinstance(meant, Reject) or machine is None:
            return meant if isinstance(meant, Reject) else None
        place = Place(event.line, event.machine, None)
        own = self._plans.machine(event.line, event.machine)
        order = Order(event.by, getattr(event, "reason", None))

        def plan_of(name: str) -> SensorPlan:
            return self._plan_of(place._replace(sensor=name))

        watch, told = self.settings.watch, self.annunciator.told
        for name, finding in obey(event, meant, machine, at, watch, own, plan_of, told):
            self._tell(place._replace(sensor=name), finding, event.occurred_at, effects, order)
        return None

    # -- parts of steps ---------------------------------------------------------------------------

    def _turn(
        self, place: Place, machine: MachineWatch, own: MachinePlan, event: Measurement,
        effects: Effects,
    ) -> None:  # fmt: skip
        """Note whether a machine runs, as one of its sensors says."""
        ran = machine.runs(own)
        machine.turn(event.value is not None and event.value > own.running.above)
        runs = machine.runs(own)
        if runs == ran:
            return
        at = event.occurred_at.timestamp()
        for name, finding in machine.suppress(at, "not_running", on=not runs):
            self._tell(place._replace(sensor=name), finding, event.occurred_at, effects)

    def _known(self, key: tuple[str, str], effects: Effects) -> MachineWatch:
        machine = self.machines.get(key)
        if machine is None:
            machine = self.machines[key] = MachineWatch()
            self._forget_empty(effects)
        return machine

    def _watch(self, place: Place, unit: str) -> tuple[MachineWatch, SensorWatch]:
        machine = self.machines.get((place.line, str(place.machine)))
        if machine is None:
            machine = self.machines[place.line, str(place.machine)] = MachineWatch()
        name = str(place.sensor)
        sensor = machine.sensors.get(name)
        if sensor is None:
            sensor = machine.sensors[name] = SensorWatch(unit, self.settings.watch.sensor)
        self._sensors[place] = None
        self._sensors.move_to_end(place)
        return machine, sensor

    def _forget_some(self, effects: Effects) -> None:
        """Keep no more sensors than may be: those longest not heard of go."""
        while len(self._sensors) > self.settings.max_sensors:
            gone, _ = self._sensors.popitem(last=False)
            key = (gone.line, str(gone.machine))
            machine = self.machines[key]
            sensor = machine.sensors.pop(str(gone.sensor))
            self.annunciator.forget(gone, sensor.came, effects)
            self.capabilities.forget(gone, effects)
            if not machine.sensors:
                self._forget_machine(key, effects)

    def _forget_empty(self, effects: Effects) -> None:
        """Keep no more machines than sensors may be: some say their state and nothing else."""
        if len(self.machines) <= self.settings.max_sensors:
            return
        gone = next((key for key, own in self.machines.items() if not own.sensors), None)
        if gone is not None:
            self._forget_machine(gone, effects)

    def _forget_machine(self, key: tuple[str, str], effects: Effects) -> None:
        machine = self.machines.pop(key)
        came = {"multivariate": machine.alarm.occurrence}
        self.annunciator.forget(Place(*key, None), came, effects)
        self.effectiveness.forget(key, effects)

    def _pass_time(self, at: float, effects: Effects) -> None:
        """Go on to a time; now and then look who has fallen silent, and what else time changes."""
        before, self.clock = self.clock, max(self.clock, at)
        # On grids of time: nothing else has to be remembered, and a replay looks at the same moments.
        if self.clock // _LOOK_EVERY_S == before // _LOOK_EVERY_S:
            return
        now = datetime.fromtimestamp(self.clock, UTC)
        for key, machine in self.machines.items():
            self._pass_machine(key, machine, now, effects)
        for line in self.annunciator.pass_time(self.clock, effects):
            self._end_flood(line, now, effects)
        self.capabilities.look(self.machines, self._plan_of, effects)
        if self.clock // _ADD_EVERY_S != before // _ADD_EVERY_S:
            self.effectiveness.tick(self.clock, effects)

    def _pass_machine(
        self, key: tuple[str, str], machine: MachineWatch, now: datetime, effects: Effects
    ) -> None:
        own = self._plans.machine(*key)
        settings = self.settings.watch
        runs = machine.runs(own)
        if not runs or machine.at_rest:  # what stands still has shelves too; or the rules changed
            for name, finding in machine.suppress(self.clock, "not_running", on=not runs):
                self._tell(Place(*key, name), finding, now, effects)
        if not runs:
            return
        for name, sensor in machine.sensors.items():
            now_s = self.clock - sensor.behind_s
            if not sensor.alarms and now_s < sensor.rest.stale_at(settings.sensor.rest):
                continue
            place = Place(*key, name)
            for finding in sensor.pass_time(self.clock, settings.sensor, self._plan_of(place)):
                self._tell(place, finding, now, effects)
        # What was kept back for others: these may have been shelved, disabled or forgotten.
        for name, finding in machine.ungroup(self.clock):
            self._tell(Place(*key, name), finding, now, effects)
        behaviour = own.alarms.of("multivariate", settings.multivariate)
        wanted = own.alarms.enabled("multivariate")
        change = (
            machine.alarm.pass_time(self.clock, behaviour, machine.behind_s)
            if wanted
            else machine.alarm.clear(self.clock)
        )
        if change is not None:
            finding = Finding("multivariate", machine.alarm, change, None)
            self._tell(Place(*key, None), finding, now, effects)

    def _end_flood(self, line: str, now: datetime, effects: Effects) -> None:
        """Tell of what was kept back and still stands."""
        for key, machine in self.machines.items():
            if key[0] == line:
                for name, finding in machine.suppress(self.clock, "flood", on=False):
                    self._tell(Place(*key, name), finding, now, effects)

    def _plan_of(self, place: Place) -> SensorPlan:
        """Return what holds for a sensor that says nothing just now."""
        unit = self.machines[place.line, str(place.machine)].sensors[str(place.sensor)].sends
        return self._plans.sensor(place.line, str(place.machine), str(place.sensor), unit)

    def _tell(
        self, place: Place, finding: Finding, at: datetime, effects: Effects,
        order: Order | None = None,
    ) -> None:  # fmt: skip
        key = (place.line, str(place.machine))
        machine = self.machines[key]
        unit = None
        alarms = self._plans.machine(*key).alarms
        if place.sensor is not None:
            unit = machine.sensors[place.sensor].score.unit
            alarms = self._plan_of(place).alarms
        self.called_normal += finding.relearnt
        first = machine.first_out(place.sensor, finding.rule)
        flooded = self.annunciator.tell(
            place, finding, at, effects, plan=alarms, unit=unit, order=order,
            first_out=None if first is None else (place._replace(sensor=first[0]), first[1]),
        )  # fmt: skip
        if flooded is not None and flooded.after == "normal":
            self._end_flood(place.line, at, effects)

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

"""What a shard watches and tells of it: its machines, what holds for each, and who is called.

Findings come out of machines as samples, commands or time go in; here each is told by what holds for its
place, and what follows for others of its line.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from models.alarms.alarm import State
from models.alarms.flood import FloodSettings
from models.effects import Effects
from models.line.annunciator import Annunciator
from models.line.capabilities import Capabilities
from models.line.document import LineRules, decode, encode
from models.line.findings import Finding
from models.line.machine import MachineWatch, WatchSettings
from models.line.operating import obey, targets
from models.line.plans import Plans, SensorPlan
from models.line.roster import Key, Roster
from models.line.telling import Order, Place
from schemas.commands import Command
from schemas.decoding import Reject

_BY_DELAY: frozenset[State] = frozenset({"normal", "active", "returned"})
_LOOK_EVERY_S = 5.0
"""So often it is looked which sensors have fallen silent, and whose alarms change as time passes."""


class Supervision:
    """The machines of a shard, the rules for them, and what operators have been told."""

    def __init__(self, watch: WatchSettings, flood: FloodSettings, max_sensors: int) -> None:
        self.watch = watch
        self.roster = Roster(max_sensors)
        self.annunciator = Annunciator(flood)
        self.capabilities = Capabilities()
        self.called_normal = 0
        """Alarms that ended because what they were about is normal: false ones."""
        self.plans = Plans()
        self.clock = 0.0
        """Unix seconds of the newest event or tick."""

    def __getstate__(self) -> dict[str, Any]:
        # What follows from the rules is worked out again.
        return {**self.__dict__, "plans": encode(self.plans.rules)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.plans = Plans(decode(state["plans"]))

    @property
    def now(self) -> datetime:
        """The shard's clock, as it is told."""
        return datetime.fromtimestamp(self.clock, UTC)

    def adopt(self, rules: LineRules) -> None:
        """Go on with other line rules."""
        self.plans = Plans(rules)
        self.capabilities.look_again()

    def plan_of(self, place: Place) -> SensorPlan:
        """Return what holds for a sensor that says nothing just now."""
        line, machine, sensor = place.line, str(place.machine), str(place.sensor)
        unit = self.roster.machines[line, machine].sensors[sensor].sends
        return self.plans.sensor(line, machine, sensor, unit)

    def tell(
        self, place: Place, finding: Finding, at: datetime, effects: Effects,
        order: Order | None = None,
    ) -> None:  # fmt: skip
        """Tell of a finding at a time; if that ends a flood, of what was kept back too."""
        key = (place.line, str(place.machine))
        machine = self.roster.machines[key]
        unit = None
        alarms = self.plans.machine(*key).alarms
        if place.sensor is not None:
            unit = machine.sensors[place.sensor].score.unit
            alarms = self.plan_of(place).alarms
        self.called_normal += finding.relearnt
        first = machine.first_out(place.sensor, finding.rule)
        flooded = self.annunciator.tell(
            place, finding, at, effects, plan=alarms, unit=unit, order=order,
            first_out=None if first is None else (place._replace(sensor=first[0]), first[1]),
        )  # fmt: skip
        if flooded is not None and flooded.after == "normal":
            self._end_flood(place.line, at, effects)

    def follow(
        self, key: Key, machine: MachineWatch, *, at: float, told_at: datetime, effects: Effects
    ) -> None:
        """Suppress the alarms of a machine that does not run at ``at`` (unix seconds), or no longer."""
        runs = machine.runs(self.plans.machine(*key))
        for name, finding in machine.suppress(at, "not_running", on=not runs):
            self.tell(Place(*key, name), finding, told_at, effects)

    def obey(self, event: Command, at: float, effects: Effects) -> Reject | None:
        """Carry out what an operator says of alarms, or say why that cannot be."""
        key = (event.line, event.machine)
        machine = self.roster.machines.get(key)
        meant = targets(event, machine)
        if isinstance(meant, Reject) or machine is None:
            return meant if isinstance(meant, Reject) else None
        own, told = self.plans.machine(*key), self.annunciator.told
        order = Order(event.by, getattr(event, "reason", None))
        said_at = min(event.occurred_at, self.now)  # or what follows would be dated ahead with it

        def plan_of(name: str) -> SensorPlan:
            return self.plan_of(Place(*key, name))

        for name, finding in obey(event, meant, machine, at, self.watch, own, plan_of, told):
            self.tell(Place(*key, name), finding, said_at, effects, order)
        return None

    def pass_time(self, at: float, effects: Effects) -> None:
        """Go on to a time; now and then look who has fallen silent, and whose alarms time changes."""
        before, self.clock = self.clock, max(self.clock, at)
        # On a grid of time: nothing else has to be remembered, and a replay looks at the same moments.
        if self.clock // _LOOK_EVERY_S == before // _LOOK_EVERY_S:
            return
        now = self.now
        for key, machine in self.roster.machines.items():
            self._pass_machine(key, machine, now, effects)
        for line in self.annunciator.pass_time(self.clock, effects):
            self._end_flood(line, now, effects)
        self.capabilities.look(self.roster.machines, self.plan_of, effects)

    def _pass_machine(
        self, key: Key, machine: MachineWatch, now: datetime, effects: Effects
    ) -> None:
        at, own = self.clock, self.plans.machine(*key)
        runs = machine.runs(own)
        if not runs or machine.at_rest:  # what stands still has shelves too; or the rules changed
            self.follow(key, machine, at=at, told_at=now, effects=effects)
        if not runs:
            return
        for name, sensor in machine.sensors.items():
            now_s = at - sensor.behind_s
            if not sensor.alarms and now_s < sensor.rest.stale_at(self.watch.sensor.rest):
                continue
            place = Place(*key, name)
            for finding in sensor.pass_time(at, self.watch.sensor, self.plan_of(place)):
                self.tell(place, finding, _dated(finding, now, sensor.behind_s), effects)
        # What was kept back for others: these may have been shelved, disabled or forgotten.
        for kept_back, finding in machine.ungroup(at):
            self.tell(Place(*key, kept_back), finding, now, effects)
        behaviour = own.alarms.of("multivariate", self.watch.multivariate)
        wanted = own.alarms.enabled("multivariate")
        change = (
            machine.alarm.pass_time(at, behaviour, machine.behind_s)
            if wanted
            else machine.alarm.clear(at)
        )
        if change is not None:
            finding = Finding("multivariate", machine.alarm, change, None)
            told_at = _dated(finding, now, machine.behind_s)
            self.tell(Place(*key, None), finding, told_at, effects)

    def _end_flood(self, line: str, now: datetime, effects: Effects) -> None:
        """Tell of what was kept back and still stands."""
        for key, machine in self.roster.machines.items():
            if key[0] == line:
                for name, finding in machine.suppress(self.clock, "flood", on=False):
                    self.tell(Place(*key, name), finding, now, effects)


def _dated(finding: Finding, now: datetime, behind_s: float) -> datetime:
    """Return the time of a change that none of the samples made, which are ``behind_s`` behind.

    What comes or goes as a delay ends is dated as samples are, for they began it, and may end it. Silence is
    judged by the shard's clock, and so are shelves and calls that are repeated.
    """
    if finding.rule == "stale" or not _BY_DELAY.issuperset(finding.change):
        return now
    return now - timedelta(seconds=behind_s)

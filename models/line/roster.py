"""Which machines and sensors a shard knows: made when they are first heard of, forgotten when there are too many."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from models.line.machine import MachineWatch
from models.line.sensor import SensorSettings, SensorWatch
from models.line.telling import Place

Key = tuple[str, str]
"""Line and machine."""


class Gone(NamedTuple):
    """A sensor that is forgotten, or a machine (then its place names no sensor)."""

    place: Place
    came: dict[str, int]
    """How often each of its alarms came."""


class Roster:
    """At most ``most`` sensors, and as many machines: some tell their state and nothing else."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.machines: dict[Key, MachineWatch] = {}
        self._sensors: OrderedDict[Place, None] = OrderedDict()
        """Those heard of last come last: the others go when there are too many."""

    def __len__(self) -> int:
        return len(self._sensors)

    def machine(self, key: Key) -> MachineWatch:
        """Return a machine that is heard of; then `cut`."""
        found = self.machines.get(key)
        if found is None:
            found = self.machines[key] = MachineWatch()
        return found

    def sensor(
        self, place: Place, unit: str, settings: SensorSettings
    ) -> tuple[MachineWatch, SensorWatch]:
        """Return a sensor that is heard of, and its machine; then `cut`."""
        machine, name = self.machine((place.line, str(place.machine))), str(place.sensor)
        found = machine.sensors.get(name)
        if found is None:
            found = machine.sensors[name] = SensorWatch(unit, settings)
        self._sensors[place] = None
        self._sensors.move_to_end(place)
        return machine, found

    def cut(self) -> Sequence[Gone]:
        """Forget what is too many, and return it: sensors longest not heard of, machines without any sensor."""
        if len(self._sensors) <= self.most and len(self.machines) <= self.most:
            return ()
        gone: list[Gone] = []
        while len(self._sensors) > self.most:
            place, _ = self._sensors.popitem(last=False)
            key = (place.line, str(place.machine))
            machine = self.machines[key]
            gone.append(Gone(place, machine.sensors.pop(str(place.sensor)).came))
            if not machine.sensors:
                gone.append(self._forget(key))
        while len(self.machines) > self.most:  # with no more sensors than that, one has none
            gone.append(
                self._forget(next(key for key, own in self.machines.items() if not own.sensors))
            )
        return gone

    def _forget(self, key: Key) -> Gone:
        return Gone(Place(*key, None), {"multivariate": self.machines.pop(key).alarm.occurrence})

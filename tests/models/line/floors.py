"""Floors with line rules: fed with samples, commands and ticks, and what they tell."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

from models.effects import Origin
from models.floor import FloorSettings, FloorShard
from models.line.annunciator import STANDING
from models.line.document import (
    NO_LINE_RULES,
    AlarmChoice,
    LineChoice,
    LineRules,
    MachineChoice,
    SensorChoice,
)
from models.snapshot import Snapshot, seal, unseal
from models.view import LINE_RULES, View, encode
from schemas.outputs import Alert
from schemas.sensors import Measurement
from tests.models.events import T0, Feed, moment

AT_ONCE = AlarmChoice(on_delay_s=0.0, off_delay_s=0.0)
_KEY = b"k"


def ruled(
    sensor: SensorChoice | None = None, machine: MachineChoice | None = None, **site: Any
) -> LineRules:
    """Rules for l1/m1/temperature, or for l1/m1 as a whole."""
    own = machine or MachineChoice(sensors={"temperature": sensor or SensorChoice()})
    return LineRules(lines={"l1": LineChoice(machines={"m1": own})}, **site)


def shard_of(feed: Feed) -> FloorShard:
    """The floor that is fed."""
    assert isinstance(feed.shard, FloorShard)
    return feed.shard


def adopt(feed: Feed, rules: LineRules) -> None:
    """Have other rules from now on."""
    shard_of(feed).adopt(View(1, {LINE_RULES: encode(rules)}, (1,)), feed.effects)


def floor(rules: LineRules = NO_LINE_RULES, **settings: Any) -> Feed:
    """A floor that knows nothing but its rules."""
    feed = Feed(FloorShard(FloorSettings(**settings)))
    if rules != NO_LINE_RULES:
        adopt(feed, rules)
    return feed


def reading(
    value: float | None, at: float, sensor: str = "temperature", machine: str = "m1",
    line: str = "l1", unit: str = "Cel", **more: Any,
) -> Measurement:  # fmt: skip
    """A sample of any sensor; its id follows from where and when it is from."""
    more.setdefault("event_id", f"{line}/{machine}/{sensor}@{at}")
    return Measurement(
        line=line, machine=machine, sensor=sensor, value=value, unit=unit,
        occurred_at=moment(T0 + at), **more,
    )  # fmt: skip


def readings(values: Iterable[float | None], start: float, **where: Any) -> list[Measurement]:
    """Samples of a sensor, one a second."""
    return [reading(x, start + n, **where) for n, x in enumerate(values)]


def around(mean: float, number: int, sigma: float = 0.5, seed: int = 1) -> list[float]:
    """White noise around a level."""
    rng = random.Random(seed)
    return [round(rng.gauss(mean, sigma), 3) for _ in range(number)]


def tick(feed: Feed, at: float) -> None:
    """Let time pass without events."""
    feed.effects.begin(Origin("@tick", 0, int(at * 1000), T0 + at))
    shard_of(feed).tick(T0 + at, feed.effects)


def restart(feed: Feed) -> None:
    """Go on with what a snapshot holds."""
    feed.shard = unseal(seal(Snapshot(feed.shard, {}, ()), _KEY), _KEY).state


def told(feed: Feed, condition: str | None = None) -> list[tuple[str, str]]:
    """What was told: each condition (or the one asked for) and state, in turn."""
    return [
        (alert.condition, alert.state)
        for alert in feed.sent
        if condition in (None, alert.condition)
    ]


def states(alerts: Sequence[Alert]) -> dict[str, str]:
    """The last state of each alarm that was told of and is not over, by its id."""
    last = {alert.alarm_id: alert.state for alert in alerts}
    return {name: state for name, state in last.items() if state != "cleared"}


def rows(feed: Feed) -> set[str]:
    """The alarms that have a row in the store, if all of these effects are applied in turn."""
    return set(feed.effects.puts.get(STANDING, {}))

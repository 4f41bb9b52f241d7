"""The declared topology: which topics make a flow, and whose state its shards keep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from models.effects import Effects, Origin
from models.floor import FloorShard
from models.propensity.settings import Family, Pin
from models.shop import Outcome, ShopShard
from models.view import View
from schemas.topics import Area, topics_of
from streams.settings import Settings


class Core(Protocol):
    """The pure state of a shard, and what can happen to it."""

    settings: Any

    @property
    def clock(self) -> float:
        """Unix seconds of the newest event or tick."""

    def accept(self, event: Any, origin: Origin, effects: Effects) -> Outcome:
        """Take an event in."""

    def reads(self, view: View) -> bool:
        """Whether a newer merged view has anything new for this shard."""

    def adopt(self, view: View, effects: Effects) -> None:
        """Go on with a newer merged view."""

    def resume(self, view: View) -> None:
        """Go on with the view that the state had adopted before its snapshot."""

    def can_pin(self, family: Family, name: Pin) -> bool:
        """Whether this classifier could serve here; ``none``: whether the contest could decide."""

    def pin(self, family: Family, name: Pin) -> bool:
        """Have a classifier serve, whatever the contest says; whether that is anything new."""

    def tick(self, at: float, effects: Effects) -> None:
        """Let time pass."""

    def publish(self, effects: Effects) -> None:
        """Write what the merge reads."""

    def report(self) -> dict[tuple[str, str], float]:
        """Return model metrics."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One agent of the app: the topics it reads together, shard by shard."""

    name: Area
    new_core: Callable[[Settings], Core]
    merges_view: bool
    """Whether what its shards count makes the merged view."""

    @property
    def topics(self) -> tuple[str, ...]:
        """The flow's input topics: co-partitioned, keyed alike."""
        return tuple(topic.name for topic in topics_of(self.name))


FLOWS: tuple[Flow, ...] = (
    Flow("shop", lambda settings: ShopShard(settings.shop()), merges_view=True),
    Flow("floor", lambda settings: FloorShard(settings.floor), merges_view=False),
)
FLOW_NAMED: dict[Area, Flow] = {flow.name: flow for flow in FLOWS}
FLOW_OF_TOPIC: dict[str, Flow] = {topic: flow for flow in FLOWS for topic in flow.topics}


@dataclass(frozen=True, slots=True, order=True)
class ShardId:
    """A shard: one partition number of all topics of a flow."""

    flow: Area
    number: int

    def __str__(self) -> str:
        return f"{self.flow}-{self.number}"


def shard_of(topic: str, number: int) -> ShardId:
    """Return the shard that an input's partition belongs to."""
    return ShardId(FLOW_OF_TOPIC[topic].name, number)


def describe() -> str:
    """Return the topology as a Mermaid flow chart."""
    lines = ["flowchart LR"]
    for flow in FLOWS:
        lines += [
            f"  {topic}([{topic}]) --> {flow.name}[agent {flow.name}]" for topic in flow.topics
        ]
        lines.append(f"  {flow.name} --> dead-letters([dead-letters])")
    lines += ["  shop --> offers([offers])", "  floor --> alerts([alerts])"]
    return "\n".join(lines)

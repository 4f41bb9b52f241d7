"""What a Kafka cluster says about itself, free of any client's classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """A topic as the broker has it; an empty ``config``: the broker does not tell."""

    partitions: int
    replicas: int
    config: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Position:
    """A partition's oldest and next offset, and what the group has committed."""

    low: int
    high: int
    committed: int | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """Partition and key of a topic's newest events, and the latest of their times."""

    keys: tuple[tuple[int, bytes | None], ...]
    newest: float = 0.0
    stamped_by_broker: bool = False


@dataclass(frozen=True, slots=True)
class BrokerFacts:
    """What a Kafka cluster says about itself."""

    cluster: str
    brokers: int
    client: str
    embedded: bool
    topics: Mapping[str, TopicFacts]

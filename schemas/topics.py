"""The topic table: one row a topic; sources, sinks, docs, checks and ``topics create`` read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from schemas.catalogue import Catalogue
from schemas.clickstream import Clickstream
from schemas.commands import Commands
from schemas.deadletters import DeadLetter
from schemas.orders import Orders
from schemas.outputs import Advice, Alert, Offer
from schemas.sensors import Sensors

Area = Literal["shop", "floor"]
MAX_EVENT_BYTES = 256 * 1024
MAX_MESSAGE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Topic:
    """One Kafka topic: what flows on it, and how it is keyed and kept."""

    name: str
    direction: Literal["in", "out"]
    event: Any
    key: str
    about: str
    area: Area | None = None
    """The shards that an input topic belongs to; topics of one area have as many partitions."""
    partitions: int = 4
    retention_hours: int = 7 * 24
    max_message_bytes: int = 1024 * 1024
    compacted: bool = False
    """Whether the last event of a key tells all, so that the broker keeps that one for ever and may
    drop those before it once they are older than ``retention_hours``."""


CLICKSTREAM = Topic(
    "clickstream", "in", Clickstream, "customer_id", "What customers do in the shop.", "shop"
)
ORDERS = Topic("orders", "in", Orders, "customer_id", "What customers buy and return.", "shop")
CATALOGUE = Topic(
    "catalogue",
    "in",
    Catalogue,
    "sku",
    "What articles cost, how many there are and whether they may be offered.",
    "shop",
    compacted=True,
)
SENSORS = Topic(
    "sensors", "in", Sensors, "line/machine", "What the production line reports.", "floor"
)
COMMANDS = Topic(
    "commands",
    "in",
    Commands,
    "line/machine",
    "What operators do about alarms: acknowledge, shelve, call normal.",
    "floor",
    retention_hours=30 * 24,
)
OFFERS = Topic("offers", "out", Offer, "customer_id", "Personal offers with their reason.")
ALERTS = Topic("alerts", "out", Alert, "line/machine", "Alarms of the production line.")
ADVICE = Topic("advice", "out", Advice, "sku", "What production should make more or less of.")
DEAD_LETTERS = Topic(
    "dead-letters",
    "out",
    DeadLetter,
    "the source's key",
    "Events that could not be used: the raw bytes, and why in the headers.",
    retention_hours=30 * 24,
    max_message_bytes=MAX_MESSAGE_BYTES,
)

TOPICS: tuple[Topic, ...] = (
    CLICKSTREAM,
    ORDERS,
    CATALOGUE,
    SENSORS,
    COMMANDS,
    OFFERS,
    ALERTS,
    ADVICE,
    DEAD_LETTERS,
)
INPUTS: tuple[Topic, ...] = tuple(topic for topic in TOPICS if topic.direction == "in")
OUTPUTS: tuple[Topic, ...] = tuple(topic for topic in TOPICS if topic.direction == "out")
BY_NAME: dict[str, Topic] = {topic.name: topic for topic in TOPICS}


def topics_of(area: Area) -> tuple[Topic, ...]:
    """Return the input topics of an area, in the order of the table."""
    return tuple(topic for topic in INPUTS if topic.area == area)

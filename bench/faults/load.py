"""The input of a fault run: a seeded world, a tenth of it delivered twice, a tenth out of order."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from schemas.clickstream import View
from schemas.topics import CLICKSTREAM
from streams.simulate.messages import moment
from streams.simulate.world import World

POISON_RAISES = "poison-raises"
POISON_HANGS = "poison-hangs"
_STEP_S = 0.25
_TWICE = _LATE = 0.1
_FARTHEST = 200
"""A repeat or a late event comes at most so many events after its place."""


class Sent(NamedTuple):
    """One message as it is published."""

    topic: str
    key: bytes
    value: bytes
    at_ms: int
    """Kafka's timestamp: set by us, so that every run of the same load has the same."""


@dataclass(frozen=True, slots=True)
class Load:
    """All messages of a run, in the order of publishing."""

    messages: list[Sent]

    def by_topic(self) -> Counter[str]:
        """Return how many messages each topic gets."""
        return Counter(message.topic for message in self.messages)


def load(seed: int, events: int, began: float, rate: float = 500.0) -> Load:
    """Return about ``events`` messages of event times from ``began`` on; equal arguments, equal load."""
    horizon = events / rate * 1.2
    world = World(seed, rate, horizon)
    dice = random.Random(f"faults/{seed}")
    # The place of each message is its time in steps; repeats and late ones get a later place.
    placed: list[tuple[float, int, Sent]] = []
    now, number = began, 0
    while number < events:
        now += _STEP_S
        for message in world.advance(now):
            number += 1
            sent = Sent(message.topic, message.key, message.value, int(now * 1000))
            place = float(number)
            if dice.random() < _LATE:
                place += dice.randrange(1, _FARTHEST)
            placed.append((place, number, sent))
            if dice.random() < _TWICE:
                placed.append((place + dice.randrange(1, _FARTHEST), -number, sent))
    for share, sku in ((0.4, POISON_RAISES), (0.6, POISON_HANGS)):
        at = began + share * (now - began)
        placed.append((share * number, 0, _poison(sku, at)))
    placed.sort(key=lambda row: row[:2])
    # Timestamps go up with the place, as a broker's would: what comes late comes late.
    latest, messages = 0, []
    for _, _, sent in placed:
        latest = max(latest, sent.at_ms)
        messages.append(sent._replace(at_ms=latest))
    return Load(messages)


def _poison(sku: str, at: float) -> Sent:
    """Return a view that does nothing unless a worker is told to choke on its article."""
    view = View(
        event_id=f"{sku}-{at:.0f}", occurred_at=moment(at), customer_id=sku, session_id=sku, sku=sku
    )
    return Sent(CLICKSTREAM.name, sku.encode(), msgspec.json.encode(view), int(at * 1000))

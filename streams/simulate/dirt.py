"""Spoiled events, as real producers send them; each is counted, to compare with what was caught."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any, Literal

import msgspec

from schemas.deadletters import Reason
from schemas.sensors import Measurement
from schemas.topics import CATALOGUE, CLICKSTREAM, ORDERS, SENSORS
from streams.replay.records import Record
from streams.simulate.messages import Message, moment

Kind = Literal[
    "duplicate", "truncated", "wrong_type", "missing_field", "far_future", "unknown_unit"
]

CAUGHT_AS: dict[Kind, Reason | Literal["duplicate"]] = {
    "duplicate": "duplicate",
    "truncated": "not_json",
    "wrong_type": "invalid",
    "missing_field": "invalid",
    "far_future": "future_time",
    "unknown_unit": "unknown_unit",
}
"""What the system should make of each kind."""

_TEXT = {
    CLICKSTREAM.name: "customer_id", ORDERS.name: "customer_id", CATALOGUE.name: "sku",
    SENSORS.name: "machine",
}  # fmt: skip
"""A field of each topic that must be a text."""
_YEAR_S = 365.0 * 86_400.0
_MEASURED: tuple[Kind, ...] = tuple(CAUGHT_AS)
_OTHERS: tuple[Kind, ...] = tuple(kind for kind in CAUGHT_AS if kind != "unknown_unit")


class Dirt:
    """Passes records on as messages and spoils a share of them.

    A duplicate comes besides its original and a little later; every other kind comes instead.
    """

    def __init__(self, rng: Random, share: float) -> None:
        """Spoil ``share`` of the records; 0 leaves all of them clean."""
        self.share = share
        self.planted: Counter[tuple[str, Kind]] = Counter()
        self.clean: Counter[str] = Counter()
        self._rng = rng
        self._encode = msgspec.json.Encoder().encode
        self._turns = count()
        self._later: list[tuple[int, int, Message]] = []

    def beside(self, rng: Random) -> Dirt:
        """Return one that spoils as much by dice of its own, and counts here what it does."""
        other = Dirt(rng, self.share)
        other.planted, other.clean = self.planted, self.clean
        return other

    def spoil(self, records: Iterable[Record]) -> Iterator[Message]:
        """Yield the messages of some records, and repeats of earlier ones whose time has come."""
        for record in records:
            topic, key, event = record.topic, record.key, record.event
            turn = next(self._turns)
            while self._later and self._later[0][0] <= turn:
                repeat = heappop(self._later)[2]
                self.planted[repeat.topic, "duplicate"] += 1
                yield repeat
            raw = self._encode(event)
            if self._rng.random() >= self.share:
                self.clean[topic] += 1
                yield Message(topic, key, raw)
                continue
            kind = self._rng.choice(_MEASURED if isinstance(event, Measurement) else _OTHERS)
            if kind == "duplicate":
                self.clean[topic] += 1
                message = Message(topic, key, raw)
                heappush(self._later, (turn + 1 + self._rng.randrange(20), turn, message))
                yield message
            else:
                self.planted[topic, kind] += 1
                yield Message(topic, key, _SPOIL[kind](topic, raw, record.at))


def _truncated(_topic: str, raw: bytes, _at: float) -> bytes:
    return raw[: len(raw) * 2 // 3]


def _wrong_type(topic: str, raw: bytes, _at: float) -> bytes:
    return _changed(raw, {_TEXT[topic]: 42})


def _missing_field(_topic: str, raw: bytes, _at: float) -> bytes:
    fields = msgspec.json.decode(raw)
    del fields["occurred_at"]
    return msgspec.json.encode(fields)


def _far_future(_topic: str, raw: bytes, at: float) -> bytes:
    return _changed(raw, {"occurred_at": moment(at + _YEAR_S)})


def _unknown_unit(_topic: str, raw: bytes, _at: float) -> bytes:
    return _changed(raw, {"unit": "furlong"})


def _changed(raw: bytes, change: dict[str, Any]) -> bytes:
    return msgspec.json.encode({**msgspec.json.decode(raw), **change})


_SPOIL: dict[Kind, Callable[[str, bytes, float], bytes]] = {
    "truncated": _truncated,
    "wrong_type": _wrong_type,
    "missing_field": _missing_field,
    "far_future": _far_future,
    "unknown_unit": _unknown_unit,
}

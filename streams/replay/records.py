"""What a reader yields: an event that is ready to publish, or a row that could not become one."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from schemas.deadletters import Reason
from schemas.decoding import DECODERS, Reject
from schemas.topics import INPUTS

RowReason = Literal[
    "syntax",
    "columns",
    "missing",
    "not_a_number",
    "bad_time",
    "quantity_sign",
    "price_negative",
    "not_a_sale",
    "too_many_lines",
]
"""Why a row cannot become an event; a closed list, for bad rows are counted by reason."""

BadReason = RowReason | Reason

_KEYS = {topic.name: tuple(topic.key.split("/")) for topic in INPUTS}
_ENCODE = msgspec.json.Encoder().encode


class SourceError(ValueError):
    """A source that cannot be read at all: absent, damaged, or not in the format that was named."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """An event, where it goes, and when it happened (unix seconds)."""

    topic: str
    key: bytes
    event: msgspec.Struct
    at: float


class BadRow(msgspec.Struct, frozen=True, gc=False):
    """A row that cannot become an event: where it stands, why, and its text as it was."""

    file: str
    line: int
    reason: BadReason
    raw: str
    detail: str = ""


def record_of(topic: str, event: Any) -> Record:
    """Return the record of an input event: the topic table says what its Kafka key is made of."""
    key = "/".join([getattr(event, part) for part in _KEYS[topic]])
    moment: datetime = event.occurred_at
    return Record(topic, key.encode(), event, moment.timestamp())


def decode_record(topic: str, value: bytes) -> Record | Reject:
    """Return the record of an event's JSON, or why the workers would refuse it."""
    event = DECODERS[topic](value)
    return event if isinstance(event, Reject) else record_of(topic, event)


def build_record(topic: str, fields: object) -> Record | Reject:
    """Return the record of an event given by its fields, or why the workers would refuse it.

    The event takes the road of any producer's: to JSON and through the decoder of its topic. So
    what a reader yields is known to be accepted again.
    """
    try:
        value = _ENCODE(fields)
    except UnicodeEncodeError as error:
        return Reject("not_utf8", str(error)[:400])
    return decode_record(topic, value)

"""What the simulation hands out in the end: the bytes of a message, as a producer sends them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple


class Message(NamedTuple):
    """One message."""

    topic: str
    key: bytes
    value: bytes


def moment(at: float) -> datetime:
    """Return unix seconds as the time of an event."""
    return datetime.fromtimestamp(at, UTC)

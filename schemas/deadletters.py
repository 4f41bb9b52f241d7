"""Events that could not be used: raw bytes as the message, what was wrong in its headers.

The value and the key of a dead letter are the bytes that came in, so it can be looked at and sent
again with any Kafka tool. The headers use the names of Kafka Streams (KIP-1034) where it has one.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from schemas.fields import EventId, Name, Text, field

Reason = Literal[
    "empty",
    "too_large",
    "not_json",
    "not_utf8",
    "invalid",
    "future_time",
    "unknown_unit",
    "unknown_alarm",
    "step_failed",
    "step_overran",
]
"""Why an event was refused; a closed list, for it is a metric label."""


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True, rename=None):
    """The headers of a dead letter."""

    id: EventId
    reason: Annotated[Reason, field("internal", "Why the event was refused.")]
    message: Text
    where: Name
    topic: Name
    partition: Annotated[int, field("internal", "Source partition.", ge=0)]
    offset: Annotated[int, field("internal", "Source offset.", ge=0)]
    size: Annotated[int, field("internal", "Bytes of the original value.", ge=0)]
    truncated: Annotated[bool, field("internal", "The value was cut at the size limit.")] = False

    def headers(self) -> tuple[tuple[str, bytes], ...]:
        """Return the Kafka headers that carry this."""
        return (
            ("tailorline.id", self.id.encode()),
            ("tailorline.reason", self.reason.encode()),
            ("tailorline.field", self.where.encode()),
            ("tailorline.size", str(self.size).encode()),
            ("tailorline.truncated", b"true" if self.truncated else b"false"),
            ("__streams.errors.exception", self.reason.encode()),
            ("__streams.errors.message", self.message.encode()),
            ("__streams.errors.topic", self.topic.encode()),
            ("__streams.errors.partition", str(self.partition).encode()),
            ("__streams.errors.offset", str(self.offset).encode()),
        )

    @classmethod
    def from_headers(cls, headers: dict[str, bytes]) -> DeadLetter:
        """Read a dead letter back from its Kafka headers.

        Raises ``ValueError`` (``msgspec.ValidationError`` is one) if a header is not as we write
        it, and ``KeyError`` if one is missing.
        """
        text = {
            name: value.decode()
            for name, value in headers.items()
            if name.startswith(("tailorline.", "__streams.errors."))
        }
        return msgspec.convert(
            {
                "id": text["tailorline.id"],
                "reason": text["tailorline.reason"],
                "where": text["tailorline.field"],
                "size": int(text["tailorline.size"]),
                "truncated": text["tailorline.truncated"] == "true",
                "message": text["__streams.errors.message"],
                "topic": text["__streams.errors.topic"],
                "partition": int(text["__streams.errors.partition"]),
                "offset": int(text["__streams.errors.offset"]),
            },
            cls,
        )

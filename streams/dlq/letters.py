"""A dead letter as an operator meets it: what its headers tell, and the bytes that came in."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.deadletters import DeadLetter
from schemas.topics import INPUTS

Headers = Sequence[tuple[str, bytes | None]]
REPLAY_OF = "tailorline.replay_of"
REPLAYS = "tailorline.replays"
_SOURCES = frozenset(topic.name for topic in INPUTS)


@dataclass(frozen=True, slots=True)
class Letter:
    """One message of the topic of dead letters."""

    told: DeadLetter
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes | None], ...]
    at: float
    """When it became a dead letter: Kafka's timestamp of this message, unix seconds."""
    partition: int
    """Where the dead letter lies; where its event lay is in ``told``."""
    offset: int

    @property
    def id(self) -> str:
        """The id, which a repeat has too."""
        return self.told.id

    @property
    def source(self) -> str:
        """Where the event lay."""
        return f"{self.told.topic}[{self.told.partition}]@{self.told.offset}"

    def without_value(self) -> Letter:
        """Return it without the bytes: a value may have 16 MB, and many letters are kept at once."""
        return dataclasses.replace(self, value=b"")

    def replays(self) -> int:
        """Return how often its event had been replayed before, as far as the headers say."""
        raw = dict(self.headers).get(REPLAYS) or b""
        return int(raw) if raw.isdigit() and len(raw) < 10 else 0

    def refusal(self) -> str | None:
        """Return why it cannot be sent again, or None if it can."""
        if self.told.truncated:
            return (
                f"its value was cut ({self.told.size:,} bytes came in), so it would not be the event "
                "that was sent. Have the producer send it again, in parts"
            )
        if self.told.topic not in _SOURCES:
            # The headers are whatever its producer wrote; they must not choose just any topic.
            return f"it names {self.told.topic!r} as its source, which is no input topic"
        return None


def read_letter(
    key: bytes | None, value: bytes | None, headers: Headers, at: float, partition: int, offset: int
) -> Letter | None:
    """Return the dead letter in a message; None if its headers are not those of one."""
    try:
        told = DeadLetter.from_headers({name: raw for name, raw in headers if raw is not None})
    except (ValueError, KeyError):
        return None
    return Letter(told, key, value or b"", tuple(headers), at, partition, offset)


def replay_headers(letter: Letter, replays: int) -> list[tuple[str, bytes]]:
    """Return the headers of a replayed event: which letter it was, and which time this is."""
    return [(REPLAY_OF, letter.id.encode()), (REPLAYS, str(replays).encode())]

"""The one place for failure policy: what becomes a dead letter, and when failing must stop.

Bad input is a dead letter, always. A step that raises is a bug: its event becomes a dead letter too,
but within limits, for a bad deploy must stop the worker and not drain the topic.
"""

from __future__ import annotations

import traceback
from collections import deque

from models.effects import Effects, Origin, Output
from schemas.deadletters import DeadLetter
from schemas.decoding import Reject
from schemas.topics import DEAD_LETTERS, MAX_MESSAGE_BYTES
from streams.settings import GuardSettings

_KEPT_BYTES = MAX_MESSAGE_BYTES - 64 * 1024
"""The largest raw value a dead letter keeps whole; room is left for key and headers."""


class TooManyFailures(Exception):
    """Steps fail so often that it must be a bug of ours, or a change of the data."""


class Guard:
    """Counts the failures of steps, and turns what is refused into dead letters."""

    def __init__(self, settings: GuardSettings) -> None:
        self._settings = settings
        self._recent: deque[bool] = deque(maxlen=settings.window)
        self._consecutive = 0

    def passed(self) -> None:
        """Note that a step went well."""
        self._consecutive = 0
        self._recent.append(False)

    def failed(self, origin: Origin, error: Exception) -> Reject:
        """Note that a step raised; return the reason for its dead letter.

        Raises `TooManyFailures` beyond the limits: nothing of the batch is applied then.
        """
        self._consecutive += 1
        self._recent.append(True)
        where = f"{origin.topic}[{origin.partition}]@{origin.offset}"
        share = sum(self._recent) / max(len(self._recent), 1)
        full = len(self._recent) == self._recent.maxlen
        if self._consecutive >= self._settings.max_consecutive or (
            full and share > self._settings.max_ratio
        ):
            raise TooManyFailures(
                f"{self._consecutive} steps in a row failed ({share:.0%} of the last "
                f"{len(self._recent)}), the last at {where}. Nothing of this batch was applied. "
                "Mend the step or the data, then start again: it goes on right here."
            ) from error
        at = "".join(
            f" ({frame.name}, line {frame.lineno})"
            for frame in traceback.extract_tb(error.__traceback__)[-1:]
        )
        return Reject("step_failed", f"{type(error).__name__}: {error}"[:300] + at)


def dead_letter(
    reject: Reject, origin: Origin, key: bytes | None, raw: bytes | None, effects: Effects
) -> None:
    """Send what was refused to the dead letters: the raw bytes, and why in the headers."""
    value = raw or b""
    letter = DeadLetter(
        id=effects.new_id(),
        reason=reject.reason,
        message=reject.message[:500],
        where=reject.where[:64],
        topic=origin.topic,
        partition=origin.partition,
        offset=origin.offset,
        size=len(value),
        truncated=len(value) > _KEPT_BYTES,
    )
    effects.send(
        Output(DEAD_LETTERS.name, key or b"", letter.id, value[:_KEPT_BYTES], letter.headers())
    )

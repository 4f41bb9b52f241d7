"""Which dead letters are meant: the filters of the commands, and the times they are given in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime

from streams.dlq.letters import Letter

_AGO = re.compile(r"(\d{1,9})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}


@dataclass(frozen=True, slots=True)
class Selection:
    """What a letter must be like; nothing said: any. All that is said must hold."""

    ids: frozenset[str] = frozenset()
    topic: str | None = None
    partition: int | None = None
    reason: str | None = None
    since: float | None = None
    until: float | None = None
    key: str | None = None
    contains: str | None = None

    def __bool__(self) -> bool:
        """Whether anything is said."""
        return any(getattr(self, each.name) not in {None, frozenset()} for each in fields(self))

    def takes(self, letter: Letter) -> bool:
        """Return whether the letter is meant."""
        told = letter.told
        return (
            (not self.ids or letter.id in self.ids)
            and self.topic in {None, told.topic}
            and self.partition in {None, told.partition}
            and self.reason in {None, told.reason}
            and (self.since is None or letter.at >= self.since)
            and (self.until is None or letter.at < self.until)
            and (self.key is None or (letter.key or b"") == _bytes(self.key))
            and (self.contains is None or _holds(letter.value, self.contains))
        )


def _holds(value: bytes, text: str) -> bool:
    # Producers in Python and Java may write ü as \u00fc; who looks for it need not know.
    return _bytes(text) in value or json.dumps(text)[1:-1].encode() in value


def _bytes(text: str) -> bytes:
    # As the shell had it: an argument that is no UTF-8 comes with surrogates.
    return text.encode("utf-8", "surrogateescape")


def moment(text: str, now: float) -> float:
    """Return the unix time that is meant by ``30m``, ``2d`` (so long ago) or an ISO time.

    An ISO time without a zone is UTC, as all times that the commands print. Raises ``ValueError``.
    """
    ago = _AGO.fullmatch(text.strip())
    if ago:
        return now - int(ago[1]) * _SECONDS[ago[2]]
    try:
        when = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueError(
            f"{text!r} is no time: say 45s, 30m, 6h, 2d or 1w for so long ago, or an ISO time such "
            "as 2026-01-05T09:30:00Z"
        ) from error
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


class Chosen:
    """The letters of a stream that a selection takes, each once; ``repeats`` counts the others."""

    def __init__(self, selection: Selection) -> None:
        self.repeats = 0
        self._selection = selection
        self._met: set[str] = set()

    def of(self, letters: Iterable[Letter]) -> Iterator[Letter]:
        """Yield them as they come."""
        for letter in letters:
            if not self._selection.takes(letter):
                continue
            if letter.id in self._met:
                self.repeats += 1
                continue
            self._met.add(letter.id)
            yield letter

    def lacking(self) -> list[str]:
        """Return the ids that were asked for and not met."""
        return sorted(self._selection.ids - self._met)

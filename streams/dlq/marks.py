"""What was done about a dead letter: the marks that keep it from being handled twice.

A message in Kafka cannot be changed, so the marks are in the store, as long as Kafka keeps the letter.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, Protocol, TypeVar

from streams.dlq.letters import Letter

CLAIM_S = 300
"""A claim that is not confirmed for so long is void: whoever made it died. Well above
`DELIVERY_S`, so that what is claimed is sent, or given up, before anybody else may claim it."""
DELIVERY_S = 60
"""How long Kafka is given to confirm a letter."""
DEFAULT_RETENTION_S = 30 * 86_400
FOREVER_S = 10 * 365 * 86_400
SEGMENT_S = 7 * 86_400
"""Kafka deletes whole segments, so a letter may outlive the retention by the time a segment spans
(``segment.ms``, 7 days unless set). A mark that went before its letter would let it be sent again."""
_AT_ONCE = 500
T = TypeVar("T")
State = Literal["replayed", "discarded"]
Run = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs a call of the store to its end; all else here waits for Kafka, one thing after the other."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What was done about a letter, or is being done."""

    state: State | None = None
    at: float = 0.0
    """When, unix seconds by the store's clock."""
    replays: int = 0
    because: str = ""
    claimed_for_s: int = 0
    """Somebody is sending it right now, and has so many seconds left; 0: nobody is."""

    def __str__(self) -> str:
        return "being replayed" if self.claimed_for_s else self.state or "open"


@dataclass(frozen=True, slots=True)
class Claim:
    """The answer to a claim: ``yours``, or why not."""

    status: Literal["yours", "claimed", "replayed", "discarded"]
    replays: int = 0
    """Number of the last replay; 0: there was none."""
    left_s: int = 0
    """How long somebody else's claim still holds."""


class Marks(Protocol):
    """The marks of an installation. Answers are in the order of the ids asked for."""

    async def read(self, ids: Sequence[str]) -> list[Mark]:
        """Return what was done about each letter."""

    async def claim(self, ids: Sequence[str], token: str, *, again: bool) -> list[Claim]:
        """Claim letters for sending; ``again`` also those that were handled before.

        At most one token has a letter at a time. Trying anew with the same token is safe.
        """

    async def confirm(
        self, letters: Sequence[tuple[str, int]], token: str, ttl_s: int
    ) -> list[bool]:
        """Mark letters (id, number of the replay) as replayed; False: somebody else has it now."""

    async def release(self, ids: Sequence[str], token: str) -> None:
        """Give claims back, of letters that were certainly not sent."""

    async def discard(self, ids: Sequence[str], because: str, ttl_s: int) -> list[Claim]:
        """Mark letters as discarded, but for those that were handled or are being sent."""


def mark_ttl_s(retention_ms: str | None) -> int:
    """Return how long marks are kept, from the topic's ``retention.ms`` (None: not told)."""
    if retention_ms is None:
        return DEFAULT_RETENTION_S + SEGMENT_S
    kept = int(retention_ms)
    return FOREVER_S if kept < 0 else min(kept // 1000 + SEGMENT_S, FOREVER_S)


def batches(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of at most ``size``; each as soon as it is full."""
    waiting = iter(things)
    while batch := list(islice(waiting, size)):
        yield batch


def marked(letters: Iterable[Letter], marks: Marks, run: Run) -> Iterator[tuple[Letter, Mark]]:
    """Yield letters, without their values, with their marks."""
    for batch in batches((letter.without_value() for letter in letters), _AT_ONCE):
        yield from zip(batch, run(marks.read([each.id for each in batch])), strict=True)

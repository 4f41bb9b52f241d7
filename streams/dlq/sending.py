"""Sending dead letters again: claim, send, mark what Kafka has confirmed; batch by batch."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from streams.dlq.letters import Letter
from streams.dlq.marks import CLAIM_S, DELIVERY_S, Claim, Marks, Run

_AT_ONCE = 200
_BYTES_AT_ONCE = 8 * 1024 * 1024


class Failure(NamedTuple):
    """Why Kafka did not confirm a letter; ``unsent``: it certainly does not have it."""

    text: str
    unsent: bool


class Outgoing(Protocol):
    """The way to Kafka."""

    def send(self, letter: Letter, replays: int) -> None:
        """Hand a letter over, to the topic that it came from."""

    def settle(self) -> None:
        """Wait until every letter handed over is confirmed or has failed."""

    def confirmed(self) -> Mapping[str, Failure | None]:
        """Take what is known of letters, by id, since the last time; None: Kafka has it."""


@dataclass
class Report:
    """What became of the letters."""

    sent: Counter[str] = field(default_factory=Counter)
    """By topic."""
    failed: list[tuple[str, str]] = field(default_factory=list)
    """Ids, and why."""
    passed: Counter[str] = field(default_factory=Counter)
    """Not sent, for they were handled before: by what was done."""
    claimed_for_s: int = 0
    """The longest time that somebody else's claim still holds."""
    late: list[str] = field(default_factory=list)
    """Ids. Sent, and confirmed after the claim had run out: somebody else may have sent it too."""

    @property
    def good(self) -> bool:
        """Whether nothing is left to be done."""
        return not self.failed and not self.passed["claimed"] and not self.late


def resend(
    letters: Iterable[Letter], marks: Marks, run: Run, outgoing: Outgoing, report: Report,
    *, again: bool, ttl_s: int,
) -> None:  # fmt: skip
    """Send letters again, each only if nobody else does or did; ``again``: even if somebody did.

    ``report`` is filled as it goes, so that it holds when this is interrupted.
    """
    token = uuid.uuid4().hex[:16]
    for batch in _batches(letters):
        before = time.monotonic()
        claims = run(marks.claim([each.id for each in batch], token, again=again))
        numbers = _claimed(batch, claims, report)
        mine = {each.id: each for each in batch if each.id in numbers}
        try:
            late = _send(mine.values(), numbers, outgoing, before + CLAIM_S - 2 * DELIVERY_S)
            outgoing.settle()
        except KeyboardInterrupt:
            outgoing.settle()  # a second one ends this wait too; what is unconfirmed stays claimed
            raise
        finally:  # what Kafka has is marked, also when the operator interrupts
            _mark(mine, numbers, outgoing, marks, run, report, token, ttl_s)
        report.failed += [(name, "it took too long to get to it; try again") for name in late]
        run(marks.release(late, token))


def _batches(letters: Iterable[Letter]) -> Iterator[list[Letter]]:
    batch: list[Letter] = []
    size = 0
    for letter in letters:
        batch.append(letter)
        size += len(letter.value)
        if len(batch) >= _AT_ONCE or size >= _BYTES_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _claimed(batch: Sequence[Letter], claims: Sequence[Claim], report: Report) -> dict[str, int]:
    """Return the number of the replay of each letter that is ours now."""
    numbers: dict[str, int] = {}
    for letter, claim in zip(batch, claims, strict=True):
        if claim.status == "yours":
            # A mark counts on from what the letter came with.
            numbers[letter.id] = max(letter.replays(), claim.replays) + 1
        else:
            report.passed[claim.status] += 1
            report.claimed_for_s = max(report.claimed_for_s, claim.left_s)
    return numbers


def _send(
    mine: Iterable[Letter], numbers: Mapping[str, int], outgoing: Outgoing, until: float
) -> list[str]:  # fmt: skip
    """Hand letters over; return the ids of those it was too late for.

    Kafka might confirm these after the claim ran out, when somebody else may send them too.
    """
    late = []
    for letter in mine:
        if time.monotonic() > until:
            late.append(letter.id)
        else:
            outgoing.send(letter, numbers[letter.id])
    return late


def _mark(
    mine: Mapping[str, Letter], numbers: Mapping[str, int], outgoing: Outgoing, marks: Marks,
    run: Run, report: Report, token: str, ttl_s: int,
) -> None:  # fmt: skip
    fates = outgoing.confirmed()
    there = [name for name, failure in fates.items() if failure is None]
    held = run(marks.confirm([(name, numbers[name]) for name in there], token, ttl_s))
    for name, still in zip(there, held, strict=True):
        report.sent[mine[name].told.topic] += 1
        if not still:
            report.late.append(name)
    for name, failure in fates.items():
        if failure is not None:
            report.failed.append((name, failure.text))
    unsent = [name for name, failure in fates.items() if failure and failure.unsent]
    run(marks.release(unsent, token))

"""One replay: take records at their pace, publish them, count, and write bad rows away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import msgspec

from streams.replay.backpressure import Gate, Progress, Sink
from streams.replay.pacing import Clock, Pacer, Pacing
from streams.replay.records import BadRow, Record

FLUSH_SECONDS = 60.0
_NAP_SECONDS = 0.2
_TELL_SECONDS = 0.1
_ENCODE = msgspec.json.Encoder().encode


@dataclass(slots=True)
class ReplayReport:
    """What a replay has done so far: events read, published by topic, bad rows by reason."""

    read: int = 0
    published: Counter[str] = field(default_factory=Counter)
    bad: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a replay may run ahead of the consumers that it follows."""

    unread_bytes: int = 2_000_000
    stall_seconds: float = 60.0


def replay(
    records: Iterable[Record | BadRow],
    publisher: Sink,
    pacing: Pacing,
    rejects: Callable[[BadRow], None],
    *,
    follow: Progress | None = None,
    on_progress: Callable[[ReplayReport], None] | None = None,
    clock: Clock | None = None,
    limits: Limits | None = None,
) -> ReplayReport:
    """Publish records until they end and everything is confirmed.

    With ``follow``, no partition ever holds more than ``limits.unread_bytes`` that the consumers
    have not read; `StalledError` is raised if they stop reading. ``on_progress`` is called about
    ten times a second with the report so far, the same object that is returned. What the
    publisher raises passes through.
    """
    clock = clock or Clock()
    limits = limits or Limits()
    gate = (
        None
        if follow is None
        else Gate(
            publisher,
            follow,
            clock,
            limit=limits.unread_bytes,
            stall_seconds=limits.stall_seconds,
        )
    )
    report = ReplayReport()
    begin = clock.elapsed()
    pacer: Pacer | None = None
    told = begin

    def tell(*, always: bool = False) -> None:
        nonlocal told
        now = clock.elapsed()
        if on_progress is not None and (always or now - told >= _TELL_SECONDS):
            told = now
            report.seconds = now - begin
            on_progress(report)

    for item in records:
        tell()
        if isinstance(item, BadRow):
            report.bad[item.reason] += 1
            rejects(item)
            continue
        report.read += 1
        # The clock starts at the first record, however long it took to read up to it.
        pacer = pacer or Pacer(pacing, clock.wall(), clock.elapsed())
        while (wait := pacer.wait(item.at, clock.elapsed())) > 0:
            clock.sleep(min(wait, _NAP_SECONDS))
            publisher.poll(0.0)
            tell()
        record = pacer.dated(item, clock.elapsed())
        value = _ENCODE(record.event)
        if gate is not None:
            gate.admit(len(record.key) + len(value))
        publisher.publish(record.topic, record.key, value)
        report.published[record.topic] += 1
    publisher.flush(FLUSH_SECONDS)
    report.seconds = clock.elapsed() - begin
    tell(always=True)
    return report

"""One shard's processing: bytes in, one `Work` for the store out. No I/O, no clock."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

from models.effects import Effects, Origin
from models.propensity.settings import FAMILIES, PINS, Family, Pin
from models.snapshot import Snapshot
from models.view import View
from schemas.decoding import DECODERS, Reject
from streams.encoding import Record, pack, record_of
from streams.guard import Guard, dead_letter
from streams.store.protocol import PIN_ENTRY, TICK_ENTRY, VIEW_ENTRY, Entry, Work
from streams.topology import Core, ShardId

_LOOK_EVERY = 16
"""Counting the changes takes as long as a step or two, so it is not done after every one."""


class Message(NamedTuple):
    """A Kafka message, free of any client's classes."""

    topic: str
    partition: int
    offset: int
    timestamp: float
    """Kafka's timestamp in unix seconds."""
    key: bytes | None
    value: bytes | None


class Done(NamedTuple):
    """What a run made: the work for the store, and the records to send once it is applied."""

    work: Work
    records: list[Record]
    rejects: dict[tuple[str, str], int]
    """Dead letters by topic and reason, for the metrics."""
    taken: int
    """How many messages, from the first one on, are dealt with; the rest is for the next run."""


class Processor:
    """The state of one shard and its watermarks, moved on by messages, views and ticks."""

    def __init__(self, shard: ShardId, core: Core, parts: int, guard: Guard) -> None:
        self.shard = shard
        self.core = core
        self.positions: dict[str, int] = {}
        """The next offset of each topic, as processed here; the store may lag by one batch."""
        self.versions: tuple[int, ...] = (0,) * parts
        self.last_timestamp = 0.0
        self.in_hand: Origin | None = None
        """The event that a step has in hand just now: what a watchdog in another thread looks at."""
        self.quarantine: dict[tuple[str, int], str] = {}
        """By topic and offset, why an event is a dead letter without its step being asked."""
        self._parts = parts
        self._guard = guard
        self._source = f"tailorline/{shard}"

    def begin(self) -> Work:
        """Return empty work to be filled."""
        return Work(effects=Effects(self._parts))

    def run(
        self, messages: Sequence[Message], work: Work | None = None, most: int | None = None
    ) -> Done:
        """Take messages in; those of one topic must be in order of their offsets.

        See `steps`.
        """
        work = self.begin() if work is None else work
        return self.steps(in_time_order(messages), work, most)

    def steps(
        self, messages: Sequence[Message], work: Work, most: int | None = None,
        within_s: float | None = None,
    ) -> Done:  # fmt: skip
        """Take messages in, in the order that they are in.

        With ``most`` it ends early once ``work`` wants about so many changes of the store, with
        ``within_s`` once so many seconds have passed; one message is taken in any case.
        """
        rejects: dict[tuple[str, str], int] = {}
        effects = work.effects
        # Adopting a view may have made outputs, too.
        records = self.collect(work, self.last_timestamp)
        taken = 0
        until = None if within_s is None else time.perf_counter() + within_s
        for message in messages:
            if taken and until is not None and time.perf_counter() > until:
                break
            if most is not None and taken % _LOOK_EVERY == 0 and taken and effects.size() > most:
                break
            taken += 1
            topic = message.topic
            first = self.positions.get(topic, message.offset)
            if message.offset < first:
                continue  # a repeat of the transport: already in the state
            outcome = self._take(message, effects, len(effects.outputs))
            records += self.collect(work, message.timestamp)
            if isinstance(outcome, Reject):
                key = (topic, outcome.reason)
                rejects[key] = rejects.get(key, 0) + 1
                _count(work.tally, f"{topic}:rejected:{outcome.reason}")
                outcome_name = "rejected"
            else:
                outcome_name = outcome
            _count(work.tally, f"{topic}:read")
            _count(work.tally, f"{topic}:{outcome_name}")
            self._cover(work, topic, first, message.offset + 1)
        self.in_hand = None
        return Done(work, records, rejects, taken)

    def collect(self, work: Work, at: float) -> list[Record]:
        """Put the outputs made since the last time into the outbox; return their records.

        ``at`` (unix seconds) is when what they follow from happened, as Kafka says.
        """
        fresh = work.effects.outputs[len(work.outputs) :]
        records = [record_of(output, self._source, at) for output in fresh]
        for output in fresh:
            _count(work.tally, f"{output.topic}:sent")
        work.outputs.extend(pack(record) for record in records)
        return records

    def _take(self, message: Message, effects: Effects, sent: int) -> str | Reject:
        origin = Origin(message.topic, message.partition, message.offset, message.timestamp)
        self.last_timestamp = max(self.last_timestamp, message.timestamp)
        effects.begin(origin)
        self.in_hand = origin
        outcome: str | Reject
        event = DECODERS[message.topic](message.value)
        if self.quarantine and (message.topic, message.offset) in self.quarantine:
            why = self.quarantine[message.topic, message.offset]
            outcome = Reject("step_overran", why)
        elif isinstance(event, Reject):
            outcome = event
        else:
            try:
                outcome = self.core.accept(event, origin, effects)
            except Exception as error:  # noqa: BLE001 - the guard's policy needs them all
                # Deltas that the step made before it raised stay: the state has them too.
                del effects.outputs[sent:]
                outcome = self._guard.failed(origin, error)
            else:
                self._guard.passed()
        if isinstance(outcome, Reject):
            dead_letter(outcome, origin, message.key, message.value, effects)
        return outcome

    def _cover(self, work: Work, topic: str, first: int, after: int) -> None:
        begun = work.covers.get(topic)
        work.covers[topic] = (begun[0] if begun else first, after)
        last = work.journal[-1] if work.journal else None
        if last is not None and last.kind == topic:
            work.journal[-1] = Entry(topic, last.first, after)
        else:
            work.journal.append(Entry(topic, first, after))
        self.positions[topic] = after

    def adopt(self, view: View, work: Work) -> None:
        """Go on with a newer merged view; noted in the journal, for it changes decisions."""
        if view.versions == self.versions or not self.core.reads(view):
            return
        # It may make offers, whose ids a replay has to find again: versions only grow.
        number, place = self.shard.number, sum(view.versions)
        work.effects.begin(Origin(VIEW_ENTRY, number, place, self.last_timestamp))
        self.core.adopt(view, work.effects)
        self.versions = view.versions
        work.journal.append(Entry(VIEW_ENTRY, versions=view.versions))

    def pin(self, family: Family, name: Pin, work: Work) -> None:
        """Have a classifier serve; noted in the journal, for it changes decisions.

        Nothing is done if it serves already, or takes no part in this shard's contest.
        """
        if self.core.can_pin(family, name) and self.core.pin(family, name):
            entry = Entry(PIN_ENTRY, PINS.index(name), FAMILIES.index(family))
            work.journal.append(entry)

    def tick(self, at: float, work: Work) -> None:
        """Let time pass without events; noted in the journal like an event."""
        milliseconds = int(at * 1000)
        work.effects.begin(Origin(TICK_ENTRY, self.shard.number, milliseconds, at))
        self.core.tick(milliseconds / 1000, work.effects)
        work.journal.append(Entry(TICK_ENTRY, milliseconds, 0))

    def snapshot(self) -> Snapshot:
        """Return the state and what it covers; not a copy."""
        return Snapshot(self.core, dict(self.positions), self.versions)

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot."""
        self.core = snapshot.state
        self.positions = dict(snapshot.watermarks)
        self.versions = snapshot.views


def in_time_order(messages: Sequence[Message]) -> Sequence[Message]:
    """Merge the topics of a batch by Kafka's timestamps, keeping each topic's order.

    So that a click of a second ago is learnt before the order it led to, also when catching up.
    """
    topics: dict[str, list[Message]] = {}
    for message in messages:
        topics.setdefault(message.topic, []).append(message)
    if len(topics) < 2:
        return messages
    # A topic's own timestamps may go back a little (producers' clocks): a running maximum sorts.
    keyed = []
    for number, (_, own) in enumerate(sorted(topics.items())):
        latest = 0.0
        for message in own:
            latest = max(latest, message.timestamp)
            keyed.append((latest, number, message.offset, message))
    keyed.sort(key=lambda row: row[:3])
    return [row[3] for row in keyed]


def _count(tally: dict[str, int], name: str) -> None:
    tally[name] = tally.get(name, 0) + 1

"""What a run must have come to: the same events, in the journal's order, through the pure core."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from bench.faults.outcome import Counts, Outcome
from models.propensity.settings import FAMILIES, PINS
from models.view import View
from schemas.deadletters import DeadLetter
from schemas.topics import DEAD_LETTERS
from streams.encoding import Record
from streams.guard import Guard
from streams.processor import Done, Message, Processor
from streams.settings import Settings
from streams.store.memory import MemoryStore
from streams.store.protocol import PIN_ENTRY, TICK_ENTRY, VIEW_ENTRY, Entry
from streams.topology import FLOW_NAMED, ShardId

ViewAt = Callable[[tuple[int, ...]], Awaitable[View]]


@dataclass(slots=True)
class ShardTruth:
    """One shard, as the pure core has it after the whole journal."""

    processor: Processor
    tally: dict[str, int] = field(default_factory=dict)
    counts: Counts = field(default_factory=dict)
    outputs: dict[str, Record] = field(default_factory=dict)


async def truth_of(
    shard: ShardId, outcome: Outcome, settings: Settings, parts: int, view_at: ViewAt
) -> ShardTruth:
    """Run a shard's whole journal through the pure core."""
    core = FLOW_NAMED[shard.flow].new_core(settings)
    processor = Processor(shard, core, parts, Guard(settings.guard))
    processor.quarantine = _overran(shard, outcome)
    truth = ShardTruth(processor)
    store = MemoryStore()
    claim = await store.claim(shard)
    for number, entry in enumerate(outcome.shards[shard].history, 1):
        done = await _replayed(entry, shard, processor, outcome, view_at)
        done.work.number = number
        applied = await store.apply(shard, claim.epoch, done.work)
        if applied.status != "applied":
            raise RuntimeError(f"{shard}: the journal's {entry} is {applied.status}.")
        truth.outputs |= {id_of(record): record for record in done.records}
    truth.tally = await store.tally(shard)
    for key in store.keys(shard):
        if key.startswith(("count:", "row:")):
            truth.counts[key] = await store.counts(shard, key)
    return truth


async def _replayed(
    entry: Entry, shard: ShardId, processor: Processor, outcome: Outcome, view_at: ViewAt
) -> Done:
    work = processor.begin()
    if entry.kind == VIEW_ENTRY:
        processor.adopt(await view_at(entry.versions), work)
    elif entry.kind == TICK_ENTRY:
        processor.tick(entry.first / 1000, work)
    elif entry.kind == PIN_ENTRY:
        processor.pin(FAMILIES[entry.next], PINS[entry.first], work)
    else:
        events = outcome.inputs[entry.kind, shard.number]
        return processor.run(_between(events, entry.first, entry.next), work)
    return Done(work, [], {}, 0)


def _between(events: Sequence[Message], first: int, after: int) -> list[Message]:
    # Offsets of topics made by us have no gaps: the first event's tells all places.
    base = events[0].offset
    return list(events[first - base : after - base])


def _overran(shard: ShardId, outcome: Outcome) -> dict[tuple[str, int], str]:
    found = {}
    for sent in outcome.outputs.values():
        letter = sent.letter
        if letter and letter.reason == "step_overran" and letter.partition == shard.number:
            found[letter.topic, letter.offset] = letter.message
    return found


def id_of(record: Record) -> str:
    """Return the id of an output."""
    headers = dict(record.headers)
    if record.topic == DEAD_LETTERS.name:
        return DeadLetter.from_headers(headers).id
    return headers["ce_id"].decode()

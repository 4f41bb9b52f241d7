"""Whether a run came to what it must: against the pure core, and against a run without a fault."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.faults.outcome import Counts, Outcome, ShardOutcome
from bench.faults.truth import ShardTruth
from bench.fingerprint import fingerprint
from models.snapshot import Snapshot
from schemas.topics import ALERTS, DEAD_LETTERS
from streams.guard import Guard
from streams.processor import Message, Processor
from streams.settings import Settings
from streams.topology import ShardId

_ROUNDING = 1e-9
"""Sums in another order differ by so much, relatively: batches are not cut alike."""
BY_VIEW = "count:triples"
"""When a triple is opened depends on when the view was merged, which is the clock's business."""


@dataclass(slots=True)
class Verdict:
    """What is not as it must be; nothing in ``wrong`` is a pass."""

    wrong: list[str] = field(default_factory=list)
    lost: int = 0
    repeats: int = 0
    extra: int = 0
    """Outputs on Kafka that the journal does not have: of work that the store lost afterwards."""


def judge(outcome: Outcome, truths: Mapping[ShardId, ShardTruth], *, store_lost: bool) -> Verdict:
    """Hold a run against the pure core. ``store_lost``: the store was made to lose work."""
    verdict = Verdict(repeats=outcome.repeats())
    expected: set[str] = set()
    for shard, truth in sorted(truths.items()):
        verdict.wrong += [f"{shard}: {text}" for text in _state(outcome.shards[shard], truth)]
        expected |= truth.outputs.keys()
        for own_id, record in truth.outputs.items():
            sent = outcome.outputs.get(own_id)
            if sent is None:
                continue
            # What the store lost was decided anew, perhaps otherwise: that came later, by this id.
            sent_as = [(sent.key, sent.value), *(sent.others if store_lost else [])]
            if (record.key, record.value) not in sent_as:
                verdict.wrong.append(f"{shard}: output {own_id} differs")
    lost = expected - outcome.outputs.keys()
    extra = outcome.outputs.keys() - expected
    verdict.lost, verdict.extra = len(lost), len(extra)
    if lost:
        verdict.wrong.append(f"{len(lost)} outputs are missing, for example {min(lost)}")
    if extra and not store_lost:
        verdict.wrong.append(f"{len(extra)} outputs are too many, for example {min(extra)}")
    if outcome.changed and not store_lost:
        verdict.wrong.append(f"{len(outcome.changed)} ids came again with other contents")
    return verdict


def _state(own: ShardOutcome, truth: ShardTruth) -> list[str]:
    wrong = differences(own.counts, truth.counts)
    if own.tally != truth.tally:
        wrong.append(f"totals {_unequal(own.tally, truth.tally)}")
    snapshot, processor = own.snapshot, truth.processor
    if not processor.positions:
        return wrong  # a shard without events has nothing to snapshot
    if snapshot is None:
        wrong.append("no snapshot")
    elif (snapshot.watermarks, snapshot.views) != (processor.positions, processor.versions):
        wrong.append("the snapshot does not cover the whole journal")
    elif fingerprint(snapshot.state) != fingerprint(processor.core):
        wrong.append("the models' state differs")
    return wrong


def judge_next(
    outcome: Outcome, truths: Mapping[ShardId, ShardTruth],
    events: Mapping[ShardId, list[Message]], settings: Settings,
) -> list[str]:  # fmt: skip
    """Give both sides the same further events: what the models make of them must be equal."""
    wrong = []
    for shard, truth in sorted(truths.items()):
        snapshot = outcome.shards[shard].snapshot
        if snapshot is None or not events.get(shard):
            continue
        theirs, ours = truth.processor, _restored(truth, snapshot, settings)
        one, other = theirs.run(events[shard]), ours.run(events[shard])
        same = (
            one.records == other.records
            and one.work.effects.deltas == other.work.effects.deltas
            and one.work.tally == other.work.tally
            and fingerprint(theirs.core) == fingerprint(ours.core)
        )
        if not same:
            wrong.append(f"{shard}: the next {len(events[shard])} events come out differently")
    return wrong


def _restored(truth: ShardTruth, snapshot: Snapshot, settings: Settings) -> Processor:
    """Return what a new owner would go on with: the snapshot, and the view it was taken under."""
    theirs = truth.processor
    processor = Processor(theirs.shard, snapshot.state, len(theirs.versions), Guard(settings.guard))
    processor.restore(snapshot)
    view = getattr(theirs.core, "view", None)
    if view is not None and any(snapshot.views):
        processor.core.resume(view)
    return processor


def against(outcome: Outcome, calm: Outcome) -> list[str]:
    """Hold a run against one without a fault: counts, alarms, and which events were accepted."""
    wrong = []
    counts, expected = outcome.counts(), calm.counts()
    for every in (counts, expected):
        every.pop(f"shop:{BY_VIEW}", None)
    wrong += [f"against calm: {text}" for text in differences(counts, expected)]
    if _accepted(outcome) != _accepted(calm):
        wrong.append("against calm: other events were accepted")
    if _log(outcome, ALERTS.name) != _log(calm, ALERTS.name):
        wrong.append("against calm: the alarms differ")
    return wrong


def differences(found: Counts, expected: Counts, most: int = 3) -> list[str]:
    """Return how counts differ beyond rounding, at most so many of the differences."""
    wrong = []
    for key in sorted(found.keys() | expected.keys()):
        one, other = found.get(key, {}), expected.get(key, {})
        for name in sorted(one.keys() | other.keys()):
            a, b = one.get(name, 0.0), other.get(name, 0.0)
            if not math.isclose(a, b, rel_tol=_ROUNDING, abs_tol=_ROUNDING):
                wrong.append(f"{key}[{name}] is {a!r}, not {b!r}")
    return wrong[:most] + ([f"… {len(wrong)} counts differ"] if len(wrong) > most else [])


def _unequal(one: Mapping[str, int], other: Mapping[str, int]) -> str:
    return ", ".join(
        f"{name} {one.get(name)} not {other.get(name)}"
        for name in sorted(one.keys() | other.keys())
        if one.get(name) != other.get(name)
    )


def _accepted(outcome: Outcome) -> tuple[dict[str, int], Sequence[tuple[str, int, int]]]:
    """Return the totals of inputs, and the coordinates of what was refused."""
    totals = {name: n for name, n in outcome.tally().items() if not name.endswith(":sent")}
    refused = sorted(
        (sent.letter.topic, sent.letter.partition, sent.letter.offset)
        for sent in outcome.outputs.values()
        if sent.topic == DEAD_LETTERS.name and sent.letter is not None
    )
    return totals, refused


def _log(outcome: Outcome, topic: str) -> dict[str, bytes]:
    return {own: sent.value for own, sent in outcome.outputs.items() if sent.topic == topic}

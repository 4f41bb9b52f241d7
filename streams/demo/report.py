"""The report of a demo: what was counted, whether it adds up, and what was found. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.topics import DEAD_LETTERS
from streams.demo.snapshot import Input, Latency, Output, Snapshot

Dirt = Mapping[str, Mapping[str, int]]


def differences(snapshot: Snapshot, dirt: Dirt | None = None) -> list[str]:
    """Return what does not add up; nothing if every event is accounted for."""
    return [
        *(line for topic, one in snapshot.inputs.items() for line in _unread(topic, one)),
        *_undelivered(snapshot),
        *(
            f"{topic}: {planted:,} {kind} were planted, {seen:,} caught"
            for topic, kinds in caught(snapshot, dirt or {}).items()
            for kind, (planted, seen) in kinds.items()
            if planted != seen
        ),
    ]


def _unread(topic: str, one: Input) -> Iterator[str]:
    """Yield what does not add up about an input topic."""
    if one.read != one.published:
        yield f"{topic}: {one.published:,} were published, {one.read:,} were read"
    outcomes = one.accepted + one.duplicates + one.rejected
    if outcomes != one.read:
        yield (
            f"{topic}: {one.read:,} were read, but {one.accepted:,} accepted + "
            f"{one.duplicates:,} duplicates + {one.rejected:,} rejected are {outcomes:,}"
        )
    reasons = sum(one.reasons.values())
    if reasons != one.rejected:
        yield f"{topic}: {one.rejected:,} rejected, {reasons:,} of them with a reason"
    if one.lag:
        yield f"{topic}: {one.lag:,} were published but not applied"


def _undelivered(snapshot: Snapshot) -> Iterator[str]:
    """Yield what does not add up about the output topics."""
    for topic, out in snapshot.outputs.items():
        if out.received != out.sent:
            yield f"{topic}: {out.sent:,} were sent, {out.received:,} came"
    rejected = sum(one.rejected for one in snapshot.inputs.values())
    letters = snapshot.outputs.get(DEAD_LETTERS.name, Output()).sent
    if letters != rejected:
        yield f"{rejected:,} events were rejected, {letters:,} dead letters were sent"


def caught(snapshot: Snapshot, dirt: Dirt) -> dict[str, dict[str, tuple[int, int]]]:
    """Return by topic and kind how much dirt was planted, and how much of it was caught."""
    table: dict[str, dict[str, tuple[int, int]]] = {}
    for topic, planted in dirt.items():
        one = snapshot.inputs[topic]
        seen = {"duplicate": one.duplicates, **one.reasons}
        table[topic] = {
            kind: (planted.get(kind, 0), seen.get(kind, 0))
            for kind in sorted(planted.keys() | {name for name, count in seen.items() if count})
        }
    return table


def results(
    snapshot: Snapshot, seconds: float, dirt: Dirt | None, extra: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the results; ``seconds`` from the first event to the last one applied."""
    read = sum(one.read for one in snapshot.inputs.values())
    wrong = differences(snapshot, dirt)
    return {
        "accounted": int(not wrong),
        "differences": wrong,
        "seconds": round(seconds, 3),
        "read": read,
        "events_per_s": round(_per_second(read, seconds), 1),
        "topics": {
            topic: {
                "published": one.published,
                "read": one.read,
                "accepted": one.accepted,
                "duplicates": one.duplicates,
                "rejected": one.rejected,
                "rejected_by_reason": dict(one.reasons),
                "events_per_s": round(_per_second(one.read, seconds), 1),
                "lag_end": one.lag,
                **_latency(one.latency),
            }
            for topic, one in snapshot.inputs.items()
        },
        "outputs": {
            topic: {"outputs": out.sent, "received": out.received, **_latency(out.latency)}
            for topic, out in snapshot.outputs.items()
        },
        "output_repeats": snapshot.heard.repeats,
        "dirt": {
            topic: {
                kind: {"planted": planted, "caught": seen}
                for kind, (planted, seen) in kinds.items()
            }
            for topic, kinds in caught(snapshot, dirt or {}).items()
        },
        "rules": snapshot.rules_total,
        "propensity": {
            "examples": snapshot.propensity.examples,
            "positives": snapshot.propensity.positives,
            "auc": snapshot.propensity.auc,
            "log_loss": snapshot.propensity.log_loss,
        },
        "misrouted": snapshot.misrouted,
        "workers": {
            worker.name: {"peak_mb": worker.peak_mb, "end_mb": worker.memory_mb}
            for worker in snapshot.workers
        },
        **extra,
    }


def envelope(
    data: list[str],
    settings: Mapping[str, Any],
    found: Mapping[str, Any],
    baselines: Mapping[str, Mapping[str, float]],
) -> dict[str, Any]:
    """Return the object that every bench of ours writes, so that programs can compare runs."""
    return {
        "bench": "demo",
        "data": data,
        "settings": dict(settings),
        "results": dict(found),
        "baselines": {name: dict(metrics) for name, metrics in baselines.items()},
    }


def _per_second(count: int, seconds: float) -> float:
    return count / seconds if seconds > 0 else 0.0


def _latency(latency: Latency) -> dict[str, float | None]:
    found = {"p50_ms": latency.p50_ms, "p95_ms": latency.p95_ms, "p99_ms": latency.p99_ms}
    return {name: None if value is None else round(value, 2) for name, value in found.items()}

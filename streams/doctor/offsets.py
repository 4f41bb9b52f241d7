"""What the store has applied against what the broker has and the group has committed."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.topics import INPUTS
from streams.doctor.facts import Position
from streams.doctor.finding import Finding
from streams.settings import Settings
from streams.store.protocol import ShardFacts
from streams.topology import FLOWS, ShardId, shard_of

_JOURNAL = 10_000


def offset_findings(
    positions: Mapping[tuple[str, int], Position],
    shards: Mapping[ShardId, ShardFacts],
    settings: Settings,
) -> list[Finding]:
    """Hold what the store has applied against the topics and the group's committed offsets."""
    found = []
    for topic in INPUTS:
        mine = {number: at for (name, number), at in positions.items() if name == topic.name}
        troubles: dict[Finding, list[int]] = {}
        lag = applied = 0
        for number, at in mine.items():
            shard = shards.get(shard_of(topic.name, number))
            mark = shard.watermarks.get(topic.name) if shard else None
            applied += mark or 0
            lag += max(at.high - max(mark or 0, at.low), 0)
            restart = shard.restart.get(topic.name) if shard else None
            trouble = _offset(topic.name, at, mark, restart, settings)
            if trouble:
                troubles.setdefault(trouble, []).append(number)
        found += [
            Finding(
                trouble.level,
                f"offsets of {topic.name}",
                f"partition {', '.join(map(str, numbers))}: {trouble.text}",
                trouble.remedy,
            )
            for trouble, numbers in troubles.items()
        ]
        if mine and not troubles:
            found.append(
                Finding("ok", f"offsets of {topic.name}", f"{applied:,} applied, {lag:,} to come")
            )
    return found


def _offset(
    topic: str, at: Position, mark: int | None, restart: int | None, settings: Settings
) -> Finding | None:
    if mark is None:
        if not at.committed:
            return None
        return Finding(
            "wrong" if settings.store.on_loss == "refuse" else "warn", topic,
            f"the store is empty, though the group {settings.kafka.group} has read it",
            "put the store back (TAILORLINE_STORE__URL, TAILORLINE_STORE__PREFIX), or choose with "
            f"TAILORLINE_STORE__ON_LOSS (now {settings.store.on_loss}): replay or skip",
        )  # fmt: skip
    if mark > at.high:
        return Finding(
            "wrong", topic, "the store is ahead of the topic's end: the topic was made anew, or "
            "broker and store do not belong together",
            "check TAILORLINE_KAFKA__BOOTSTRAP_SERVERS and TAILORLINE_STORE__URL; if the topic is "
            "new: `tailorline shards reset`",
        )  # fmt: skip
    if restart is not None and restart < at.low:
        return Finding(
            "wrong", topic, "the next owner must read from before the topic's oldest event: "
            "retention overtook the store",
            "`tailorline shards reset`, then give the topic more retention",
        )  # fmt: skip
    if at.committed is not None and at.committed > mark:
        return Finding(
            "warn", topic, "the store is behind what the group has committed: it lost its newest "
            "writes",
            "nothing: workers read again from where the store is; appendfsync=always loses none",
        )  # fmt: skip
    return None


def shard_findings(
    shards: Mapping[ShardId, ShardFacts], counts: Mapping[str, int]
) -> list[Finding]:
    """Check that there is a shard for each partition, and that snapshots keep the journals short."""
    found = []
    for flow in FLOWS:
        known = {shard.number for shard in shards if shard.flow == flow.name}
        count = max((counts[topic] for topic in flow.topics if topic in counts), default=0)
        subject = f"shards of {flow.name}"
        if known and count and max(known) >= count:
            found.append(
                Finding(
                    "wrong", subject,
                    f"the store has shards up to {max(known)}, the topics {count} partitions",
                    "another broker, or topics made anew; give them as many partitions as before",
                )
            )  # fmt: skip
        elif known and count and len(known) < count:
            found.append(
                Finding(
                    "warn", subject, f"{len(known)} of {count} were ever taken over",
                    "start workers; if partitions were added, keys have moved: reset the flow's "
                    "shards",
                )
            )  # fmt: skip
        else:
            text = f"{len(known)}" if known else "none yet: no worker has run"
            found.append(Finding("ok", subject, text))
    for shard, facts in shards.items():
        if len(facts.journal) > _JOURNAL:
            found.append(
                Finding(
                    "warn", f"shard {shard}",
                    f"journal of {len(facts.journal):,} lines: no snapshot was taken for long",
                    "look for errors in the workers' logs; TAILORLINE_SNAPSHOTS__EVERY_S",
                )
            )  # fmt: skip
    return found

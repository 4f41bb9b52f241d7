"""The topics against the topic table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from schemas.topics import MAX_EVENT_BYTES, TOPICS, Topic
from streams.doctor.facts import BrokerFacts, TopicFacts
from streams.doctor.finding import Finding
from streams.layout import refusal
from streams.topology import FLOWS


def topic_findings(broker: BrokerFacts) -> list[Finding]:
    """Compare the topics with the topic table."""
    found: list[Finding] = []
    for topic in TOPICS:
        facts = broker.topics.get(topic.name)
        if facts is None:
            found.append(
                Finding(
                    "wrong", f"topic {topic.name}", "is not there", "`tailorline topics create`"
                )
            )
            continue
        problems = [*_replication(topic, facts, broker), *_config(topic, facts)]
        if not problems:
            problems = [Finding("ok", f"topic {topic.name}", _summary(facts))]
        found += problems
    silent = [name for name, facts in broker.topics.items() if not facts.config]
    if silent and broker.embedded:
        found.append(Finding("ok", "topic settings", "the embedded broker has none"))
    elif silent:
        found.append(
            Finding(
                "warn", "topic settings", f"the broker does not tell those of {', '.join(silent)}",
                "let this user describe the topics' configs, or look at retention.ms yourself",
            )
        )  # fmt: skip
    for flow in FLOWS:
        counts = {t: broker.topics[t].partitions for t in flow.topics if t in broker.topics}
        listed = ", ".join(f"{name} {count}" for name, count in counts.items())
        if len(set(counts.values())) > 1:
            few = [name for name, count in counts.items() if count < max(counts.values())]
            found.append(
                Finding(
                    "wrong",
                    f"partitions of {flow.name}",
                    f"unequal ({listed}): what belongs together would be in several shards",
                    f"give {' and '.join(few)} {max(counts.values())} partitions (kafka-topics.sh "
                    "--alter); keys then move, so reset the flow's shards, or make the topic anew",
                )
            )
        elif len(counts) > 1:
            found.append(Finding("ok", f"partitions of {flow.name}", f"equal ({listed})"))
    return found


def _summary(facts: TopicFacts) -> str:
    text = f"{facts.partitions} partitions"
    if not facts.config:
        return text
    kept = int(facts.config["retention.ms"])
    kept_for = "for ever" if kept < 0 or _keeps_last(facts) else f"{kept / 3_600_000:g} h"
    kept_for += ", the last of each key" if "compact" in _policy(facts) else ""
    most = int(facts.config["max.message.bytes"])
    copies = "1 copy" if facts.replicas == 1 else f"{facts.replicas} copies"
    return f"{text}, {copies}, kept {kept_for}, messages to {most:,} bytes"


def _replication(topic: Topic, facts: TopicFacts, broker: BrokerFacts) -> Iterator[Finding]:
    if facts.replicas == 1 and broker.brokers > 1:
        yield Finding(
            "warn", f"topic {topic.name}", "is on one broker only: if that fails, it is lost",
            "raise it to 3 replicas (kafka-reassign-partitions.sh)",
        )  # fmt: skip


def _config(topic: Topic, facts: TopicFacts) -> Iterator[Finding]:
    if not facts.config:
        return
    subject = f"topic {topic.name}"
    kept, wanted = int(facts.config["retention.ms"]), topic.retention_hours * 3_600_000
    if topic.compacted:
        if kept >= 0 and not _keeps_last(facts):
            yield Finding(
                "warn", subject, f"loses what was not told again for {kept / 3_600_000:g} h: "
                "a shard that is rebuilt does not get to know it",
                _alter(topic, "cleanup.policy", "compact"),
            )  # fmt: skip
    elif kept < 0:
        yield Finding(
            "warn", subject, "is kept for ever, and may hold personal data",
            _alter(topic, "retention.ms", wanted),
        )  # fmt: skip
    elif kept < wanted:
        why = "shards are rebuilt from it" if topic.direction == "in" else "consumers read it late"
        yield Finding(
            "wrong" if topic.direction == "in" else "warn", subject,
            f"is kept {kept / 3_600_000:g} h, not {topic.retention_hours} h: {why}",
            _alter(topic, "retention.ms", wanted),
        )  # fmt: skip
    most = int(facts.config["max.message.bytes"])
    if most < topic.max_message_bytes:
        # A smaller batch of small events still fits into an input.
        harmless = topic.direction == "in" and most >= MAX_EVENT_BYTES
        yield Finding(
            "warn" if harmless else "wrong", subject,
            f"takes messages up to {most:,} bytes, not {topic.max_message_bytes:,}",
            _alter(topic, "max.message.bytes", topic.max_message_bytes),
        )  # fmt: skip
    if "compact" in _policy(facts) and not topic.compacted:
        yield Finding(
            "wrong", subject, "is compacted: only the last event of each key is kept",
            _alter(topic, "cleanup.policy", "delete"),
        )  # fmt: skip


def _policy(facts: TopicFacts) -> str:
    return facts.config.get("cleanup.policy", "delete")


def _keeps_last(facts: TopicFacts) -> bool:
    """Return whether the broker never drops the last event of a key."""
    return _policy(facts) == "compact"


def _alter(topic: Topic, name: str, value: object) -> str:
    return (
        f"kafka-configs.sh --bootstrap-server … --alter --entity-type topics --entity-name {topic.name} "
        f"--add-config {name}={value}"
    )


def layout_finding(noted: Mapping[str, str], found: Mapping[str, str]) -> Finding:
    """Hold the topics against those that the state in the store was made from."""
    subject = "topics of the state"
    if not noted:
        return Finding("ok", subject, "no worker has run with this store and prefix yet")
    refused = refusal(noted, found)
    if refused is None:
        return Finding("ok", subject, "are those that it was made from")
    what, _, remedy = refused.partition(" Either ")
    return Finding("wrong", subject, what, f"either {remedy}")

"""Topics on the broker: what is there, what is lacking, and making them from the topic table."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from confluent_kafka import (
    TIMESTAMP_LOG_APPEND_TIME,
    Consumer,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
    libversion,
)
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    ConfigResource,
    OffsetSpec,
    ResourceType,
)
from confluent_kafka.cimpl import NewTopic

from schemas.topics import INPUTS, TOPICS, Topic
from streams.doctor.facts import BrokerFacts, Position, Sample, TopicFacts
from streams.errors import Misconfigured
from streams.settings import Settings

_EMBEDDED = "mockCluster"
"""How librdkafka's mock cluster calls itself; it knows no topic ids nor settings, nor how to make topics."""
_EARLIEST, _LATEST = OffsetSpec.earliest(), OffsetSpec.latest()  # type: ignore[no-untyped-call]
_ANSWER_S = 5.0
"""How long a check-up waits for each answer."""
_POLL_S = 0.02
"""`Consumer.consume` waits so long for its messages, though the last of all be among them."""
_CONFIG = ("retention.ms", "max.message.bytes", "cleanup.policy")


def partition_counts(settings: Settings, wait_s: float = 30.0) -> dict[str, int]:
    """Return the number of partitions of every topic of the table.

    Raises `Misconfigured` if the broker does not answer or a topic does not come up in ``wait_s``.
    """
    admin = AdminClient(settings.kafka.client_config())
    until = time.monotonic() + wait_s
    while True:
        found = _metadata(admin, settings, 10.0).topics
        counts = {name: len(topic.partitions) for name, topic in found.items()}
        lacking = [topic.name for topic in TOPICS if not counts.get(topic.name)]
        if not lacking:
            return {topic.name: counts[topic.name] for topic in TOPICS}
        if time.monotonic() > until:
            raise Misconfigured(
                f"Topics lacking on {settings.kafka.bootstrap_servers}: {', '.join(lacking)}. "
                "Make them with `tailorline topics create`."
            )
        time.sleep(0.5)


def create_topics(
    settings: Settings, partitions: int | None = None, replication: int = -1
) -> dict[str, str]:
    """Create the topics that are lacking; return what happened to each: created or exists.

    A ``replication`` of -1 is the broker's own default. Raises `Misconfigured` if one cannot be
    made; those before it are there then.
    """
    admin = _admin(settings)
    metadata = _metadata(admin, settings, 10.0)
    if _is_embedded(metadata):
        raise Misconfigured(
            "The embedded broker cannot be asked for topics: it makes them by itself, with 4 "
            "partitions each. Use `tailorline topics check`, or an Apache Kafka."
        )
    wanted = [
        NewTopic(
            topic.name,
            num_partitions=partitions or topic.partitions,
            replication_factor=replication,
            config=topic_config(topic),
        )
        for topic in TOPICS
    ]
    outcome: dict[str, str] = {}
    for name, future in admin.create_topics(wanted, operation_timeout=30.0).items():
        try:
            future.result(60.0)
            outcome[name] = "created"
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                why = error.args[0].str()
                raise Misconfigured(f"Topic {name} could not be created: {why}") from error
            outcome[name] = "exists"
    return outcome


def topic_config(topic: Topic) -> dict[str, str]:
    """Return a topic's configuration as the table has it."""
    kept_ms = str(topic.retention_hours * 3_600_000)
    config = {"retention.ms": kept_ms, "max.message.bytes": str(topic.max_message_bytes)}
    if topic.compacted:
        # Not at once: what a shard learns again after a crash should be what it learnt first.
        config |= {"cleanup.policy": "compact", "min.compaction.lag.ms": kept_ms}
    return config


def broker_facts(settings: Settings) -> BrokerFacts:
    """Ask the broker about itself and our topics; `Misconfigured` if it does not answer."""
    admin = _admin(settings)
    metadata = _metadata(admin, settings, _ANSWER_S)
    embedded = _is_embedded(metadata)
    ours = {
        topic.name: metadata.topics[topic.name].partitions
        for topic in TOPICS
        if topic.name in metadata.topics and metadata.topics[topic.name].partitions
    }
    configs = {} if embedded else _configs(admin, list(ours))
    return BrokerFacts(
        cluster=metadata.cluster_id or "",
        brokers=len(metadata.brokers),
        client=f"librdkafka {libversion()[0]}",
        embedded=embedded,
        topics={
            name: TopicFacts(
                len(found), min(len(p.replicas) for p in found.values()), configs.get(name, {})
            )
            for name, found in ours.items()
        },
    )


def _configs(admin: AdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
    configs = {}
    for resource, future in admin.describe_configs(resources, request_timeout=_ANSWER_S).items():
        try:
            entries = future.result(2 * _ANSWER_S)
        except KafkaException:  # not allowed to this user: the check says that it cannot tell
            continue
        configs[resource.name] = {name: entries[name].value for name in _CONFIG if name in entries}
    return configs


def cleanup_policy(settings: Settings, topic: str) -> str:
    """Return the topic's cleanup.policy; "delete", the default, if the broker does not tell."""
    admin = _admin(settings)
    if not _knows_topics(admin):
        return "delete"
    try:
        found = _configs(admin, [topic])
    except KafkaException:
        return "delete"
    return found.get(topic, {}).get("cleanup.policy") or "delete"


def topic_ids(settings: Settings, names: Sequence[str]) -> dict[str, str]:
    """Return the ids that the broker gave the topics when they were made, as far as it tells."""
    admin = _admin(settings)
    if not _knows_topics(admin):
        return {}
    found = {}
    asked = TopicCollection(list(names))
    for name, future in admin.describe_topics(asked, request_timeout=_ANSWER_S).items():
        try:
            topic_id = str(future.result(2 * _ANSWER_S).topic_id)
        except KafkaException:  # an old broker, or not allowed to this user
            continue
        if topic_id.strip("A=0-"):  # an id of zeros stands for none
            found[name] = topic_id
    return found


def positions(settings: Settings, counts: Mapping[str, int]) -> dict[tuple[str, int], Position]:
    """Return oldest, next and committed offset of the input topics' partitions.

    Raises `Misconfigured` if the broker does not say.
    """
    partitions = [(t.name, number) for t in INPUTS for number in range(counts.get(t.name, 0))]
    if not partitions:
        return {}
    admin = _admin(settings)
    consumer = Consumer(_reader_config(settings))
    try:
        low = _ends(admin, partitions, _EARLIEST)
        high = _ends(admin, partitions, _LATEST)
        committed = {
            (found.topic, found.partition): found.offset
            for found in consumer.committed(
                [TopicPartition(*where) for where in partitions], timeout=_ANSWER_S
            )
        }
    except KafkaException as error:
        raise Misconfigured(
            f"The broker does not tell the offsets of group {settings.kafka.group}: {error.args[0].str()}"
        ) from error
    finally:
        consumer.close()
    return {
        where: Position(
            low[where], high[where], committed[where] if committed[where] >= 0 else None
        )
        for where in partitions
    }


def _ends(
    admin: AdminClient, partitions: Sequence[tuple[str, int]], spec: OffsetSpec
) -> dict[tuple[str, int], int]:
    asked = {TopicPartition(*where): spec for where in partitions}
    answers = admin.list_offsets(asked, request_timeout=_ANSWER_S)
    return {
        (where.topic, where.partition): future.result(2 * _ANSWER_S).offset
        for where, future in answers.items()
    }


def samples(
    settings: Settings,
    where: Mapping[tuple[str, int], Position],
    each: int = 20,
) -> dict[str, Sample]:
    """Return the keys of the newest events of every partition, as far as they come in time."""
    starts = [
        TopicPartition(topic, number, max(at.high - each, at.low))
        for (topic, number), at in where.items()
        if at.high > at.low
    ]
    ends = {(start.topic, start.partition) for start in starts}
    keys: dict[str, list[tuple[int, bytes | None]]] = {topic: [] for topic, _ in where}
    newest: dict[str, float] = {}
    by_broker: dict[str, bool] = {}
    consumer = Consumer(_reader_config(settings))
    try:
        consumer.assign(starts)
        until = time.monotonic() + _ANSWER_S
        while ends and time.monotonic() < until:
            for message in consumer.consume(500, _POLL_S):
                if message.error():
                    continue
                topic, number = str(message.topic()), int(message.partition() or 0)
                kind, milliseconds = message.timestamp()
                keys[topic].append((number, message.key()))
                newest[topic] = max(newest.get(topic, 0.0), milliseconds / 1000)
                by_broker[topic] = kind == TIMESTAMP_LOG_APPEND_TIME
                if int(message.offset() or 0) + 1 >= where[topic, number].high:
                    ends.discard((topic, number))
    finally:
        consumer.close()
    return {
        topic: Sample(tuple(found), newest.get(topic, 0.0), by_broker.get(topic, False))
        for topic, found in keys.items()
    }


def rewind(settings: Settings, partitions: Sequence[tuple[str, int]]) -> None:
    """Commit offset 0, so that a shard without state begins at the oldest event Kafka has.

    Raises `Misconfigured` if workers of the group are running: Kafka lets nobody else commit then.
    """
    consumer = Consumer(_reader_config(settings))
    try:
        offsets = [TopicPartition(*where, 0) for where in partitions]
        consumer.commit(offsets=offsets, asynchronous=False)
    except KafkaException as error:
        raise Misconfigured(
            f"The offsets of group {settings.kafka.group} cannot be set: {error.args[0].str()}. "
            "Are its workers running? Stop them all first; one that was killed is only gone after "
            f"{settings.kafka.session_timeout_ms / 1000:g} s. Nothing was changed."
        ) from error
    finally:
        consumer.close()


def _reader_config(settings: Settings) -> dict[str, object]:
    # It neither joins the group nor commits; the name is for brokers that check who may read.
    return settings.kafka.client_config() | {
        "group.id": settings.kafka.group,
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        "log_level": 0,
    }


def _admin(settings: Settings) -> AdminClient:
    # What goes wrong is said by the command; librdkafka would say it ten times a second.
    return AdminClient(settings.kafka.client_config() | {"log_level": 0})


def _is_embedded(metadata: Any) -> bool:
    return (metadata.cluster_id or "").startswith(_EMBEDDED)


def _knows_topics(admin: AdminClient) -> bool:
    """Whether the broker can be asked about topics.

    The embedded one has no controller, for which librdkafka looks until the time for an answer is up.
    """
    try:
        return not _is_embedded(admin.list_topics(timeout=_ANSWER_S))
    except KafkaException:
        return False


def _metadata(admin: AdminClient, settings: Settings, timeout_s: float) -> Any:
    try:
        return admin.list_topics(timeout=timeout_s)
    except KafkaException as error:
        raise Misconfigured(
            f"No answer from the broker at {settings.kafka.bootstrap_servers}: "
            f"{error.args[0].str()}. "
            "Is TAILORLINE_KAFKA__BOOTSTRAP_SERVERS right?"
        ) from error

"""Topics on the broker: what is there, what is lacking, and making them from the topic table."""

from __future__ import annotations

import time

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from schemas.topics import TOPICS, Topic
from streams.host import Misconfigured
from streams.settings import Settings


def partition_counts(settings: Settings, wait_s: float = 30.0) -> dict[str, int]:
    """Return the number of partitions of every topic of the table.

    Raises `Misconfigured` if the broker does not answer or a topic does not come up in ``wait_s``.
    """
    admin = AdminClient(settings.kafka.client_config())
    until = time.monotonic() + wait_s
    while True:
        try:
            found = admin.list_topics(timeout=10.0).topics
        except KafkaException as error:
            raise Misconfigured(
                f"No answer from the broker at {settings.kafka.bootstrap_servers}: {error}. "
                "Is TAILORLINE_KAFKA__BOOTSTRAP_SERVERS right?"
            ) from error
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
    settings: Settings, partitions: int | None = None, replication: int = 1
) -> dict[str, str]:
    """Create the topics that are lacking; return what happened to each: created or exists."""
    admin = AdminClient(settings.kafka.client_config())
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
                raise Misconfigured(f"Topic {name} could not be created: {error}") from error
            outcome[name] = "exists"
    return outcome


def topic_config(topic: Topic) -> dict[str, str]:
    """Return a topic's configuration as the table has it."""
    return {
        "retention.ms": str(topic.retention_hours * 3_600_000),
        "max.message.bytes": str(topic.max_message_bytes),
    }

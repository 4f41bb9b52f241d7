"""The embedded broker: librdkafka's mock cluster, real protocol on loopback, in memory.

For the demo and tests. It creates topics by itself with 4 partitions, keeps about 5 MB of each
partition, and forgets all when the process ends. Real Kafka is for everything else.
"""

from __future__ import annotations

from typing import Any

from confluent_kafka import Producer

from schemas.topics import TOPICS

PARTITIONS = 4


class EmbeddedBroker:
    """A Kafka broker inside this process; lives as long as the object."""

    def __init__(self) -> None:
        self._cluster = Producer(
            {"bootstrap.servers": "embedded", "test.mock.num.brokers": 1, "log_level": 3}
        )
        brokers = self._cluster.list_topics(timeout=10.0).brokers.values()
        self.bootstrap_servers = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
        # Asking for a topic creates it here; workers refuse to start while one is lacking.
        client = Producer(self.client_config())
        for topic in TOPICS:
            client.list_topics(topic.name, timeout=10.0)

    def client_config(self) -> dict[str, Any]:
        """Return what a client needs to connect."""
        return {"bootstrap.servers": self.bootstrap_servers}

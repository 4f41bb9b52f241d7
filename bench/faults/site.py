"""The servers that faults are done to: real Kafka and Redis, or the embedded pair; and topics anew."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import redis
from confluent_kafka.admin import AdminClient

from bench.servers import ApacheKafka, RedisServer
from bench.workers import BenchError, wait_until
from schemas.topics import TOPICS
from streams.runtime.admin import create_topics
from streams.runtime.embedded import EmbeddedBroker
from streams.settings import KafkaSettings, Settings
from streams.store.embedded import EmbeddedValkey

_GONE_S = 60.0


def remake_topics(bootstrap: str) -> None:
    """Delete all our topics of a real broker and make them anew: they begin at offset 0."""
    settings = Settings(_env_file=None, kafka=KafkaSettings(bootstrap_servers=bootstrap))
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})

    def present() -> list[str]:
        found = admin.list_topics(timeout=10.0).topics
        return [topic.name for topic in TOPICS if topic.name in found]

    names = present()
    if names:
        for future in admin.delete_topics(names).values():
            future.result(30.0)
        wait_until(lambda: not present(), _GONE_S, "topics to be gone")
    create_topics(settings)
    wait_until(lambda: len(present()) == len(TOPICS), _GONE_S, "topics to be there")


class FaultSite:
    """A broker and a store of our own, to be killed, stopped and starved. A context manager."""

    def __init__(self, folder: Path, *, real: bool) -> None:
        self.real = real
        self.kafka: ApacheKafka | None = ApacheKafka(folder / "kafka") if real else None
        self.store: Any = (
            RedisServer(folder / "store") if real else EmbeddedValkey(folder / "store")
        )
        self._broker: EmbeddedBroker | None = None

    def __enter__(self) -> Self:
        self.store.start()
        try:
            if self.kafka is not None:
                self.kafka.start()
        except BaseException:
            self.store.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._broker = None
        gc.collect()  # clients that only the collector finds would call for a broker that is gone
        if self.kafka is not None:
            self.kafka.stop()
        self.store.stop()

    @property
    def bootstrap(self) -> str:
        """Where the broker is."""
        if self.kafka is not None:
            return self.kafka.bootstrap
        if self._broker is None:
            raise BenchError("fresh() comes first.")
        return self._broker.bootstrap_servers

    @property
    def url(self) -> str:
        """Where the store is."""
        return str(self.store.url)

    @property
    def broker_pid(self) -> int:
        """The process id of a real broker."""
        if self.kafka is None or self.kafka.pid is None:
            raise BenchError("The broker is embedded, or does not run.")
        return self.kafka.pid

    def fresh(self) -> None:
        """Have empty topics, and nothing in the store."""
        self.client(lambda client: client.flushall())
        if self.kafka is None:
            self._broker = None
            gc.collect()
            self._broker = EmbeddedBroker()
            return
        remake_topics(self.bootstrap)

    def client(self, action: Callable[[redis.Redis], Any]) -> Any:
        """Do something with the store's server."""
        with redis.Redis.from_url(self.url, socket_timeout=60.0) as client:
            return action(client)

    def crash_store(self, away_s: float = 1.0) -> None:
        """Kill the store, and start it again on what its append-only file has."""
        self.store.kill()
        time.sleep(away_s)
        self.store.start()

    def crash_broker(self, away_s: float = 1.0) -> None:
        """Kill the broker, and start it again on what its log has."""
        if self.kafka is None:
            raise BenchError("The embedded broker forgets all when it ends.")
        self.kafka.kill()
        time.sleep(away_s)
        self.kafka.start()

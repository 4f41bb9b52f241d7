"""A broker and a store for one test to look at, and how to fill them."""

import asyncio
from dataclasses import dataclass

from confluent_kafka import Consumer, Producer, TopicPartition
from pydantic import SecretStr

from models.effects import Effects
from models.snapshot import Snapshot, seal
from schemas.topics import topics_of
from streams.runtime.embedded import EmbeddedBroker
from streams.settings import StoreSettings
from streams.store.protocol import Entry, Work
from streams.store.redis import RedisStore
from streams.topology import ShardId

KEY = "the key"
SHOP = ShardId("shop", 1)


@dataclass
class Installation:
    """Where the commands of a test look."""

    broker: EmbeddedBroker
    url: str
    name: str

    @property
    def env(self) -> dict[str, str]:
        return {
            "TAILORLINE_KAFKA__BOOTSTRAP_SERVERS": self.broker.bootstrap_servers,
            "TAILORLINE_KAFKA__GROUP": self.name,
            "TAILORLINE_STORE__URL": self.url,
            "TAILORLINE_STORE__PREFIX": self.name,
            "TAILORLINE_SNAPSHOTS__KEY": KEY,
        }

    def store(self) -> RedisStore:
        return RedisStore(StoreSettings(url=SecretStr(self.url), prefix=self.name, retry_s=2.0))

    def in_store(self, work):
        """Run an async function of the store."""

        async def call():
            store = self.store()
            try:
                return await work(store)
            finally:
                await store.close()

        return asyncio.run(call())

    def produce(self, topic: str, partition: int, keys: list[bytes], timestamp: int = 0) -> None:
        producer = Producer(self.broker.client_config())
        for key in keys:
            producer.produce(topic, b"{}", key=key, partition=partition, timestamp=timestamp)
        assert producer.flush(10) == 0

    def consumer(self, **config: object) -> Consumer:
        """Return a consumer in the workers' group."""
        return Consumer(self.broker.client_config() | {"group.id": self.name} | config)

    def commit(self, topic: str, partition: int, offset: int) -> None:
        """Commit as a worker would."""
        consumer = self.consumer()
        consumer.commit(offsets=[TopicPartition(topic, partition, offset)], asynchronous=False)
        consumer.close()


async def fill(store, shard: ShardId = SHOP, upto: int = 0, *, snapshot: bool = True) -> None:
    """Bring a shard to offset ``upto`` on all its topics, with some counts, and snapshot it."""
    claim = await store.claim(shard)
    marks = {topic.name: (0, upto) for topic in topics_of(shard.flow)}
    effects = Effects(4)
    effects.add("count:items", "tie", 1)
    effects.add("row:pairs:tie", "belt", 2)
    work = Work(1, marks, [Entry(topic, 0, upto) for topic in marks], effects, [b"out"])
    assert (await store.apply(shard, claim.epoch, work)).status == "applied"
    if snapshot:
        positions = dict.fromkeys(marks, upto)
        blob = seal(Snapshot({"state": 1}, positions, (0,)), KEY.encode())
        assert await store.save_snapshot(shard, claim.epoch, 1, positions, blob)

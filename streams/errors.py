"""What a worker cannot go on with, or not with this shard."""

from __future__ import annotations

from streams.topology import ShardId


class Misconfigured(Exception):
    """Topics or settings that cannot work; the message says what to change."""


class StateLost(Exception):
    """The store and Kafka do not fit together; the message gives the choices."""


class ShardLost(Exception):
    """What is in memory of the shard must not be used any more; the store says where to go on."""

    def __init__(self, shard: ShardId, why: str) -> None:
        super().__init__(f"Shard {shard}: {why}")
        self.shard = shard


class StaleOwner(ShardLost):
    """Another worker claimed the shard."""


class StoreRewound(ShardLost):
    """The store is not where we left it: it lost its newest writes."""

"""What the floor's shards keep under one name, read of all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from streams.store.protocol import Store, StoreError, Wanted
from streams.topology import ShardId

T = TypeVar("T")


async def hashes(store: Store, key: str) -> dict[ShardId, dict[str, bytes]]:
    """Return a hash of each floor shard, whatever it holds."""
    floors = [shard for shard in await store.shards() if shard.flow == "floor"]
    return {shard: (await store.read(shard, [Wanted(key)]))[0] for shard in floors}


async def rows(store: Store, key: str, decode: Callable[[bytes], T], what: str) -> list[T]:
    """Return the rows in a hash of all floor shards; ``what``: one of them, as people call it.

    Raises `StoreError` also for one of a form that this version does not know.
    """
    found: list[T] = []
    for shard, own in (await hashes(store, key)).items():
        try:
            found += [decode(row) for row in own.values()]
        except msgspec.DecodeError as error:
            raise StoreError(
                f"{what} of shard {shard} cannot be read ({error}): a worker of another version wrote "
                "it. Use the version that workers have."
            ) from error
    return found

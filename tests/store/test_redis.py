"""What only a store that can be emptied, filled up and killed has to promise."""

import asyncio
import uuid

import pytest
from pydantic import SecretStr

from models.effects import Effects
from streams.settings import StoreSettings
from streams.store.protocol import TICK_ENTRY, VIEW_ENTRY, Entry, StoreError, Work
from streams.store.redis import RedisStore
from streams.topology import ShardId

SHOP = ShardId("shop", 0)


def settings_of(valkey, **more) -> StoreSettings:
    return StoreSettings(url=SecretStr(valkey.url), prefix=f"t{uuid.uuid4().hex[:12]}", **more)


async def test_no_epoch_comes_again_when_the_store_was_emptied(valkey):
    settings = settings_of(valkey)
    store = RedisStore(settings)
    before = [(await store.claim(SHOP)).epoch for _ in range(3)]
    await store.client.delete(f"{settings.prefix}:{{shop-0}}:meta")
    after = (await store.claim(SHOP)).epoch
    assert sorted({*before, after}) == [*before, after]
    await store.close()


async def test_a_store_without_memory_is_waited_for_and_nothing_is_half_applied(valkey):
    tried = asyncio.Event()
    store = RedisStore(settings_of(valkey, retry_s=30.0), lambda _: tried.set())
    claim = await store.claim(SHOP)
    effects = Effects(4)
    effects.drop("count:items", "b")
    effects.add("count:items", "a", 1)
    work = Work(number=1, covers={"orders": (0, 5)}, effects=effects, tally={"orders:read": 5})
    await store.client.config_set("maxmemory", "1")
    try:
        applying = asyncio.create_task(store.apply(SHOP, claim.epoch, work))
        await asyncio.wait_for(tried.wait(), 20.0)
        assert not applying.done()
        assert await store.watermarks(SHOP) == {}
    finally:
        await store.client.config_set("maxmemory", "0")
    assert (await applying).status == "applied"
    assert await store.counts(SHOP, "count:items") == {"a": 1}
    assert await store.tally(SHOP) == {"orders:read": 5}
    await store.close()


async def test_a_store_without_memory_is_not_waited_for_without_end(valkey):
    store = RedisStore(settings_of(valkey, retry_s=0.5))
    claim = await store.claim(SHOP)
    await store.client.config_set("maxmemory", "1")
    try:
        with pytest.raises(StoreError, match="maxmemory"):
            await store.apply(SHOP, claim.epoch, Work(number=1, effects=Effects(4)))
    finally:
        await store.client.config_set("maxmemory", "0")
    await store.close()


@pytest.mark.parametrize("amount", [float("nan"), float("inf")])
async def test_what_is_no_number_is_refused_before_anything_is_sent(valkey, amount):
    store = RedisStore(settings_of(valkey))
    claim = await store.claim(SHOP)
    effects = Effects(4)
    effects.add("count:items", "a", 1)
    effects.add("count:items", "b", amount)
    with pytest.raises(ValueError, match=r"count:items\[b\]"):
        await store.apply(SHOP, claim.epoch, Work(number=1, effects=effects))
    assert await store.counts(SHOP, "count:items") == {}
    await store.close()


async def test_the_whole_journal_is_kept_on_request(valkey):
    store = RedisStore(settings_of(valkey, keep_history=True))
    claim = await store.claim(SHOP)
    entries = [
        Entry("orders", 0, 4), Entry(VIEW_ENTRY, versions=(1, 2)), Entry("orders", 4, 6),
        Entry(TICK_ENTRY, 5000, 0), Entry("orders", 6, 7),
    ]  # fmt: skip
    for number, entry in enumerate(entries, 1):
        covers = {"orders": (entry.first, entry.next)} if entry.kind == "orders" else {}
        work = Work(number=number, covers=covers, journal=[entry], effects=Effects(4))
        assert (await store.apply(SHOP, claim.epoch, work)).status == "applied"
    assert await store.save_snapshot(SHOP, claim.epoch, 5, {"orders": 7}, b"s")
    assert (await store.claim(SHOP)).journal == ()
    assert await store.history(SHOP) == entries
    await store.close()

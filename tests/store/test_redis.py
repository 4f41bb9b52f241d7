"""What only a store that can be emptied, filled up and killed has to promise."""

import asyncio
import time
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


async def test_an_epoch_is_the_time_there_and_above_the_last_one_even_if_that_goes_back(valkey):
    settings = settings_of(valkey)
    store = RedisStore(settings)
    epoch = (await store.claim(SHOP)).epoch
    assert abs(epoch / 1e6 - time.time()) < 600
    ahead = epoch + 10**12
    await store.client.hset(f"{settings.prefix}:{{shop-0}}:meta", "epoch", str(ahead))
    assert [(await store.claim(SHOP)).epoch for _ in range(2)] == [ahead + 1, ahead + 2]
    await store.close()


@pytest.mark.parametrize("ttl_s", [0, 1, 5000])
async def test_rows_that_nobody_touches_go_and_counts_stay(valkey, ttl_s: int):
    settings = settings_of(valkey, row_ttl_s=ttl_s)
    store = RedisStore(settings)
    claim = await store.claim(SHOP)
    effects = Effects(4)
    for key in ("row:pairs:a", "count:items"):
        effects.add(key, "b", 1)
        effects.add(key, "c", 0.5)
    await store.apply(SHOP, claim.epoch, Work(number=1, covers={"orders": (0, 1)}, effects=effects))
    base = f"{settings.prefix}:{{shop-0}}:"
    left_ms = await store.client.pttl(f"{base}row:pairs:a")
    assert left_ms == -1 if ttl_s == 0 else 1000 * ttl_s - 900 < left_ms <= 1000 * ttl_s
    assert await store.client.pttl(f"{base}count:items") == -1
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

"""``tailorline shards``, and what the stores do for it."""

import json
import re
import time
from datetime import UTC, datetime

import pytest
from confluent_kafka import TopicPartition

from schemas.topics import INPUTS, topics_of
from streams.store.memory import MemoryStore
from streams.store.protocol import Entry, ShardFacts, StoreError, Work
from streams.topology import ShardId
from tests.cli.installation import SHOP, fill

OTHER = ShardId("shop", 0)
FLOOR = ShardId("floor", 10)


async def both(store):
    await fill(store, SHOP, 12_345)
    await fill(store, OTHER, 7, snapshot=False)
    await store.claim(FLOOR)


def test_list_shows_what_there_is_of_each_shard(run, installed):
    installed.in_store(both)
    result = run("shards", "list", **installed.env)
    assert result.exit_code == 0, result.output
    # Epochs are when the shards were taken over: one of this moment, and none of the shards' own.
    assert result.stdout.count(f"{datetime.now(UTC):%Y-%m-%d}") == 3
    text = " ".join(re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", "1", result.stdout).split())
    assert "floor-10 1 - 0 0 - -" in text
    assert "shop-0 1 catalogue 7 3 1 - - clickstream 7 orders 7" in text
    size = installed.in_store(lambda store: store.describe(SHOP)).snapshot_bytes
    marks = "catalogue 12,345 0 1 {size} B all of it clickstream 12,345 orders 12,345"
    assert f"shop-1 1 {marks.format(size=size)}" in text
    rows = json.loads(run("shards", "list", "--json", **installed.env).stdout)
    marks = {"clickstream": 12_345, "orders": 12_345, "catalogue": 12_345}
    assert rows[2].pop("epoch") > 0
    assert rows[2] == {
        "shard": "shop-1", "watermarks": marks, "journal": 0, "outbox": 1,
        "snapshot_bytes": size, "snapshot_covers": marks,
    }  # fmt: skip


def test_an_empty_store_has_none(run, installed):
    result = run("shards", "list", **installed.env)
    assert (result.exit_code, "No shards yet" in result.stdout) == (0, True)
    assert json.loads(run("shards", "list", "--json", **installed.env).stdout) == []


def test_a_snapshot_covers_up_to_where_the_journal_begins():
    journal = (Entry("orders", 5, 8), Entry("@tick", 1000, 0), Entry("orders", 8, 9))
    marks = {"orders": 9, "clickstream": 4}
    facts = ShardFacts(1, marks, journal, 0, 100)
    assert facts.covers == facts.restart == {"orders": 5, "clickstream": 4}
    bare = ShardFacts(1, marks, journal, 0, 0)
    assert (bare.covers, bare.restart) == ({}, {"orders": 5, "clickstream": 4})


def test_reset_without_yes_explains_and_does_nothing(run, installed):
    installed.in_store(both)
    result = run("shards", "reset", "shop-1", **installed.env)
    assert result.exit_code == 1
    assert "clickstream 12,345, orders 12,345" in result.stderr
    assert "tailorline shards reset shop-1 --yes" in result.stderr
    assert installed.in_store(lambda store: store.watermarks(SHOP))


def test_reset_deletes_one_shard_and_rewinds_its_group(run, installed):
    installed.in_store(both)
    before = installed.in_store(lambda store: store.describe(OTHER))
    result = run("shards", "reset", "shop-1", "--yes", **installed.env)
    assert result.exit_code == 0, result.output
    assert "Shard shop-1 is deleted" in result.stdout
    assert "rebuilt from the oldest events" in result.stdout

    async def left(store):
        prefix = installed.name
        keys = {key.decode() async for key in store.client.scan_iter(f"{prefix}:{{shop-1}}:*")}
        assert keys == {f"{prefix}:{{shop-1}}:meta"}
        assert await store.describe(OTHER) == before
        facts = await store.describe(SHOP)
        assert facts == ShardFacts(facts.epoch, {}, (), 0, 0)
        assert await store.shards() == [FLOOR, OTHER, SHOP]

    installed.in_store(left)
    consumer = installed.consumer()
    partitions = [TopicPartition(topic.name, SHOP.number) for topic in topics_of("shop")]
    assert [each.offset for each in consumer.committed(partitions, 5)] == [0, 0, 0]
    consumer.close()


def test_reset_says_how_to_rebuild_where_workers_begin_at_the_end(run, installed):
    installed.in_store(both)
    env = installed.env | {"TAILORLINE_KAFKA__START": "latest"}
    result = run("shards", "reset", "shop-1", "--yes", **env)
    assert result.exit_code == 0
    assert "once with TAILORLINE_KAFKA__START=earliest" in result.stdout


def test_reset_is_refused_while_workers_run(run, installed):
    installed.in_store(both)
    worker = installed.consumer(**{"session.timeout.ms": 6000})
    worker.subscribe([topic.name for topic in INPUTS])
    until = time.monotonic() + 20
    while not worker.assignment():
        assert time.monotonic() < until
        worker.consume(1, 0.1)
    result = run("shards", "reset", "shop-1", "--yes", **installed.env)
    worker.close()
    assert result.exit_code == 1
    assert "Are its workers running?" in result.stderr
    assert installed.in_store(lambda store: store.watermarks(SHOP))


@pytest.mark.parametrize("name", ["shop", "shop-x", "shop--1", "shops-1", "-1"])
def test_what_is_no_shards_name_is_a_wrong_call(run, name):
    result = run("shards", "reset", "--yes", "--", name)
    assert result.exit_code == 2
    assert "is no shard" in result.output


def test_a_shard_that_the_store_does_not_know_is_said(run, installed):
    installed.in_store(both)
    result = run("shards", "reset", "shop-9", "--yes", **installed.env)
    assert result.exit_code == 1
    assert "has no shard shop-9. It has: floor-10, shop-0, shop-1." in result.stderr


async def fenced(store):
    """A reset leaves nothing but a new epoch, and whoever owned the shard can no longer write."""
    await both(store)
    assert await store.reset(SHOP) > 3
    assert await store.reset(ShardId("shop", 9)) == 0
    facts = await store.describe(SHOP)
    assert facts.epoch > 1
    assert facts == ShardFacts(facts.epoch, {}, (), 0, 0)
    assert await store.counts(SHOP, "count:items") == {}
    assert await store.load_snapshot(SHOP) is None
    assert await store.tally(SHOP) == {}
    assert (await store.apply(SHOP, 1, Work(2))).status == "stale"
    assert (await store.describe(OTHER)).watermarks == {
        "clickstream": 7,
        "orders": 7,
        "catalogue": 7,
    }
    claim = await store.claim(SHOP)
    assert claim.epoch > 2
    assert (claim.watermarks, claim.journal, claim.seq) == ({}, (), 0)
    assert (await store.apply(SHOP, claim.epoch, Work(1))).status == "applied"


def test_reset_fences_owners_off_on_redis(installed):
    installed.in_store(fenced)


async def test_reset_fences_owners_off_in_memory():
    store = MemoryStore()
    await fenced(store)


def test_reset_gives_up_on_a_shard_that_is_taken_over_again_and_again(installed, monkeypatch):
    async def work(store):
        await both(store)
        scan = store.client.scan_iter

        async def claimed_meanwhile(*arguments):
            await store.claim(SHOP)
            async for name in scan(*arguments):
                yield name

        monkeypatch.setattr(store.client, "scan_iter", claimed_meanwhile)
        with pytest.raises(StoreError, match="keep taking shard shop-1 over; nothing was deleted"):
            await store.reset(SHOP)
        assert await store.watermarks(SHOP)

    installed.in_store(work)

"""Articles and customers without end: every family of keys stays within the bound it states."""

import copy
import functools
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest

from bench.fingerprint import fingerprint
from models.articles import ARTICLES
from models.demand import DEMAND
from models.itemsets.counts import ITEMS, PAIRS
from models.options.counts import CONFIGURED, OPTIONS
from models.shop import COVISITS
from streams.driver import Driver
from streams.merger import _ROUND
from streams.store.bounds import FAMILIES, Family, Load, family_of
from streams.store.memory import MemoryStore
from streams.topology import ShardId
from tests.streams.forgetful import CAP, SETTINGS, stream

LOAD = Load(partitions=2)
ROUNDS = 10
_family_of = functools.cache(family_of)  # the same keys are looked at after every piece


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def driver(store: MemoryStore) -> Iterator[Driver]:
    with Driver(SETTINGS, partitions=2, store=store) as own:
        yield own


def keys_of(store: MemoryStore) -> Iterator[tuple[str, float]]:
    """Yield what would be the keys in Redis, with the number of fields, lines or rows in each."""
    yield "shards", len(store._shards)
    for shard, kept in store._shards.items():
        base = f"{{{shard}}}:"
        lists = {"journal": kept.journal, "outbox": kept.outbox, "quarantine": kept.quarantine}
        for name, held in (lists | {"tally": kept.tally}).items():
            yield base + name, len(held)
        for part, marks in kept.dirty.items():
            yield f"{base}dirty:{part}", len(marks)
        for name, fields in kept.hashes.items():
            yield base + name, len(fields)
    for part, view in store._parts.items():
        yield f"{{view-{part}}}:rows", len(view.rows)
        yield f"{{view-{part}}}:undo", sum(len(olds) for _, olds in view.undo)


def instance_of(key: str, family: Family) -> str:
    """The keys of one instance come under one bound: rows of all articles, marks of all parts."""
    return key.split(":", 1)[0] if family.per != "installation" else "all"


def held(store: MemoryStore) -> dict[tuple[str, str], float]:
    """The units of each family in each shard or part."""
    found: dict[tuple[str, str], float] = {}
    for key, count in keys_of(store):
        (family,) = _family_of(key)
        own = (family.key, instance_of(key, family))
        found[own] = found.get(own, 0) + count / family.fields
    return found


def check(store: MemoryStore) -> None:
    most = {family.key: family.most for family in FAMILIES}
    for (key, instance), units in held(store).items():
        limit = most[key]
        assert limit is not None
        assert units <= limit(SETTINGS, LOAD), f"{key} of {instance}: {units}"


def in_pieces(events: Iterator[Any], size: int) -> Iterator[list[Any]]:
    while piece := list(islice(events, size)):
        yield piece


def test_every_family_is_within_its_bound(driver: Driver, store: MemoryStore) -> None:
    largest: dict[str, float] = {}
    for number, piece in enumerate(in_pieces(stream(ROUNDS * CAP), 40)):
        driver.pipe_all(piece)
        check(store)
        driver.merge()
        check(store)
        if number % 5 == 0:
            driver.snapshot()
        for (key, _), units in held(store).items():
            largest[key] = max(largest.get(key, 0), units)
    # The stream does go to the bounds, or the checks above would say nothing.
    for key in ("{shop-k}:" + ITEMS, "{shop-k}:count:demand", "{floor-k}:count:made"):
        assert largest[key] >= CAP - 1, key
    assert largest[f"{{shop-k}}:{PAIRS}<article>"] > 50
    assert largest[f"{{shop-k}}:{OPTIONS}<article>"] > 80
    assert largest["{shop-k}:" + COVISITS] > CAP - 2
    assert largest["{shop-k}:" + ARTICLES] >= CAP - 1
    cores = [runner.processor.core for runner in driver.host.runners.values()]
    assert all(len(core.customers) <= CAP for core in cores if hasattr(core, "customers"))
    # What is bought all the time is known all the time.
    assert driver.counts(ITEMS)["usual-1"] > ROUNDS * CAP / 2


def test_marks_are_bounded_though_nobody_merges(driver: Driver, store: MemoryStore) -> None:
    for piece in in_pieces(stream(ROUNDS * CAP), 200):
        driver.pipe_all(piece)
        for runner in driver.host.runners.values():
            driver._guarded(runner.maintain())
        check(store)
    marks = {key: units for (key, _), units in held(store).items() if "dirty" in key}
    assert sum(marks.values()) > CAP


def test_rows_without_counts_leave_the_view(driver: Driver, store: MemoryStore) -> None:
    for piece in in_pieces(stream(ROUNDS * CAP), 40):
        driver.pipe_all(piece)
        driver.merge()
    for _ in range(20 + 4 * CAP // _ROUND):
        driver.merge()
    known = {
        item
        for kept in store._shards.values()
        for key in (ITEMS, COVISITS, ARTICLES)
        for item in kept.hashes.get(key, {})
    }
    shown = set(driver.host.views.latest.rows())
    assert shown <= known
    assert len(shown) > CAP
    assert "usual-1" in shown
    assert "n0" not in shown


@pytest.mark.parametrize("snapshots", [False, True])
def test_a_replay_forgets_the_same(driver: Driver, store: MemoryStore, snapshots: bool) -> None:
    def cores() -> dict[str, Any]:
        runners = sorted(driver.host.runners.items())
        return {str(shard): fingerprint(runner.processor.core) for shard, runner in runners}

    def hashes() -> dict[str, Any]:
        return {str(shard): copy.deepcopy(kept.hashes) for shard, kept in store._shards.items()}

    # Without snapshots all is learnt again each time, which takes longer and longer.
    every = 3 if snapshots else 8
    for number, piece in enumerate(in_pieces(stream(6 * CAP), 30)):
        driver.pipe_all(piece)
        driver.merge()
        if snapshots and number % 4 == 0:
            driver.snapshot()
        if number % every == 0:
            before = cores(), hashes()
            driver.crash()
            assert (cores(), hashes()) == before
    assert driver.crashes > (10 if snapshots else 4)
    # As many articles are known as the store has counts of: neither forgot anything alone.
    for shard, runner in driver.host.runners.items():
        core = runner.processor.core
        if shard.flow == "shop":
            kept = store._shards[shard].hashes
            assert set(core.itemsets._items) == kept[ITEMS].keys() <= set(core.demand._articles)
            assert set(core.demand._articles) == kept[DEMAND].keys()
            assert set(core.options._articles) == kept[CONFIGURED].keys() <= kept[ITEMS].keys()
            rows = {key for key in kept if key.startswith(OPTIONS) and kept[key]}
            assert rows == {OPTIONS + sku for sku in core.options._articles}
            assert len(core.options) + len(rows) == sum(len(kept[key]) for key in rows)
            assert set(core.sequences.covisits._rows) >= kept[COVISITS].keys()
            assert set(core.articles._known) >= kept[ARTICLES].keys()


def test_below_the_caps_nothing_is_forgotten() -> None:
    def counts(**caps: Any) -> dict[str, Any]:
        own = MemoryStore()
        with Driver(SETTINGS.model_copy(update=caps), partitions=2, store=own) as driver:
            driver.pipe_all(stream(60))
            return {str(shard): kept.hashes for shard, kept in own._shards.items()}

    wide = {
        "max_skus": 10**6, "max_customers": 10**6,
        "itemsets": type(SETTINGS.itemsets)(min_customers=1, window=50),
        "options": type(SETTINGS.options)(),
    }  # fmt: skip
    just_enough = wide | {"max_skus": 60 * 5 + 20}
    assert counts(**wide) == counts(**just_enough)
    shop = counts(**wide)[str(ShardId("shop", 0))]
    assert len(shop[ITEMS]) > 2 * CAP

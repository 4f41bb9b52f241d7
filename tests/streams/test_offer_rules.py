"""Offer rules reach the shards at a known place of the journal, and a replay goes by the same ones."""

from __future__ import annotations

import asyncio
import copy

import pytest

from models.campaigns.campaign import Campaign
from models.campaigns.document import NO_RULES, Limits, OfferRules, active
from models.effects import Effects, Origin
from models.shop import ShopShard
from models.view import OFFER_RULES, OPERATORS_PART
from streams.documents import OFFERS, applied, apply
from streams.driver import Driver
from streams.store.memory import MemoryStore
from streams.store.protocol import StoreError
from streams.topology import ShardId
from tests.streams.events import order, view

SHOPS = [ShardId("shop", 0), ShardId("shop", 1)]
CAPPED = OfferRules(limits=Limits(daily_cap=1))
SALE = OfferRules(campaigns=(Campaign(name="sale", items=("tie",), discount=0.2),))


@pytest.fixture
def decided(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, OfferRules]]:
    """Every event that a shard accepted, with the rules that it went by."""
    found: list[tuple[str, OfferRules]] = []
    accept = ShopShard.accept

    def noting(shard: ShopShard, event, origin: Origin, effects: Effects):
        found.append((event.event_id, shard.view.rules if shard.view else NO_RULES))
        return accept(shard, event, origin, effects)

    monkeypatch.setattr(ShopShard, "accept", noting)
    return found


def put(driver: Driver, rules: OfferRules | None) -> None:
    """Apply rules as an operator does, and let the worker's timer come round."""
    driver._loop.run(apply(driver.store, OFFERS, rules))
    driver.merge()


def rules_of(driver: Driver) -> list[OfferRules]:
    return [driver.state(shard).view.rules for shard in SHOPS]


def shop(driver: Driver, first: int, *, count: int = 6) -> None:
    for n in range(first, first + count):
        customer = "ab"[n % 2]  # one of either shard
        driver.pipe("clickstream", view(n, f"tie-{n % 3}", customer=customer, second=n))
        driver.pipe("orders", order(n, "tie-0", "tie-1", customer=customer, second=n))


@pytest.mark.parametrize("snapshot_after", [None, 0, 1, 2])
def test_a_replay_goes_by_the_rules_of_then(
    decided: list[tuple[str, OfferRules]], snapshot_after: int | None
) -> None:
    with Driver(partitions=2) as driver:
        for stage, rules in enumerate((None, CAPPED, SALE)):
            if rules is not None:
                put(driver, rules)
            shop(driver, stage * 10)
            if stage == snapshot_after:
                driver.snapshot()
                decided.clear()
        first = sorted(decided, key=lambda one: one[0])
        assert rules_of(driver) == [SALE, SALE]
        put(driver, None)  # and one that no event was decided by
        decided.clear()
        driver.crash()
        assert sorted(decided, key=lambda one: one[0]) == first
        if snapshot_after is None:
            assert {len(rules.campaigns) for _, rules in first} == {0, 1}
            assert {rules.limits.daily_cap for _, rules in first} == {None, 1}
        shop(driver, 90)
        assert rules_of(driver) == [NO_RULES, NO_RULES]


def test_applied_rules_are_in_every_shard_and_outlive_crash_and_merges() -> None:
    with Driver(partitions=2) as driver:
        shop(driver, 0)
        driver.merge()
        put(driver, SALE)
        shop(driver, 10)
        assert rules_of(driver) == [SALE, SALE]
        for _ in range(3):
            driver.snapshot()
            driver.crash()
            driver.merge()
            shop(driver, 20)
            assert rules_of(driver) == [SALE, SALE]
        (rules, _) = rules_of(driver)
        assert active(rules, "tie", None, None, 0.0) == SALE.campaigns[0]


def test_rules_applied_before_the_first_worker_hold_when_it_comes() -> None:
    store = MemoryStore()
    asyncio.run(apply(store, OFFERS, SALE))
    with Driver(partitions=2, store=store) as driver:
        shop(driver, 0)
        assert rules_of(driver) == [SALE, SALE]


def test_a_store_that_was_put_back_from_before_has_the_rules_of_before() -> None:
    with Driver(partitions=2) as driver:
        put(driver, CAPPED)
        shop(driver, 0)
        kept = copy.deepcopy(driver.store)
        put(driver, SALE)
        driver.swap_store(kept)
        driver.crash()
        driver.merge()
        shop(driver, 10)
        assert rules_of(driver) == [CAPPED, CAPPED]


async def test_what_is_in_force_can_be_asked() -> None:
    store = MemoryStore()
    assert await applied(store, OFFERS) is None
    await apply(store, OFFERS, SALE)
    assert await applied(store, OFFERS) == SALE
    await apply(store, OFFERS, None)
    assert await applied(store, OFFERS) is None


async def test_what_cannot_be_read_is_said_with_what_to_do() -> None:
    store = MemoryStore()
    await store.publish_view(OPERATORS_PART, {OFFER_RULES: b'{"limits": 3}'})
    with pytest.raises(StoreError, match="tailorline offers apply"):
        await applied(store, OFFERS)

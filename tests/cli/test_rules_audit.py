"""``tailorline rules audit``."""

import json
import random
import sys

import pytest

from models.effects import Effects
from models.itemsets import mining
from models.itemsets.counts import ItemsetSettings
from models.shop import ShopSettings, ShopShard
from models.snapshot import Snapshot, seal
from tests.cli.installation import KEY, SHOP, Installation, fill

SHARD = type(SHOP)


def learnt(*, pair_off_by: int = 0) -> ShopShard:
    shard = ShopShard(ShopSettings(itemsets=ItemsetSettings(half_life_s=0, epsilon=0)))
    rng = random.Random(2)
    for number in range(100):
        basket = {f"[a{rng.randrange(6)}]" for _ in range(3)}
        shard.itemsets.learn(f"o{number}", basket, f"c{number}", 1.79e9, Effects())
    shard.itemsets._pairs["[a0]", "[a1]"] += pair_off_by
    return shard


def keep(installed: Installation, number: int, state: object, key: str = KEY) -> None:
    async def work(store) -> None:
        shard = SHARD("shop", number)
        claim = await store.claim(shard)
        blob = seal(Snapshot(state, {}, (0,)), key.encode())
        assert await store.save_snapshot(shard, claim.epoch, 0, {}, blob)

    installed.in_store(work)


def test_counts_within_their_bounds_are_good(run, installed):
    keep(installed, 0, learnt())
    result = run("rules", "audit", "shop-0", **installed.env)
    assert result.exit_code == 0, result.output
    head, row = result.stdout.splitlines()
    assert head.split()[0] == "shard"
    assert row.split()[:3] == ["shop-0", "100", "all"]
    assert row.split()[5:7] == ["0", "0"]


def test_a_wrong_count_is_named_and_exits_with_one(run, installed):
    keep(installed, 0, learnt())
    keep(installed, 1, learnt(pair_off_by=2))
    result = run("rules", "audit", **installed.env)
    assert result.exit_code == 1
    assert "shop-1: [a0], [a1]: " in result.stdout
    assert "shop-0:" not in result.stdout
    assert run("rules", "audit", "shop-0", **installed.env).exit_code == 0

    result = run("rules", "audit", "--json", **installed.env)
    assert result.exit_code == 1
    good, bad = json.loads(result.stdout)
    assert (good["shard"], good["violations"], bad["shard"], bad["violations"]) == (
        "shop-0", 0, "shop-1", 1,
    )  # fmt: skip
    assert bad["worst"][0]["items"] == ["[a0]", "[a1]"]
    assert bad["worst"][0]["held"] == bad["worst"][0]["high"] + 2
    assert bad["largest_difference"] == 2


def test_a_shard_without_a_snapshot_is_said_and_no_failure(run, installed):
    installed.in_store(lambda store: fill(store, snapshot=False))
    result = run("rules", "audit", **installed.env)
    assert (result.exit_code, "shop-1  no snapshot yet" in result.stdout) == (0, True)
    assert json.loads(run("rules", "audit", "--json", **installed.env).stdout) == [
        {"shard": "shop-1", "snapshot": False}
    ]


def test_nothing_there_is_no_failure(run, installed):
    result = run("rules", "audit", **installed.env)
    assert (result.exit_code, "knows no shop yet" in result.stdout) == (0, True)


def test_a_wrong_shard_is_refused(run, installed):
    assert run("rules", "audit", "floor-0", **installed.env).exit_code == 2
    assert run("rules", "audit", "shop", **installed.env).exit_code == 2
    installed.in_store(fill)
    result = run("rules", "audit", "shop-7", **installed.env)
    assert (result.exit_code, "It has: shop-1." in result.stderr) == (1, True)


def test_a_snapshot_that_cannot_be_read_is_a_failure(run, installed):
    keep(installed, 0, learnt(), key="another")
    result = run("rules", "audit", **installed.env)
    assert (result.exit_code, "signature is wrong" in result.stderr) == (1, True)
    keep(installed, 0, {"no": "shop"})
    assert "holds no shop" in run("rules", "audit", **installed.env).stderr
    result = run("rules", "audit", **installed.env | {"TAILORLINE_SNAPSHOTS__KEY": ""})
    assert (result.exit_code, "TAILORLINE_SNAPSHOTS__KEY is not set" in result.stderr) == (2, True)


def test_a_missing_library_is_named(run, installed, monkeypatch: pytest.MonkeyPatch):
    keep(installed, 0, learnt())
    mining._function.cache_clear()
    monkeypatch.setitem(sys.modules, "rusket._rusket", None)  # as if it were not there
    result = run("rules", "audit", **installed.env)
    mining._function.cache_clear()
    assert (result.exit_code, "pip install 'tailorline[audit]'" in result.stderr) == (1, True)

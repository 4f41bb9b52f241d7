"""The periodic audit: due in turn, told in metrics and log, and in nobody's way."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterator

import pytest
import structlog
from prometheus_client import generate_latest
from structlog.testing import capture_logs

from models.effects import Effects
from models.itemsets.mining import MinerError
from streams import audits
from streams.audits import Audits
from streams.driver import Driver
from streams.metrics import _AUDIT, Metrics
from streams.settings import Settings
from streams.topology import ShardId
from tests.streams.events import order

SHOPS = (ShardId("shop", 0), ShardId("shop", 1))
PAIR = ("a0", "a1")


@pytest.fixture(autouse=True)
def _told() -> Iterator[None]:
    """Let through what tests are spared otherwise."""
    before = structlog.get_config()["wrapper_class"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    yield
    structlog.configure(wrapper_class=before)


@pytest.fixture
def busy(driver: Driver) -> Driver:
    rng = random.Random(1)
    for number in range(120):
        skus = {f"a{rng.randrange(6)}" for _ in range(3)}
        driver.pipe("orders", order(number, *skus, customer=f"c{number}", second=number))
    return driver


def audited(driver: Driver, *, due: bool = True) -> list[dict]:
    """Audit whatever is due, one after the other; return what was logged."""

    async def work() -> None:
        own, runners = driver.host._audits, driver.host.runners
        own.step(runners)  # notes the shards
        if due:
            own._due = dict.fromkeys(own._due, 0.0)
        for _ in range(len(own._due) + 1):
            own.step(runners)
            if own._task is not None:
                await asyncio.wait([own._task])
        own.step(runners)

    with capture_logs() as logs:
        driver._loop.run(work())
    return logs


def told(driver: Driver) -> dict[tuple[str, str], float]:
    """By metric and shard what the audits say."""
    return {
        (sample.labels["metric"], sample.labels["shard"]): sample.value
        for family in driver.host.metrics.registry.collect()
        for sample in family.samples
        if sample.labels.get("model") == "itemsets_audit"
    }


def test_each_shop_shard_is_audited_and_says_so(busy: Driver) -> None:
    logs = audited(busy)
    assert [entry["event"] for entry in logs] == ["itemset counts audited"] * 2
    assert {entry["shard"] for entry in logs} == {str(shard) for shard in SHOPS}
    metrics = told(busy)
    for shard in map(str, SHOPS):
        assert metrics["violations", shard] == metrics["missing", shard] == 0
        assert metrics["complete", shard] == 1
        assert metrics["compared", shard] > 15
        assert metrics["seconds", shard] >= metrics["loop_seconds", shard] > 0
    assert {name for name, _ in metrics} == set(_AUDIT)


def test_a_wrong_count_is_an_error_with_the_worst_itemset(busy: Driver) -> None:
    counts = busy.state(SHOPS[0]).itemsets
    counts._pairs[PAIR] *= 3
    wrong = next(e for e in audited(busy) if e["log_level"] == "error")
    assert wrong["event"] == "itemset counts are wrong"
    assert (wrong["shard"], wrong["items"], wrong["violations"]) == ("shop-0", PAIR, 1)
    assert wrong["held"] == pytest.approx(3 * wrong["high"], rel=1e-2)
    assert told(busy)["violations", "shop-0"] == 1
    assert told(busy)["violations", "shop-1"] == 0


def test_orders_that_come_while_an_audit_computes_do_no_harm(
    busy: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audits, "AT_ONCE", 4)
    compare, number = audits.compare, iter(range(1000, 10_000))

    def and_learn(*arguments):
        for shard in SHOPS:
            counts = busy.state(shard).itemsets
            counts.learn(f"x{next(number)}", PAIR, "c", 1.79e9, Effects())
        return compare(*arguments)

    monkeypatch.setattr(audits, "compare", and_learn)
    assert [entry["log_level"] for entry in audited(busy)] == ["info"] * 2
    assert next(number) > 1010


def test_they_are_due_in_turn_and_not_all_at_once(busy: Driver) -> None:
    assert audited(busy, due=False) == []
    due = busy.host._audits._due
    assert set(due) == set(SHOPS)  # the floor counts no itemsets
    assert due[SHOPS[0]] != due[SHOPS[1]]
    audited(busy)
    assert audited(busy, due=False) == []


def test_a_shard_that_left_is_no_longer_reported(busy: Driver) -> None:
    audited(busy)
    busy._loop.run(busy.host.drop([SHOPS[0]]))
    audited(busy, due=False)
    assert {shard for _, shard in told(busy)} == {"shop-1"}
    busy._loop.run(busy.host.drop([SHOPS[1]]))
    audited(busy, due=False)
    assert b"itemsets_audit" not in generate_latest(busy.host.metrics.registry)


def test_a_shard_that_replays_waits(busy: Driver) -> None:
    busy.runner(SHOPS[0])._replay = object()
    assert [entry["shard"] for entry in audited(busy)] == ["shop-1"]


def test_an_audit_that_fails_is_logged_and_the_next_one_comes(
    busy: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise MinerError("out of order")

    monkeypatch.setattr(audits, "compare", broken)
    logs = audited(busy)
    assert [entry["event"] for entry in logs] == ["audit of itemset counts failed"] * 2
    assert [str(entry["exc_info"]) for entry in logs] == ["out of order"] * 2
    monkeypatch.undo()
    assert [entry["log_level"] for entry in audited(busy)] == ["info"] * 2


def test_without_the_library_it_is_off_and_says_so(
    busy: Driver, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audits, "available", lambda: False)
    with capture_logs() as logs:
        busy.host._audits = Audits(settings, Metrics())
    assert "pip install 'tailorline[audit]'" in logs[0]["event"]
    assert audited(busy) == []
    assert busy.host._audits._due == {}


def test_zero_means_never(busy: Driver, settings: Settings) -> None:
    with capture_logs() as logs:
        busy.host._audits = Audits(settings.model_copy(update={"audit_every_s": 0.0}), Metrics())
    assert logs == audited(busy) == []


def test_maintaining_the_shards_sees_to_it(busy: Driver) -> None:
    audited(busy, due=False)
    busy.host._audits._due[SHOPS[1]] = 0.0

    async def work() -> None:
        await busy.host.maintain()
        assert busy.host._audits._task is not None
        await busy.host._audits._task

    busy._loop.run(work())
    assert told(busy)["violations", "shop-1"] == 0

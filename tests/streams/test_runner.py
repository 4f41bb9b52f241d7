"""A shard's owner while batches wait: their order, its end, and what a failure leaves behind."""

import asyncio
import itertools
import time
from types import SimpleNamespace

import msgspec
import pytest

from models.itemsets.counts import TOTALS
from streams.driver import Driver
from streams.processor import Message, Processor
from streams.runner import Runner
from streams.settings import StoreSettings
from streams.topology import ShardId
from tests.streams.events import START, order, view

SHOP = ShardId("shop", 0)


def orders(first: int, count: int) -> list[Message]:
    return [
        Message("orders", 0, n, START + n, b"c", msgspec.json.encode(order(n, "a", f"b{n}")))
        for n in range(first, first + count)
    ]


class SlowStore:
    """Lets each apply wait until it is told to go on."""

    def __init__(self, store):
        self._store = store
        self.gate = asyncio.Event()
        self.begun = asyncio.Event()
        self.works = []

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def apply(self, shard, epoch, work):
        self.works.append(work)
        self.begun.set()
        await self.gate.wait()
        return await self._store.apply(shard, epoch, work)


def slowed(driver: Driver) -> tuple[Runner, SlowStore]:
    runner = driver.runner(SHOP)
    runner._store = store = SlowStore(runner._store)
    return runner, store


def test_batches_that_wait_for_one_in_work_are_applied_together_in_their_order(driver: Driver):
    runner, store = slowed(driver)

    async def run() -> None:
        handed = [asyncio.create_task(runner.handle(orders(first, 10))) for first in (0, 10, 20)]
        await store.begun.wait()
        assert runner.waiting == 30
        store.gate.set()
        await asyncio.gather(*handed)

    driver._loop.run(run())
    assert [work.covers["orders"] for work in store.works] == [(0, 10), (10, 30)]
    assert driver.counts(TOTALS)["n"] == 30
    assert runner.waiting == runner.waiting_bytes == 0


def test_while_one_shard_waits_for_the_store_another_goes_on(settings):
    with Driver(settings, partitions=2) as driver:
        waiting, store = slowed(driver)
        other = driver.runner(ShardId("shop", 1))

        async def run() -> None:
            first = asyncio.create_task(waiting.handle(orders(0, 5)))
            await store.begun.wait()
            await other.handle([message._replace(partition=1) for message in orders(0, 7)])
            assert other.applied == {"orders": 7}
            assert waiting.applied == {}
            assert waiting.waiting == 5
            store.gate.set()
            await first

        driver._loop.run(run())
        assert driver.counts(TOTALS)["n"] == 12


def test_what_may_be_committed_is_what_the_store_has_and_not_what_is_in_work(driver: Driver):
    runner, store = slowed(driver)

    async def run() -> None:
        store.gate.set()
        await runner.handle(orders(0, 5))
        store.gate.clear()
        store.begun.clear()
        second = asyncio.create_task(runner.handle(orders(5, 5)))
        await store.begun.wait()
        assert runner.processor.positions == {"orders": 10}
        assert runner.applied == {"orders": 5}
        store.gate.set()
        await second

    driver._loop.run(run())
    assert runner.applied == {"orders": 10}


def test_at_a_hand_over_the_batch_in_work_is_finished_and_those_that_wait_are_left(driver: Driver):
    runner, store = slowed(driver)

    async def run() -> None:
        batches = [asyncio.create_task(runner.handle(orders(first, 10))) for first in (0, 10, 20)]
        await store.begun.wait()
        going = asyncio.create_task(runner.let_go(5.0))
        store.gate.set()
        await asyncio.gather(going, *batches)

    driver._loop.run(run())
    assert runner.applied == {"orders": 10}
    assert driver.counts(TOTALS)["n"] == 10
    driver.crash()  # the next owner begins where the last one ended
    assert driver.runner(SHOP).applied == {"orders": 10}


def test_after_a_failure_nothing_that_waits_is_applied_and_no_snapshot_is_kept(driver: Driver):
    runner, store = slowed(driver)

    async def failing(*_):
        raise OSError("the store is gone")

    async def run() -> None:
        first = asyncio.create_task(runner.handle(orders(0, 10)))
        second = asyncio.create_task(runner.handle(orders(10, 10)))
        await store.begun.wait()
        store.apply = failing
        third = asyncio.create_task(runner.handle(orders(20, 10)))
        store.gate.set()
        await first
        with pytest.raises(OSError, match="gone"):
            await second
        await third
        await runner.maintain()
        await runner.let_go(1.0)

    driver._loop.run(run())
    assert driver.counts(TOTALS)["n"] == 10
    assert driver._loop.run(driver.store.load_snapshot(SHOP)) is None


def pieces_of(settings, limits, size):
    """Hand ``size`` orders over at once; return in how many pieces they were applied, all of them."""
    with Driver(settings) as whole, Driver(settings.model_copy(update={"store": limits})) as pieces:
        runner, store = slowed(pieces)

        async def run() -> None:
            store.gate.set()
            await runner.handle(orders(0, size))

        pieces._loop.run(run())
        whole._loop.run(whole.runner(SHOP).handle(orders(0, size)))
        assert pieces.tally() == whole.tally()
        assert pieces.counts("count:items") == whole.counts("count:items")
        return len(store.works)


def test_a_batch_that_changes_much_is_applied_in_pieces(settings):
    assert pieces_of(settings, StoreSettings(batch_changes=40, batch_s=3_600.0), 100) > 3


def test_a_batch_that_takes_long_is_applied_as_far_as_it_is(settings):
    assert pieces_of(settings, StoreSettings(batch_s=1e-9), 20) == 20, "one at a time, but each"


def test_between_the_steps_of_all_shards_there_is_a_turn_for_what_else_waits(settings, monkeypatch):
    monkeypatch.setattr("streams.runner._TURN_S", 0.0)  # an event each
    turns: list[str] = []

    class Noting(Processor):
        def steps(self, *limits):
            turns.append(str(self.shard))
            return super().steps(*limits)

    with Driver(settings, partitions=2) as driver:
        runners = [driver.runner(ShardId("shop", number)) for number in range(2)]
        for runner in runners:
            runner.processor.__class__ = Noting

        async def run() -> None:
            both = asyncio.gather(
                runners[0].handle(orders(0, 4)),
                runners[1].handle([message._replace(partition=1) for message in orders(0, 4)]),
            )
            while not both.done():
                turns.append("else")
                await asyncio.sleep(0)

        driver._loop.run(run())
        assert driver.counts(TOTALS)["n"] == 8
    steps = [turn for turn in turns if turn != "else"]
    assert steps == ["shop-0", "shop-1"] * 4
    assert not [pair for pair in itertools.pairwise(turns) if "else" not in pair]


def test_turns_end_when_their_batch_has_taken_as_long_as_it_may(settings, monkeypatch):
    """By a clock on which every turn takes 0.02 s."""
    clock = itertools.count(0, 0.02)
    ticking = SimpleNamespace(perf_counter=lambda: next(clock), monotonic=time.monotonic)
    monkeypatch.setattr("streams.runner.time", ticking)
    monkeypatch.setattr("streams.runner._TURN_S", 0.03)
    limits: list[float] = []

    class OneEachTurn(Processor):
        def steps(self, messages, work, most, within_s):
            limits.append(round(within_s, 6))
            return super().steps(messages[:1], work, most, within_s)

    store_settings = StoreSettings(batch_s=0.05)
    with Driver(settings.model_copy(update={"store": store_settings})) as driver:
        runner, store = slowed(driver)
        store.gate.set()
        runner.processor.__class__ = OneEachTurn
        done = []
        applied = runner._metrics.applied
        runner._metrics.applied = lambda shard, what, *more: (
            done.append(what), applied(shard, what, *more)
        )  # fmt: skip
        bad = [Message("orders", 0, n, START, b"c", b"{") for n in range(5, 7)]
        driver._loop.run(runner.handle([*orders(0, 5), *bad]))
    assert [work.covers["orders"] for work in store.works] == [(0, 3), (3, 6), (6, 7)]
    assert limits == [0.03, 0.03, 0.01] * 2 + [0.03]
    assert [sum(what.rejects.values()) for what in done] == [0, 1, 1]
    assert [what.taken for what in done] == [3, 3, 1]
    assert [len(what.records) for what in done] == [0, 1, 1]


class LateKafka:
    """Confirms batches when it is told to, in any order."""

    def __init__(self):
        self.sent = []

    def send(self, records, confirmed):
        self.sent.append(confirmed)


def test_what_is_not_confirmed_stays_in_the_outbox_though_later_outputs_are(driver: Driver):
    """Two partitions of the output topic, one of them slow: Kafka keeps an order only within each."""
    runner, kafka = driver.runner(SHOP), LateKafka()
    runner._outgoing._sender = kafka

    def waiting() -> int:
        return len(driver._loop.run(driver.store.outbox(SHOP))[1])

    bad = Message("orders", 0, 0, START, b"c", b"{")
    for offset in range(3):
        driver._loop.run(runner.handle([bad._replace(offset=offset)]))
    assert waiting() == 3
    kafka.sent[1]()
    kafka.sent[2]()
    driver._loop.run(runner.maintain())
    assert waiting() == 3
    kafka.sent[0]()
    driver._loop.run(runner.maintain())
    assert waiting() == 0
    assert runner.unconfirmed == 0


def test_a_shard_waits_when_kafka_owes_too_much(settings):
    few = settings.model_copy(
        update={
            "kafka": settings.kafka.model_copy(update={"max_unconfirmed": 2}),
            "store": StoreSettings(batch_s=1e-9),  # an event a batch
        }
    )
    with Driver(few) as driver:
        runner, kafka = driver.runner(SHOP), LateKafka()
        runner._outgoing._sender = kafka
        bad = [Message("orders", 0, n, START, b"c", b"{") for n in range(6)]

        async def run() -> None:
            tasks = [asyncio.create_task(runner.handle(bad[n : n + 1])) for n in range(6)]
            for done in range(6):
                for _ in range(100):  # as far as it gets without a confirmation
                    await asyncio.sleep(0)
                assert len(kafka.sent) == min(done + 2, 6)
                assert runner.unconfirmed <= 2
                kafka.sent[done]()
            await asyncio.gather(*tasks)

        driver._loop.run(run())
        assert driver.tally()["orders:rejected"] == 6


def test_a_replay_tells_which_topic_has_read_ahead(settings):
    """The journal wants orders next, and only clicks come: they must not fill the memory."""
    few = settings.model_copy(
        update={"kafka": settings.kafka.model_copy(update={"max_pending": 10})}
    )
    with Driver(few) as driver:
        driver.pipe("orders", order(1, "a"))
        for n in range(2, 40):
            driver.pipe("clickstream", view(n, "a"))
        log = driver.log.inputs
        clicks, log["clickstream", 0] = log["clickstream", 0], []
        kept, log["orders", 0] = log["orders", 0], []
        driver.crash()
        runner = driver.runner(SHOP)
        assert runner.ahead() == set()
        driver._loop.run(runner.handle(clicks[:20]))
        assert runner.ahead() == {"clickstream"}
        driver._loop.run(runner.handle(kept))
        assert runner.ahead() == set()
        driver._loop.run(runner.handle(clicks[20:]))
        assert not runner.replaying

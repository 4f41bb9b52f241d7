"""What a shard's owner tells, keeps and leaves behind, call by call."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec
import pytest
from pydantic import SecretStr

from models.itemsets.counts import TOTALS
from streams.driver import Driver
from streams.errors import StaleOwner, StateLost, StoreRewound
from streams.processor import Message
from streams.settings import KafkaSettings, SnapshotSettings
from streams.topology import ShardId
from tests.streams.events import START, view
from tests.streams.sending import HeldSender
from tests.streams.test_runner import SHOP, orders


def rubbish(offset: int) -> Message:
    return Message("orders", 0, offset, START + offset, b"c", b"{}")


def held(driver: Driver):
    runner = driver.runner(SHOP)
    runner._outgoing._sender = sender = HeldSender()
    return runner, sender


def run(driver: Driver, action):
    return driver._loop.run(action)


def outbox(driver: Driver) -> tuple[int, int]:
    first, records = run(driver, driver.store.outbox(SHOP))
    return first, len(records)


def test_outputs_leave_the_outbox_once_they_are_confirmed_and_not_before(driver: Driver):
    runner, sender = held(driver)
    run(driver, runner.handle([rubbish(0), rubbish(1)]))
    run(driver, runner.handle([rubbish(2)]))
    assert (outbox(driver), runner.unconfirmed) == ((0, 3), 3)
    sender.confirm()
    run(driver, runner.maintain())
    assert (outbox(driver), runner.unconfirmed) == ((2, 1), 1)
    sender.confirm()
    assert runner.unconfirmed == 0
    run(driver, runner.maintain())
    assert outbox(driver) == (3, 0)
    number = runner._seq
    run(driver, runner.maintain())
    assert runner._seq == number  # nothing to do: nothing is written


def test_the_very_first_output_leaves_the_outbox_too(driver: Driver):
    runner, sender = held(driver)
    run(driver, runner.handle([rubbish(0)]))
    sender.confirm()
    run(driver, runner.maintain())
    assert outbox(driver) == (1, 0)


def test_a_new_owner_sends_what_was_left_and_then_forgets_it(driver: Driver):
    runner, _ = held(driver)
    run(driver, runner.handle([rubbish(0), rubbish(1)]))
    assert outbox(driver) == (0, 2)
    next_one = driver.host._new_runner(SHOP)
    next_one._outgoing._sender = sender = HeldSender()

    async def take_over() -> None:
        going = asyncio.create_task(next_one.take_over())
        await sender.has_some.wait()
        assert not going.done()
        assert next_one.unconfirmed == 2
        sender.confirm()
        assert await going == {"orders": 0}  # there is no snapshot: it learns all again

    run(driver, take_over())
    assert len(sender.sent) == 2
    assert outbox(driver) == (2, 0)
    run(driver, next_one.handle([rubbish(0), rubbish(1), rubbish(2)]))
    sender.confirm()
    run(driver, next_one.maintain())
    assert outbox(driver) == (3, 0)
    with pytest.raises(StaleOwner, match=r"shop-0: another worker") as told:
        run(driver, runner.handle([rubbish(2)]))
    assert told.value.shard == SHOP


def test_while_kafka_owes_too_much_nothing_more_is_processed(settings):
    small = settings.model_copy(update={"kafka": KafkaSettings(max_unconfirmed=2)})
    with Driver(small) as driver:
        runner, sender = held(driver)

        async def go() -> None:
            await runner.handle([rubbish(0)])
            await runner.handle([rubbish(1)])
            third = asyncio.create_task(runner.handle([rubbish(2)]))
            await asyncio.sleep(0.01)
            assert (runner.applied, runner.waiting, runner.waiting_bytes) == ({"orders": 2}, 1, 2)
            sender.confirm()
            await third
            assert (runner.applied, runner.unconfirmed) == ({"orders": 3}, 2)
            fourth = asyncio.create_task(runner.handle([rubbish(3)]))
            await asyncio.sleep(0.01)
            assert not fourth.done()
            sender.confirm()
            await fourth

        run(driver, go())


def test_at_a_hand_over_outputs_are_waited_for_and_a_snapshot_is_left(driver: Driver):
    runner, sender = held(driver)

    async def go() -> None:
        await runner.handle([rubbish(0)])
        going = asyncio.create_task(runner.let_go(5.0))
        await asyncio.sleep(0.01)
        assert not going.done()
        sender.confirm()
        await going

    run(driver, go())
    assert outbox(driver) == (1, 0)
    assert run(driver, driver.store.load_snapshot(SHOP)) is not None
    assert run(driver, driver.store.claim(SHOP)).journal == ()


def test_outputs_that_stay_unconfirmed_are_left_to_the_next_owner(driver: Driver):
    runner, _ = held(driver)
    run(driver, runner.handle([rubbish(0)]))
    run(driver, runner.let_go(0.01))
    assert outbox(driver) == (0, 1)
    assert run(driver, driver.store.load_snapshot(SHOP)) is None
    run(driver, runner.handle([rubbish(1)]))  # it is let go of
    assert runner.applied == {"orders": 1}


def test_who_lost_the_shard_lets_it_go_in_peace(driver: Driver):
    runner, _ = held(driver)
    run(driver, runner.handle(orders(0, 2)))
    run(driver, driver.store.claim(SHOP))
    run(driver, runner.let_go(1.0))
    assert run(driver, driver.store.load_snapshot(SHOP)) is None


def test_an_abandoned_runner_does_nothing_more(driver: Driver):
    runner, _ = held(driver)
    run(driver, runner.handle(orders(0, 2)))
    runner.abandon()
    run(driver, runner.handle(orders(2, 2)))
    run(driver, runner.maintain())
    run(driver, runner.snapshot())
    assert runner.applied == {"orders": 2}
    assert run(driver, driver.store.load_snapshot(SHOP)) is None


def test_a_refused_snapshot_says_that_the_shard_is_lost(driver: Driver):
    runner, _ = held(driver)
    run(driver, runner.handle(orders(0, 2)))
    run(driver, driver.store.claim(SHOP))
    with pytest.raises(StaleOwner, match="snapshot was refused"):
        run(driver, runner.snapshot())


def test_a_store_that_went_back_is_told_from_another_owner(driver: Driver):
    runner, _ = held(driver)
    run(driver, runner.handle(orders(0, 2)))
    driver.store._shard(SHOP).seq -= 1
    with pytest.raises(StoreRewound, match="lost writes"):
        run(driver, runner.handle(orders(2, 2)))


def test_a_snapshot_is_taken_once_for_the_same_state(driver: Driver):
    runner, _ = held(driver)
    run(driver, runner.snapshot())
    assert run(driver, driver.store.load_snapshot(SHOP)) is None  # nothing was read yet
    run(driver, runner.handle(orders(0, 2)))
    run(driver, runner.snapshot())
    driver.store._shard(SHOP).snapshot = b"not written again"
    run(driver, runner.snapshot())
    assert run(driver, driver.store.load_snapshot(SHOP)) == b"not written again"
    run(driver, runner.handle(orders(2, 1)))
    run(driver, runner.snapshot())
    assert run(driver, driver.store.load_snapshot(SHOP)) != b"not written again"


def test_snapshots_are_taken_when_they_are_due_spread_over_the_shards(settings):
    often = settings.model_copy(
        update={"snapshots": SnapshotSettings(key=SecretStr("test"), every_s=1000.0)}
    )
    with Driver(often, partitions=2) as driver:
        now = time.monotonic()
        dues = [runner._snapshot_at + 1000.0 - now for runner in driver.host.runners.values()]
        assert all(-5.0 <= due <= 1000.0 for due in dues)
        assert max(dues) - min(dues) > 100.0
        runner = driver.runner(SHOP)
        run(driver, runner.handle(orders(0, 2)))
        runner._snapshot_at = time.monotonic() - 990.0
        run(driver, runner.maintain())
        assert run(driver, driver.store.load_snapshot(SHOP)) is None
        runner._snapshot_at = time.monotonic() - 1000.0
        run(driver, runner.maintain())
        assert run(driver, driver.store.load_snapshot(SHOP)) is not None
        assert time.monotonic() - runner._snapshot_at < 100.0


def test_time_passes_for_a_shard_to_which_nothing_comes(settings):
    quick = settings.model_copy(update={"tick_s": 50.0})
    with Driver(quick) as driver:
        runner = driver.runner(SHOP)
        run(driver, runner.maintain())
        assert runner._seq == 0  # no event yet, so no time
        run(driver, runner.handle(orders(0, 2)))
        run(driver, runner.maintain())
        assert runner.processor.core.clock == START
        runner._active_at = time.monotonic() - 60.0
        run(driver, runner.maintain())
        assert START + 60 <= runner.processor.core.clock < START + 90
        clock = runner.processor.core.clock
        run(driver, runner.maintain())
        assert runner.processor.core.clock == clock
        runner._active_at = time.monotonic() - 60.0
        run(driver, runner.handle(orders(2, 1)))
        assert time.monotonic() - runner._active_at < 30.0


def test_what_is_bytes_of_no_value_is_nothing_to_wait_with(driver: Driver):
    runner, _ = held(driver)
    run(driver, runner.handle([Message("orders", 0, 0, START, b"c", None)]))
    assert (runner.waiting, runner.waiting_bytes) == (0, 0)
    assert runner.applied == {"orders": 1}


def rebuilt(driver: Driver):
    """A next owner, with the rows of the journal it still has to learn."""
    runner = driver.host._new_runner(SHOP)
    return runner, run(driver, runner.take_over())


def test_a_restored_shard_is_not_at_work_before_it_learnt_all_again(driver: Driver):
    run(driver, driver.runner(SHOP).handle(orders(0, 10)))
    runner, starts = rebuilt(driver)
    assert (starts, runner.replaying, runner.applied) == ({"orders": 0}, True, {"orders": 10})
    run(driver, runner.handle(orders(0, 4)))
    run(driver, runner.maintain())
    run(driver, runner.snapshot())
    assert runner.replaying
    assert run(driver, driver.store.load_snapshot(SHOP)) is None
    run(driver, runner.let_go(1.0))
    assert run(driver, driver.store.load_snapshot(SHOP)) is None
    runner, _ = rebuilt(driver)
    run(driver, runner.handle(orders(0, 4)))
    run(driver, runner.handle(orders(4, 9)))
    assert not runner.replaying
    assert runner.applied == {"orders": 13}
    assert driver.counts(TOTALS)["n"] == 13


def test_a_topic_that_begins_after_the_snapshot_is_read_from_where_the_journal_says(driver: Driver):
    run(driver, driver.runner(SHOP).handle(orders(0, 3)))
    run(driver, driver.runner(SHOP).snapshot())
    clicks = [Message("clickstream", 0, n, START + n, b"c1", b"{}") for n in range(7, 9)]
    run(driver, driver.runner(SHOP).handle(clicks))
    run(driver, driver.runner(SHOP).handle(orders(3, 1)))
    run(driver, driver.runner(SHOP).handle([clicks[0]._replace(offset=9)]))
    _, starts = rebuilt(driver)
    assert starts == {"orders": 3, "clickstream": 7}


def test_views_are_adopted_before_a_batch_and_while_idle(driver: Driver):
    for n in range(6):
        driver.pipe("clickstream", view(n, f"s{n % 3}", second=n))
    number = next(s.number for s in driver.host.runners if driver.runner(s).applied)
    shard = ShardId("shop", number)
    driver.merge()
    newest = driver.host.views.latest.versions
    assert any(newest)
    driver._guarded(driver.runner(shard).maintain())
    assert driver.runner(shard).processor.versions == newest
    claim = run(driver, driver.store.claim(shard, driver.runner(shard).epoch))
    assert claim.journal[-1].versions == newest
    assert all(not any(driver.runner(s).processor.versions)
               for s in driver.host.runners if s.flow == "floor")  # fmt: skip


def test_a_snapshot_that_cannot_be_read_is_told_with_both_choices(driver: Driver):
    run(driver, driver.runner(SHOP).handle(orders(0, 3)))
    run(driver, driver.runner(SHOP).snapshot())
    driver.store._shard(SHOP).snapshot = b"rubbish"
    with pytest.raises(StateLost, match=r"snapshot of shard shop-0 .* reset shop-0"):
        driver.crash()


def test_a_shard_that_rests_on_its_snapshot_is_at_work_at_once(driver: Driver):
    run(driver, driver.runner(SHOP).handle(orders(0, 3)))
    run(driver, driver.runner(SHOP).let_go(0.05))  # no outputs: there is nothing to wait for
    assert run(driver, driver.store.load_snapshot(SHOP)) is not None
    runner, starts = rebuilt(driver)
    assert (starts, runner.replaying, runner.ahead()) == ({"orders": 3}, False, set())
    run(driver, runner.maintain())
    run(driver, runner.handle(orders(3, 1)))
    assert runner.applied == {"orders": 4}


def test_a_topic_of_which_a_replay_has_read_enough_waits_for_the_others(settings):
    small = settings.model_copy(update={"kafka": KafkaSettings(max_pending=2)})
    with Driver(small) as driver:
        run(driver, driver.runner(SHOP).handle([rubbish(0)._replace(topic="clickstream")]))
        run(driver, driver.runner(SHOP).handle(orders(0, 5)))
        runner, _ = rebuilt(driver)
        run(driver, runner.handle(orders(0, 2)))
        assert runner.ahead() == set()
        run(driver, runner.handle(orders(2, 1)))
        assert runner.ahead() == {"orders"}


def clicks(first: int, count: int) -> list[Message]:
    return [
        Message("clickstream", 0, n, START + n, b"c1", msgspec.json.encode(view(n, f"s{n % 3}", second=n)))
        for n in range(first, first + count)
    ]  # fmt: skip


def seq(driver: Driver) -> int:
    return driver.store._shard(SHOP).seq


def test_nothing_is_published_by_who_learns_again_or_has_let_go(driver: Driver):
    run(driver, driver.runner(SHOP).handle(clicks(0, 6)))
    before = seq(driver)
    runner, _ = rebuilt(driver)
    run(driver, runner.handle(clicks(0, 3)))
    run(driver, runner.maintain())
    assert (runner.replaying, seq(driver)) == (True, before)
    runner.abandon()
    run(driver, runner.maintain())
    assert seq(driver) == before
    runner, _ = rebuilt(driver)
    run(driver, runner.handle(clicks(0, 6)))
    run(driver, runner.maintain())
    assert seq(driver) == before + 1  # what it learnt, for the merge
    runner.abandon()
    runner.processor.core.sequences.trending.touched = True
    run(driver, runner.maintain())
    assert seq(driver) == before + 1


def test_time_that_passed_since_the_snapshot_is_learnt_without_any_event(driver: Driver):
    run(driver, driver.runner(SHOP).handle(orders(0, 3)))
    run(driver, driver.runner(SHOP).snapshot())
    run(driver, driver.runner(SHOP).tick(60.0))
    runner, starts = rebuilt(driver)
    assert (starts, runner.replaying) == ({"orders": 3}, False)
    assert runner.processor.core.clock == START + 60.0


def test_ticks_and_views_are_not_read_from_kafka(driver: Driver):
    run(driver, driver.runner(SHOP).handle(clicks(0, 6)))
    run(driver, driver.runner(SHOP).tick(60.0))
    driver.merge()
    run(driver, driver.runner(SHOP).handle(orders(0, 2)))
    assert any(driver.runner(SHOP).processor.versions)
    _, starts = rebuilt(driver)
    assert starts == {"clickstream": 0, "orders": 0}


def test_a_restored_shard_has_the_view_of_its_snapshot_or_the_newest(driver: Driver):
    run(driver, driver.runner(SHOP).handle(clicks(0, 6)))
    driver.merge()
    run(driver, driver.runner(SHOP).handle(clicks(6, 1)))
    run(driver, driver.runner(SHOP).snapshot())
    rows = dict(driver.state(SHOP).view.rows())
    assert rows
    driver.crash()
    assert driver.state(SHOP).view.rows() == rows
    driver.merge()
    driver.store._parts[0].undo.clear()  # as if it had been published 200 times since
    driver.crash()
    assert driver.state(SHOP).view.versions == driver.host.views.latest.versions


def test_what_waits_is_added_up(driver: Driver):
    runner, _ = held(driver)

    async def go() -> None:
        async with runner.lock:
            waiting = [asyncio.create_task(runner.handle([rubbish(n)])) for n in range(3)]
            await asyncio.sleep(0.01)
            assert (runner.waiting, runner.waiting_bytes) == (3, 6)
        await asyncio.gather(*waiting)

    run(driver, go())
    assert (runner.waiting, runner.waiting_bytes) == (0, 0)


def test_the_floor_takes_no_note_of_views(driver: Driver):
    floor = ShardId("floor", 0)
    run(driver, driver.runner(SHOP).handle(clicks(0, 6)))
    driver.merge()
    run(driver, driver.runner(floor).handle([Message("sensors", 0, 0, START, b"m", b"{}")]))
    run(driver, driver.runner(floor).maintain())
    assert not any(driver.runner(floor).processor.versions)
    assert all(e.kind == "sensors" for e in run(driver, driver.store.history(floor)))


def test_no_step_is_blamed_after_a_batch_that_failed(driver: Driver, monkeypatch):
    runner, _ = held(driver)

    def failing(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(runner.processor.core), "accept", failing)
    with pytest.raises(KeyboardInterrupt):
        run(driver, runner.handle(orders(0, 1)))
    assert runner.processor.in_hand is None


def test_a_shard_that_has_read_nothing_is_not_snapshotted(settings):
    eager = settings.model_copy(
        update={"snapshots": SnapshotSettings(key=SecretStr("test"), every_s=1e-9)}
    )
    with Driver(eager) as driver:
        runner = driver.runner(SHOP)
        run(driver, runner.maintain())
        run(driver, runner.snapshot())
        run(driver, runner.let_go(1.0))
        assert run(driver, driver.store.load_snapshot(SHOP)) is None


def test_who_lets_go_while_learning_again_leaves_the_snapshot_as_it_was(driver: Driver):
    run(driver, driver.runner(SHOP).handle(orders(0, 2)))
    run(driver, driver.runner(SHOP).snapshot())
    run(driver, driver.runner(SHOP).handle(orders(2, 2)))
    before = run(driver, driver.store.load_snapshot(SHOP))
    next_one = driver.host._new_runner(SHOP)
    assert run(driver, next_one.take_over()) == {"orders": 2}
    assert next_one.replaying
    number = next_one._seq
    run(driver, next_one.let_go(1.0))
    assert run(driver, driver.store.load_snapshot(SHOP)) == before
    assert next_one._seq == number


def test_no_time_passes_for_a_shard_that_had_nothing_but_rubbish(settings):
    """There is no event time yet that could go on."""
    eager = settings.model_copy(update={"tick_s": 1e-9})
    with Driver(eager) as driver:
        runner = driver.runner(SHOP)
        run(driver, runner.handle([rubbish(0)]))
        before = run(driver, driver.store.claim(SHOP, runner.epoch)).journal
        run(driver, runner.maintain())
        assert run(driver, driver.store.claim(SHOP, runner.epoch)).journal == before
        assert runner.processor.core.clock == 0.0


def test_a_new_owner_of_an_empty_outbox_has_nothing_to_wait_for(driver: Driver):
    runner, _ = held(driver)
    run(driver, runner.handle(orders(0, 2)))  # orders have no outputs
    next_one = driver.host._new_runner(SHOP)
    next_one._outgoing._sender = sender = HeldSender()
    assert run(driver, next_one.take_over()) == {"orders": 0}
    assert sender.waiting == []


def test_a_shard_snapshotted_before_the_first_view_is_restored_without_one(driver: Driver):
    run(driver, driver.runner(SHOP).handle(clicks(0, 6)))
    driver.snapshot()
    driver.merge()
    driver.store._parts[0].undo.clear()  # as if it had been published 200 times since
    next_one, _ = rebuilt(driver)
    assert any(driver.host.views.latest.versions)
    assert next_one.processor.core.view is None
    assert next_one.processor.versions == (0, 0)

"""A shard that learns again what it once knew."""

from __future__ import annotations

from models.view import View
from streams.driver import Driver
from streams.replayer import Replayer
from streams.store.protocol import TICK_ENTRY, VIEW_ENTRY, Entry
from tests.streams.test_owner import run
from tests.streams.test_runner import SHOP, orders


async def no_view(_):
    raise AssertionError


def test_a_journal_is_learnt_entry_by_entry_as_far_as_messages_reach(driver: Driver):
    processor = driver.host._new_runner(SHOP).processor
    replayer = Replayer([Entry("orders", 0, 2), Entry("orders", 3, 5)])

    def learn(messages) -> bool:
        replayer.offer(messages)
        run(driver, replayer.step(processor, no_view))
        return replayer.done

    assert not learn(orders(0, 1))
    assert processor.positions == {"orders": 1}
    assert not learn(orders(1, 1))
    assert processor.positions == {"orders": 2}
    assert not learn(orders(3, 1))
    # Compaction took 4: the message after the run shows that it is at its end.
    assert learn(orders(6, 2))
    assert processor.positions == {"orders": 5}
    assert [message.offset for message in replayer.rest()] == [6, 7]
    assert replayer.rest() == []


def test_a_view_that_is_no_longer_kept_counts_as_the_one_of_then(driver: Driver):
    """So that the newest one, which stands in for it, is adopted and noted with the next batch."""
    processor = driver.host._new_runner(SHOP).processor
    newest = View(1, versions=(9,))

    async def newest_instead(_) -> View:
        return newest

    replayer = Replayer([Entry(VIEW_ENTRY, versions=(4,)), Entry(TICK_ENTRY, 5000, 0)])
    run(driver, replayer.step(processor, newest_instead))
    assert replayer.done
    assert processor.core.view is newest
    assert processor.versions == (4,)
    assert processor.core.clock == 5.0


def test_entries_of_two_topics_are_learnt_in_the_journals_order(driver: Driver):
    processor = driver.host._new_runner(SHOP).processor
    replayer = Replayer([Entry("orders", 0, 2), Entry("clickstream", 0, 1), Entry("orders", 2, 3)])
    replayer.offer(orders(0, 4))
    run(driver, replayer.step(processor, no_view))
    assert processor.positions == {"orders": 2}
    assert replayer.held() == {"orders": 2}
    assert not replayer.done
    click = orders(0, 1)[0]._replace(topic="clickstream")
    replayer.offer([click])
    run(driver, replayer.step(processor, no_view))
    assert replayer.done
    assert processor.positions == {"orders": 3, "clickstream": 1}
    assert replayer.held() == {"orders": 1}
    assert [message.offset for message in replayer.rest()] == [3]
    assert replayer.held() == {}


def test_a_run_of_which_nothing_came_yet_is_waited_for(driver: Driver):
    processor = driver.host._new_runner(SHOP).processor
    replayer = Replayer([Entry("orders", 0, 1)])
    run(driver, replayer.step(processor, no_view))
    assert not replayer.done
    replayer.offer(orders(0, 1))
    assert not replayer.done
    run(driver, replayer.step(processor, no_view))
    assert replayer.done
    assert replayer.rest() == []


def test_a_run_that_compaction_took_away_is_over_with_the_first_message_after_it(driver: Driver):
    processor = driver.host._new_runner(SHOP).processor
    replayer = Replayer([Entry("orders", 0, 2)])
    replayer.offer(orders(2, 1))
    run(driver, replayer.step(processor, no_view))
    assert replayer.done
    assert processor.positions == {"orders": 2}
    assert [message.offset for message in replayer.rest()] == [2]


def test_what_comes_after_a_run_is_not_learnt_with_it(driver: Driver):
    processor = driver.host._new_runner(SHOP).processor
    replayer = Replayer([Entry("orders", 0, 2), Entry(TICK_ENTRY, 5000, 0)])
    replayer.offer(orders(0, 4))
    run(driver, replayer.step(processor, no_view))
    assert processor.core.report()["itemsets", "pairs"] == 2.0
    assert [message.offset for message in replayer.rest()] == [2, 3]

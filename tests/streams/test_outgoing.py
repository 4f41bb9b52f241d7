"""Outputs on their way: what may be trimmed, and who has to wait."""

import asyncio

import pytest

from streams.encoding import Record
from streams.outgoing import Outgoing
from tests.streams.sending import HeldSender


def records(count: int) -> list[Record]:
    return [Record("offers", b"k", str(number).encode(), [], 0.0) for number in range(count)]


@pytest.fixture
def kafka() -> HeldSender:
    return HeldSender()


@pytest.fixture
def outgoing(kafka: HeldSender) -> Outgoing:
    return Outgoing(kafka)


async def is_waiting(action) -> bool:
    """Whether it still waits when everything else had its turn."""
    for _ in range(3):
        await asyncio.sleep(0)
    return not action.done()


async def test_at_first_there_is_nothing_to_wait_for(outgoing):
    assert (outgoing.confirmed, outgoing.unconfirmed) == (0, 0)
    await asyncio.wait_for(outgoing.all_confirmed(), 1.0)
    await asyncio.wait_for(outgoing.room(1), 1.0)


async def test_what_is_sent_is_owed_until_it_is_confirmed(outgoing, kafka):
    outgoing.send(records(2), 5)
    outgoing.send(records(3), 7)
    assert [record.value for record in kafka.sent] == [b"0", b"1", b"0", b"1", b"2"]
    assert (outgoing.confirmed, outgoing.unconfirmed) == (0, 5)
    kafka.confirm()
    assert (outgoing.confirmed, outgoing.unconfirmed) == (7, 3)
    kafka.confirm()
    assert (outgoing.confirmed, outgoing.unconfirmed) == (10, 0)


async def test_a_later_batch_that_is_confirmed_first_frees_nothing(outgoing, kafka):
    for number in range(3):
        outgoing.send(records(1), number)
    kafka.confirm(1)
    assert (outgoing.confirmed, outgoing.unconfirmed) == (0, 2)
    kafka.confirm(0)
    assert (outgoing.confirmed, outgoing.unconfirmed) == (2, 1)
    kafka.confirm(0)
    assert (outgoing.confirmed, outgoing.unconfirmed) == (3, 0)


async def test_all_confirmed_waits_for_the_last_one(outgoing, kafka):
    outgoing.send(records(1), 0)
    outgoing.send(records(1), 1)
    waiting = asyncio.create_task(outgoing.all_confirmed())
    assert await is_waiting(waiting)
    kafka.confirm()
    assert await is_waiting(waiting)
    kafka.confirm()
    await asyncio.wait_for(waiting, 1.0)
    outgoing.send(records(1), 2)
    waiting = asyncio.create_task(outgoing.all_confirmed())
    assert await is_waiting(waiting)
    waiting.cancel()


async def test_there_is_room_while_kafka_owes_less_than_the_most(outgoing, kafka):
    outgoing.send(records(2), 0)
    await asyncio.wait_for(outgoing.room(3), 1.0)
    outgoing.send(records(1), 2)
    outgoing.send(records(1), 3)
    waiting = asyncio.create_task(outgoing.room(2))
    assert await is_waiting(waiting)
    kafka.confirm()  # owes two still
    assert await is_waiting(waiting)
    kafka.confirm()
    await asyncio.wait_for(waiting, 1.0)


async def test_room_that_was_waited_for_before_is_waited_for_again(outgoing, kafka):
    outgoing.send(records(1), 0)
    kafka.confirm()
    outgoing.send(records(1), 1)
    waiting = asyncio.create_task(outgoing.room(1))
    assert await is_waiting(waiting)
    kafka.confirm()
    await asyncio.wait_for(waiting, 1.0)

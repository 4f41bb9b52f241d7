"""Only what a coroutine does itself is timed, and it goes on as if nobody looked."""

from __future__ import annotations

import asyncio
import time

import pytest

from streams.stopwatch import Stopwatch


def work(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


async def test_waiting_and_the_work_of_others_is_not_timed() -> None:
    watch = Stopwatch()

    async def watched() -> str:
        work(0.02)
        await asyncio.sleep(0.02)
        work(0.01)
        return "done"

    async def other() -> None:
        for _ in range(10):
            work(0.01)
            await asyncio.sleep(0)

    answer, _ = await asyncio.gather(watch.of(watched()), other())
    assert answer == "done"
    assert 0.03 <= watch.seconds < 0.06


async def test_failures_and_cancellation_reach_the_action_and_come_back() -> None:
    watch = Stopwatch()
    told: list[str] = []

    async def fails() -> None:
        try:
            await asyncio.sleep(60.0)
        except asyncio.CancelledError:
            told.append("cancelled")
            raise

    task = asyncio.ensure_future(watch.of(fails()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert told == ["cancelled"]

    async def raises() -> None:
        await asyncio.sleep(0)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await watch.of(raises())

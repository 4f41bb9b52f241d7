"""How long coroutines keep the processor, without what else the loop does while they wait."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Generator
from functools import partial
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Stopwatch:
    """Adds up the processor time of all that it is to watch, in this thread."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def of(self, action: Awaitable[T]) -> Awaitable[T]:
        """Return what awaits ``action`` and is timed; not what goes on in tasks that it makes."""
        return _Watched(self, action)


class _Watched(Generic[T]):
    def __init__(self, watch: Stopwatch, action: Awaitable[T]) -> None:
        self._watch, self._action = watch, action

    def __await__(self) -> Generator[Any, Any, T]:
        running: Generator[Any, Any, T] = self._action.__await__()
        go_on: Callable[[], Any] = partial(next, running)
        while True:
            started = time.thread_time()
            try:
                waits_for = go_on()
            except StopIteration as end:
                answer: T = end.value
                return answer
            finally:
                self._watch.seconds += time.thread_time() - started
            try:
                yield waits_for
            except BaseException as error:  # noqa: BLE001 - it is the action's to deal with
                go_on = partial(running.throw, error)
            else:
                go_on = partial(next, running)

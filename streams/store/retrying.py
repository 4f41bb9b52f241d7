"""Trying again while the store's server is away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import stamina
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import (
    MasterDownError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)
from redis.exceptions import TimeoutError as RedisTimeoutError

from streams.store.protocol import StoreError

_PASSING = (
    RedisConnectionError, RedisTimeoutError, OSError,
    # The server is there and will or may recover: out of memory, a fail-over, a move of slots.
    OutOfMemoryError, ReadOnlyError, TryAgainError, MasterDownError,
)  # fmt: skip
T = TypeVar("T")


async def retrying(
    call: Callable[[], Awaitable[T]], retry_s: float, failed: Callable[[], None] = lambda: None
) -> T:
    """Await ``call``, again and again while the server is away, for at most ``retry_s`` seconds."""

    def passing(error: Exception) -> bool:
        return isinstance(error, _PASSING) or (
            # A script of another client runs for long; the client library has no class for it.
            isinstance(error, ResponseError) and str(error).startswith("BUSY")
        )

    try:
        async for attempt in stamina.retry_context(
            on=passing, attempts=None, timeout=retry_s, wait_initial=0.05, wait_max=2.0
        ):
            if attempt.num > 1:
                failed()
            with attempt:
                return await call()
    except (RedisError, OSError) as error:
        raise StoreError(f"Redis: {error}. See `tailorline doctor`.") from error
    raise StoreError("unreachable")

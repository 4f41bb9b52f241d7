"""The store, for commands: opened for a moment, and not waited for as long as a worker would."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from models.view import View
from streams.settings import Settings, StoreSettings
from streams.store.redis import RedisStore

NOBODY = (
    "No worker has used this store yet. If there are workers, look at TAILORLINE_STORE__URL and "
    "TAILORLINE_STORE__PREFIX."
)
_TIMEOUT_S = 3.0
_RETRY_S = 2.0


def brief(settings: Settings) -> StoreSettings:
    """Return the store's settings with the patience of somebody who waits at a terminal."""
    return settings.store.model_copy(
        update={
            "timeout_s": min(settings.store.timeout_s, _TIMEOUT_S),
            "retry_s": min(settings.store.retry_s, _RETRY_S),
        }
    )


@contextmanager
def opened(
    settings: Settings,
) -> Iterator[tuple[RedisStore, Callable[[Coroutine[Any, Any, Any]], Any]]]:
    """Yield the store, and the function that runs its calls."""
    with asyncio.Runner() as runner:
        store = RedisStore(brief(settings))
        try:
            yield store, runner.run
        finally:
            runner.run(store.close())


def merged_view(settings: Settings) -> tuple[int, View]:
    """Return of how many parts the merged view is, and all of it; raises `StoreError`."""
    with opened(settings) as (store, run):
        parts = sum(shard.flow == "shop" for shard in run(store.shards()))
        rows: dict[str, bytes | None] = {}
        for part in range(parts):
            rows |= run(store.view_since(part, 0)).rows
    return parts, View(parts, rows)

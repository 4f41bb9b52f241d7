"""A worker that chokes on two articles: one raises in its step, one never comes back from it.

``python -m bench.faults.choking worker`` is ``tailorline worker``, with that. A crash loop is not what
it is for: with a guard and a watchdog both events become dead letters, and all else goes on.
It can also lose the group's coordinator in the midst of work, which librdkafka does too seldom.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.faults.load import POISON_HANGS, POISON_RAISES
from models.shop import ShopShard
from streams.runtime.group import Coordinator

CHOKES = "TAILORLINE_BENCH_CHOKES"
_POLLS = 150


@contextmanager
def choking(*, raises: bool, hangs: bool) -> Iterator[None]:
    """Have steps of the poisoned articles fail, for as long as the context lasts."""
    original: Any = ShopShard.accept

    def accept(self: Any, event: Any, origin: Any, effects: Any) -> Any:
        sku = getattr(event, "sku", "")
        if raises and sku == POISON_RAISES:
            raise ZeroDivisionError("poisoned on purpose")
        while hangs and sku == POISON_HANGS:
            time.sleep(0.01)
        return original(self, event, origin, effects)

    ShopShard.accept = accept  # type: ignore[method-assign]
    try:
        yield
    finally:
        ShopShard.accept = original  # type: ignore[method-assign]


def lose_coordinator() -> None:
    """Have the consumer be given up once, after so many polls."""
    original: Any = Coordinator.is_lost.fget  # type: ignore[attr-defined]
    polls = itertools.count()

    def is_lost(self: Any) -> bool:
        return next(polls) == _POLLS or original(self)

    Coordinator.is_lost = property(is_lost)  # type: ignore[assignment,method-assign]


def main() -> None:
    """Run the command line, choking on what the environment says."""
    from streams.cli.main import main as command  # noqa: PLC0415 - after the patch is in place

    kinds = os.environ.get(CHOKES, "").split(",")
    if "coordinator" in kinds:
        lose_coordinator()
    with choking(raises="raises" in kinds, hangs="hangs" in kinds):
        command()


if __name__ == "__main__":
    main()

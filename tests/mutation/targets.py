"""What is mutated, and the fast tests that must notice."""

from __future__ import annotations

from typing import NamedTuple

_STREAMS = ("tests/streams/test_idle.py", "tests/streams/test_driver.py")
_RUNNER = ("tests/streams/test_owner.py", "tests/streams/test_runner.py", *_STREAMS)
_MEMORY = ("tests/store/test_contract.py", "tests/store/test_memory.py", "-k", "memory")
_VALKEY = ("tests/store/test_contract.py", "tests/store/test_redis.py", "-k",
           "redis and not test_a_store_without_memory and not bounded and not gone_is")  # fmt: skip


class Target(NamedTuple):
    """A file, some functions of it or all, and what pytest is told."""

    path: str
    tests: tuple[str, ...]
    functions: frozenset[str] = frozenset()


TARGETS = (
    Target("streams/guard.py", ("tests/streams/test_guard.py",)),
    Target(
        "streams/processor.py", ("tests/streams/test_processor.py", *_STREAMS),
        frozenset({
            "Processor.run", "Processor._take", "Processor._cover", "Processor.adopt",
            "Processor.tick", "Processor.snapshot", "Processor.restore", "in_time_order", "_count",
        }),
    ),
    Target("streams/runner.py", _RUNNER),
    Target("streams/outgoing.py", ("tests/streams/test_outgoing.py",)),
    Target("streams/replayer.py", ("tests/streams/test_replayer.py",)),
    Target(
        "streams/store/memory.py", _MEMORY,
        frozenset(
            f"MemoryStore.{name}" for name in (
                "claim", "apply", "_take_effects", "_extend_journal", "_already", "_trim", "outbox",
                "confirm", "save_snapshot", "quarantine",
            )
        ),
    ),
    Target("streams/continuity.py", ("tests/streams/test_continuity.py",)),
    Target(
        "streams/runtime/group.py", ("tests/streams/test_group.py",),
        frozenset({"Coordinator.__init__", "Coordinator.told", "Coordinator.is_lost"}),
    ),
    Target("streams/runtime/beginning.py", ("tests/streams/test_beginning.py",)),
    Target("streams/layout.py", ("tests/streams/test_layout.py",)),
    Target(
        "streams/runtime/watchdog.py", ("tests/streams/test_watchdog.py",),
        frozenset({"Patience.__init__", "Patience.look"}),
    ),
    *(
        Target(f"streams/store/lua/{name}.lua", _VALKEY)
        for name in ("apply", "claim", "confirm", "snapshot", "quarantine")
    ),
)  # fmt: skip

"""The benchmark of memory: slopes and growth, and a tiny run on a real store."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from bench.memory.run import GIB, Plan, bench_memory, of_articles, of_customers, of_stream, show
from bench.memory.worker import Held
from streams.store.bounds import FAMILIES
from streams.store.memory import VIEW_HISTORY
from streams.store.usage import Usage


def held(used: float, profiles: int = 0, worker: int = 1, versions: int = 0, **sizes: int) -> Held:
    families = {family.key: Usage() for family in FAMILIES}
    for key, size in sizes.items():
        name = {
            "snapshots": "{shop-k}:snapshot", "undo": "{view-k}:undo", "items": "{shop-k}:count:items",
        }[key]  # fmt: skip
        families[name] = Usage(keys=1, weighed=1, weighed_bytes=size)
    return Held(0, int(used), int(used), worker, profiles, versions, families)


def test_what_was_there_before_the_first_step_is_no_customers() -> None:
    steps = [
        held(0, n * 2_000, snapshots=5_000_000 + n * 800_000, undo=n * 900_000, items=n * 200_000)
        for n in range(1, 5)
    ]
    found = of_customers(steps)
    assert found["bytes_per_customer"] == pytest.approx(500.0)
    assert found["bytes_per_customer_snapshots"] == pytest.approx(400.0)
    assert found["gib_per_million_customers"] == pytest.approx(500e6 / GIB)
    assert found["bytes_per_customer_step_max"] == pytest.approx(500.0)


def test_a_history_that_is_not_full_yet_is_filled_up() -> None:
    found = of_articles(held(GIB, versions=2 * VIEW_HISTORY // 4, undo=int(GIB / 4)), 2)
    assert found["gib_at_items"] == pytest.approx(1.0)
    assert found["gib_at_items_full_history"] == pytest.approx(1.75)


def test_growth_is_from_five_times_to_ten() -> None:
    found = of_stream(
        [
            held(100, undo=1),
            held(150, undo=1),
            held(200, worker=10, undo=100),
            held(220, worker=11, undo=105),
        ]
    )
    assert found["growth_keys_5x_10x"] == pytest.approx(0.05)
    assert found["growth_5x_10x"] == pytest.approx(0.1)
    assert found["growth_1x_10x"] == pytest.approx(1.2)
    assert found["worker_growth_5x_10x"] == pytest.approx(0.1)


def test_a_tiny_shop_is_weighed(tmp_path: Path) -> None:
    console = Console(quiet=True)
    plan = Plan(
        customers=80, visits=1, items=200, item_customers=100, item_events=1_000, stream=100
    )
    report = bench_memory(plan, console)
    show(report, console)
    report.write(tmp_path / "memory.json")
    found = report.results
    assert found["profiles"] == 80
    assert found["gib_at_items"]
    assert found["mib_keys_at_10x"] >= found["mib_keys_at_1x"]  # type: ignore[operator]
    assert len(report.series["stream: {shop-k}:snapshot"]) == 4

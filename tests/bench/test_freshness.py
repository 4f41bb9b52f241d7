"""The benchmark of freshness: what counts as visible, its figures, and a tiny run."""

from __future__ import annotations

import pytest
from rich.console import Console

from bench.freshness.probes import BUYERS, Probe, buyers, rose, together
from bench.freshness.run import Outcome, Plan, bench_freshness, show, summary
from models.view import CoPurchase, Row
from streams.routing import partition_of


def row(other: str, n_ab: float) -> Row:
    return Row(bought_with=(CoPurchase("x", 99.0, 99.0), CoPurchase(other, n_ab, 9.0)))


def test_both_articles_rows_must_show_one_order_more() -> None:
    probe = Probe(("a", "b"), "c", 0.0, (8.0, 8.0))
    assert together(row("b", 8.0), "b") == 8.0
    assert together(Row(), "b") == 0.0
    assert not rose(probe, row("b", 8.0), row("a", 8.0))
    assert not rose(probe, row("b", 8.98), row("a", 8.0))
    assert rose(probe, row("b", 8.98), row("a", 8.98))


def test_buyers_are_of_one_shard_and_all_different() -> None:
    found = buyers(2, 4)
    assert len(set(found)) == BUYERS
    assert {partition_of(name.encode(), 4) for name in found} == {2}


def test_times_are_from_the_order_on() -> None:
    probes = [
        Probe(("a", "b"), "c", 10.0, (0.0, 0.0), applied=10.1, visible=10.0 + n, adopted=11.0 + n)
        for n in (1, 2, 3)
    ]
    outcome = Outcome(probes, [0.01, 0.03], 500, 5.0, 0, 0.0, 0.5, 0.1)
    found = summary(outcome)
    assert found["n"] == 3
    assert found["p50_ms"] == pytest.approx(2_000.0)
    assert found["max_ms"] == pytest.approx(3_000.0)
    assert found["p50_ms_applied"] == pytest.approx(100.0)
    assert found["p50_ms_adopted"] == pytest.approx(3_000.0)
    assert found["poll_ms"] == pytest.approx(20.0)
    assert found["events_per_s"] == pytest.approx(100.0)


def test_a_few_orders_are_timed_on_a_real_worker() -> None:
    console = Console(quiet=True)
    plan = Plan(rate=50.0, probes=3, items=200, customers=100, warm_up_s=0.0, every_s=0.1)
    report = bench_freshness(plan, console)
    show(report, console)
    found = report.results
    assert found["n"] == 3
    assert 0 < found["p50_ms_applied"] < found["p50_ms"] <= found["p50_ms_adopted"]  # type: ignore[operator]

"""The benchmark of decisions: its figures, the collector's share, and a tiny run."""

from __future__ import annotations

import gc

import pytest
from rich.console import Console

from bench.decisions.clocked import Taken
from bench.decisions.pauses import Pauses
from bench.decisions.run import Plan, bench_decisions, show, summary


def test_pauses_are_counted_while_it_is_entered_and_not_after() -> None:
    with Pauses() as pauses:
        gc.collect()
    assert pauses.count >= 1
    assert 0 < pauses.longest <= pauses.seconds
    before = pauses.count
    gc.collect()
    assert pauses.count == before


def test_quantiles_are_in_ms_with_and_without_the_collector() -> None:
    taken = Taken(
        with_offer=[0.001] * 98 + [0.5, 0.002], paused_with_offer=[0.0] * 98 + [0.499, 0.0],
        without=[0.0001] * 100, paused_without=[0.0] * 100,
        cpu_with_offer=[0.001] * 99 + [0.004], cpu_without=[0.0001] * 100,
    )  # fmt: skip
    found = summary(taken, Pauses())
    assert found["n_offer"] == found["n_other"] == 100
    assert found["p50_ms_offer"] == pytest.approx(1.0)
    assert found["max_ms_offer"] == pytest.approx(500.0)
    assert found["max_ms_offer_without_gc"] == pytest.approx(2.0)
    assert found["p99_ms_other"] == pytest.approx(0.1)
    assert found["max_cpu_ms_offer"] == pytest.approx(4.0)
    assert found["gc_share"] == pytest.approx(0.499 / 0.61, rel=0.01)


def test_nothing_timed_is_said_to_be_nothing() -> None:
    found = summary(Taken(), Pauses())
    assert found["n_offer"] == 0
    assert "p99_ms_offer" not in found
    assert found["us_per_event"] is None


def test_a_tiny_shop_is_filled_and_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.decisions.run._FILL_STEP", 2_000)
    console = Console(quiet=True)
    report = bench_decisions(Plan(200, 500, 1_500, 2, seed=3, warm_up_s=60.0), console)
    show(report, console)
    found = report.results
    assert found["customers"] >= 490
    assert found["rejected"] == 0
    assert found["n_offer"] + found["n_other"] == 1_500  # type: ignore[operator]
    assert found["view_rows"]
    assert found["n_offer"]
    assert 0 < found["p50_ms_offer"] <= found["p99_ms_offer"] <= found["max_ms_offer"]  # type: ignore[operator]
    assert report.baselines["collector_left_alone"]["p99_ms_offer"]
    assert not gc.get_freeze_count()

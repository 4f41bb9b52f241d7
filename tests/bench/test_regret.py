"""The bench of policies in made-up shops: figures that fit together, and names that stay."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from bench.cli import app
from bench.regret.policies import OTHERS, Uniform, default, greedy
from bench.regret.run import ORACLE, POLICIES, STAGES, _mean, bench_regret, show
from bench.regret.world import World
from bench.report import Report


def bench(worlds: list[str], policies: list[str], seeds: int, offers: int, jobs: int) -> Report:
    return bench_regret(worlds, policies, seeds, offers, jobs, Console(quiet=True))


@pytest.fixture(scope="module")
def report() -> Report:
    return bench(["window_1", "shop"], list(OTHERS), 3, 40, 2)


def test_what_the_others_lose_more_is_the_difference(report: Report) -> None:
    assert report.baselines.keys() == {*OTHERS, ORACLE}
    for world in ("window_1", "shop"):
        ours = report.results
        assert ours[f"regret_{world}_low"] < ours[f"regret_{world}"] < ours[f"regret_{world}_high"]
        for name, own in report.baselines.items():
            more = own[f"regret_{world}"] - ours[f"regret_{world}"]
            assert own[f"more_regret_{world}"] == pytest.approx(more)
            assert (own[f"cpu_us_per_offer_{world}"] > 0) == (name != ORACLE)


def test_who_knows_the_customers_loses_nothing_and_the_rest_by_what_is_not_clicked(
    report: Report,
) -> None:
    for world in ("window_1", "shop"):
        oracle, size = report.baselines[ORACLE], STAGES[world].size
        assert oracle[f"regret_{world}"] == 0
        assert oracle[f"regret_{world}_low"] is None
        assert oracle[f"share_of_best_{world}"] == 1
        best = oracle[f"click_rate_{world}"]
        for own in (report.results, *report.baselines.values()):
            lost = (best - own[f"click_rate_{world}"]) * 40 * size
            assert own[f"regret_{world}"] == pytest.approx(lost)


def test_who_knows_nothing_gets_least_of_what_there_is(report: Report) -> None:
    name = "share_of_best_shop"
    shares = [own[name] for own in report.baselines.values()]
    assert min(shares) == report.baselines["random"][name] < report.results[name] < 1


def test_neither_processes_nor_company_change_a_figure(report: Report) -> None:
    again = bench(["window_1", "shop"], ["none"], 3, 40, 1)
    for own, before in (
        (again.results, report.results), (again.baselines["none"], report.baselines["none"])
    ):  # fmt: skip
        for name, value in before.items():
            assert name.startswith("cpu_") or own[name] == value


def test_all_that_is_compared_can_be_read(report: Report) -> None:
    console = Console(width=80, file=io.StringIO(), record=True)
    show(report, console)
    text = console.export_text()
    for name in (*POLICIES, ORACLE, "Shop window, one article", "clicked", "of best"):
        assert name in text
    assert "…" not in text, "cut off"


def test_the_bounds_are_of_the_mean_of_pairs() -> None:
    found = _mean("x", [1.0, 2.0, 3.0, 4.0, 5.0] * 20)
    assert found["x"] == 3.0
    # Of the textbook's normal interval, which is the same here: 3 ± 1.96 * 1.4213 / 10.
    assert (found["x_low"], found["x_high"]) == pytest.approx((2.721, 3.279), abs=0.03)
    assert _mean("x", [2.0, 2.0]) == {"x": 2.0, "x_low": None, "x_high": None}


def test_in_every_world_all_may_be_shown_what_is_best() -> None:
    for stage in STAGES.values():
        world = stage.opens(1)
        interest = world.interest(world.visit())
        assert len(interest) >= stage.size
        assert all(0 < chance < 1 for chance in interest.values())
    world = STAGES["hit_4"].opens(7)
    assert sorted(world.interest(world.visit()).values()) == pytest.approx([0.1, 0.1, 0.1, 0.4])
    hits = {max(found, key=found.__getitem__) for found in map(_interest, range(40))}
    assert len(hits) == 4, "any may be the best"


def _interest(seed: int) -> dict[str, float]:
    world = STAGES["hit_4"].opens(seed)
    return world.interest(world.visit())


def test_a_policy_that_does_not_learn_stays_as_it_was() -> None:
    proposals = World.window(1).visit()
    before = greedy(1, learns=False)
    shown = before.show(proposals, 1)
    for _ in range(50):
        before.learn(set())
    assert before.show(proposals, 1) == shown
    learning = greedy(1)
    learning.show(proposals, 1)
    learning.learn(set())
    assert learning.show(proposals, 1) != shown
    assert len(default(3).show(proposals, 1)) == len(set(Uniform(3).show(proposals, 1))) == 3


def test_the_command_writes_the_report_or_says_what_there_is(tmp_path: Path) -> None:
    for asked, known in (("world", "window_1"), ("policy", "none")):
        refused = CliRunner().invoke(app, ["regret", f"--{asked}", "moon"])
        assert refused.exit_code == 2
        assert known in refused.output
    file = tmp_path / "regret.json"
    asked = ["regret", "--world", "window_3", "--seeds", "2", "--offers", "5", "--json", str(file)]
    assert CliRunner().invoke(app, asked).exit_code == 0
    written = json.loads(file.read_text())
    assert written["bench"] == "regret"
    assert written["settings"]["offer_settings"]["boldness"] == 0.25

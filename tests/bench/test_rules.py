"""Rules out of chance, and counts beside FP-growth: small runs of what the bench does at length."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from bench.cli import app
from bench.report import Report
from bench.rules import independent
from bench.rules.counting import bounded, equality, exact, learnt
from bench.rules.independent import draw, power_law, run, shares_of
from bench.rules.run import holds
from bench.rules.shop import Shop
from models.effects import Effects
from models.itemsets.counts import ItemsetSettings
from models.itemsets.rules import Rule
from tests.models.itemsets.planted import baskets

SHARES = power_law(200, 0.8, 0.3)
RUNS = 20
MOST = 3
"""Runs with a rule that pass. Were 5 % of all runs to publish one, more than three of twenty would
in 1.6 % of the cases (binomial): so this refuses a share that is clearly above 5 %, and no other."""


def test_independent_baskets_make_no_rules() -> None:
    outcomes = [run(SHARES, 2_000, seed) for seed in range(RUNS)]
    assert sum(outcome.published > 0 for outcome in outcomes) <= MOST
    # There was something to fall for: by the rule of thumb each run has its false pairs.
    assert min(outcome.naive for outcome in outcomes) > 50


def test_the_same_shop_publishes_what_hangs_together() -> None:
    rows = draw(SHARES, 3_000, 1)
    made = [[f"a{article}" for article in np.flatnonzero(row)] for row in rows]
    for number in range(0, 3_000, 60):
        made[number] += ["tie", "belt"]
    shop = Shop(4)

    async def published() -> list[Rule]:
        await shop.learn(made[:1_000])
        assert await shop.rules() is not None
        await shop.learn(made[1_000:])
        return await shop.rules()

    rules = asyncio.run(published())
    assert {(rule.antecedent, rule.consequent) for rule in rules} == {
        ("tie", "belt"), ("belt", "tie"),
    }  # fmt: skip
    assert rules[0].n_ab == pytest.approx(50, rel=0.02)


def test_baskets_are_drawn_by_their_shares_and_hang_together_by_chance_only() -> None:
    drawn = draw(SHARES, 50_000, 3).astype(float)
    assert drawn.mean(axis=0) == pytest.approx(SHARES, abs=0.01)
    together = drawn[:, :5].T @ drawn[:, :5] / 50_000
    expected = np.outer(SHARES[:5], SHARES[:5])
    np.fill_diagonal(expected, SHARES[:5])
    assert together == pytest.approx(expected, abs=0.01)
    assert (draw(SHARES, 50, 3) == draw(SHARES, 50, 3)).all()
    assert shares_of([("a", "b"), ("a",), ("a", "a")]).tolist() == [1.0, 1 / 3]


def test_a_rule_that_came_and_went_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter([0, 3, 0, 1])

    async def rules(_: Shop) -> list[None]:
        return [None] * next(numbers)

    monkeypatch.setattr(independent.Shop, "rules", rules)
    assert (run(SHARES, 40, 1, looks=3).published, next(numbers)) == (0, 1)
    numbers = iter([0, 3, 0])
    assert run(SHARES, 40, 1, looks=3).ever == 3


def prepared() -> list[tuple[str, ...]]:
    return [tuple(sorted(basket)) for basket in baskets(5).values()]


def test_equality_counts_each_difference() -> None:
    made = prepared()
    true = exact(made)
    found = equality(true, made, 6)
    assert found.compared > 100
    assert found.different == 0
    true._pairs["a00", "a01"] += 1
    true._pairs["a21", "a23"] = 50  # which FP-growth takes for rare
    true._items["a07"] -= 1
    assert equality(true, made, 6).different == 3


def test_bounds_are_held_against_the_exact_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    made = prepared()
    true = exact(made)
    found = bounded(made, 0.02, true)
    assert found.recall == 1
    assert 10 < found.frequent == found.recalled < found.kept <= found.most_kept < found.distinct
    assert (found.violations, found.share) == (0, found.kept / len(true))

    def careless(settings: ItemsetSettings, *rest):
        counts = learnt(settings, *rest)
        counts._pairs["a00", "a01"] += 1
        counts._forget(("a05", "a06"), Effects())
        return counts

    monkeypatch.setattr("bench.rules.counting.learnt", careless)
    worse = bounded(made, 0.02, true)
    assert (worse.recalled, worse.violations) == (found.recalled - 1, 2)


def groceries(folder: Path) -> None:
    rng = random.Random(4)
    lines = [",".join({f"a{rng.randrange(12)}" for _ in range(3)}) for _ in range(400)]
    with gzip.open(folder / "groceries.csv.gz", "wt") as file:
        file.write("\n".join(lines))


def test_the_command_writes_every_figure(tmp_path: Path) -> None:
    groceries(tmp_path)
    target = tmp_path / "out.json"
    result = CliRunner().invoke(
        app, ["rules", str(tmp_path), "--runs", "2", "--baskets", "300", "--json", str(target)]
    )
    assert result.exit_code == 0, result.output
    report = json.loads(target.read_text())
    own = report["results"]
    assert (report["bench"], own["baskets_groceries"], own["independent_runs"]) == ("rules", 400, 2)
    assert own["different_groceries_0.01"] == own["violations_groceries_0.001"] == 0
    assert own["recall_groceries_0.0001"] == 1
    assert set(report["baselines"]["naive"]) == {"false_rules", "runs_with_rules"}
    assert "runs of independent baskets" in result.output


def test_no_data_is_said(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["rules", str(tmp_path)])
    assert (result.exit_code, "groceries.csv[.gz]" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("spoilt", "good"),
    [
        ({}, True),
        ({"different_x_0.01": 1}, False),
        ({"violations_x_0.001": 1}, False),
        ({"recall_x_0.001": 0.999}, False),
        ({"runs_with_rules": 5}, True),
        ({"runs_with_rules": 6}, False),
        ({"runs_with_rules_at_any_look": 60}, True),
    ],
)
def test_what_the_exit_code_rests_on(spoilt: dict[str, float], good: bool) -> None:
    results = {
        "different_x_0.01": 0, "violations_x_0.001": 0, "recall_x_0.001": 1.0,
        "independent_runs": 100, "runs_with_rules": 0,
    }  # fmt: skip
    assert holds(Report("rules", results=results | spoilt)) is good

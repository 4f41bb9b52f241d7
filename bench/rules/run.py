"""``tailorline bench rules``: counts that are right, bounds that hold, and no rules out of chance."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from bench.data import DataError
from bench.exactness.baskets import SETS, BasketSet, baskets_of
from bench.exactness.compare import least_count
from bench.report import Metrics, Report, comparison, progress
from bench.rules.counting import bounded, equality, exact
from bench.rules.independent import LOOKS, NAIVE_COUNT, NAIVE_LIFT, Outcome, run, shares_of
from models.itemsets.mining import Itemset, MinerError

SUPPORTS = (0.02, 0.01, 0.005, 0.001)
EPSILONS = (2e-3, 1e-3, 1e-4)


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked for on the command line."""

    runs: int = 100
    baskets: int = 0
    """Of an independent run; 0: as many as the set has."""
    parts: int = 4
    limit: int = 0
    """Only so many baskets of a set; 0: all."""


def bench_rules(folder: Path, plan: Plan, console: Console) -> Report:
    """Run everything; raises `DataError` if no set is there or the miner is not installed."""
    found = {path: one for one in SETS if (path := one.find(folder)) is not None}
    if not found:
        wanted = " nor ".join(f"{one.name}.csv[.gz]" for one in SETS)
        raise DataError(f"{folder}: neither {wanted} is there, nor in a folder of its name.")
    naive: Metrics = {}
    report = Report(
        "rules",
        [path.name for path in found],
        {
            "supports": SUPPORTS, "epsilons": EPSILONS, "runs": plan.runs, "parts": plan.parts,
            "looks": LOOKS, "baskets": plan.baskets, "limit": plan.limit,
            "naive": {"lift": NAIVE_LIFT, "count": NAIVE_COUNT},
        },
        baselines={"naive": naive},
    )  # fmt: skip
    with progress(console) as bars:
        for path, one in found.items():
            baskets = baskets_of(one.records(path, plan.limit), one.cap)
            try:
                report.results |= _counting(one, baskets, bars)
            except MinerError as error:
                raise DataError(str(error)) from error
            if one.name == "groceries":
                outcomes = _chance(baskets, plan, bars)
                report.results |= _of_chance(outcomes)
                naive |= {
                    "false_rules": sum(each.naive for each in outcomes) / max(len(outcomes), 1),
                    "runs_with_rules": sum(each.naive > 0 for each in outcomes),
                }
    return report


def _counting(one: BasketSet, baskets: list[Itemset], bars: Progress) -> Metrics:
    task = bars.add_task(one.name, total=1 + len(SUPPORTS) + len(EPSILONS))
    metrics: Metrics = {f"baskets_{one.name}": len(baskets)}
    true = exact(baskets)
    bars.advance(task)
    for support in SUPPORTS:
        equal = equality(true, baskets, least_count(support, len(baskets)))
        metrics[f"compared_{one.name}_{support:g}"] = equal.compared
        metrics[f"different_{one.name}_{support:g}"] = equal.different
        bars.advance(task)
    for epsilon in EPSILONS:
        held, case = bounded(baskets, epsilon, true), f"{one.name}_{epsilon:g}"
        metrics |= {
            f"recall_{case}": held.recall, f"frequent_{case}": held.frequent,
            f"violations_{case}": held.violations, f"kept_{case}": held.kept,
            f"most_kept_{case}": held.most_kept, f"distinct_{case}": held.distinct,
            f"kept_share_{case}": held.share,
        }  # fmt: skip
        bars.advance(task)
    bars.remove_task(task)
    return metrics


def _chance(baskets: list[Itemset], plan: Plan, bars: Progress) -> list[Outcome]:
    shares, number = shares_of(baskets), plan.baskets or len(baskets)
    task = bars.add_task("independent baskets", total=plan.runs)
    outcomes = []
    for seed in range(plan.runs):
        outcomes.append(run(shares, number, seed, parts=plan.parts, looks=LOOKS))
        bars.advance(task)
    return outcomes


def _of_chance(outcomes: list[Outcome]) -> Metrics:
    return {
        "independent_runs": len(outcomes),
        "runs_with_rules": sum(each.published > 0 for each in outcomes),
        "runs_with_rules_at_any_look": sum(each.ever > 0 for each in outcomes),
        "false_rules": sum(each.published for each in outcomes) / max(len(outcomes), 1),
    }


def holds(report: Report) -> bool:
    """Whether everything is equal, no bound is broken, and chance makes rules in 5 % at most."""
    results = report.results
    off = [
        value for name, value in results.items() if name.startswith(("different_", "violations_"))
    ]
    recalls = [value for name, value in results.items() if name.startswith("recall_")]
    runs, false = results.get("independent_runs") or 0, results.get("runs_with_rules") or 0
    return not any(off) and all(value == 1 for value in recalls) and false <= 0.05 * runs


def show(report: Report, console: Console) -> None:
    """Print a table of equality, one of bounds, and what chance made."""
    own = report.results
    names = [name.removeprefix("baskets_") for name in own if name.startswith("baskets_")]
    supports = {
        f"{name}, support {support:g}": {
            part: own[f"{part}_{name}_{support:g}"] for part in ("compared", "different")
        }
        for name in names
        for support in SUPPORTS
    }
    heads = {"compared": "sets compared", "different": "different"}
    console.print(comparison("Exact counts beside FP-growth", supports, heads))
    heads = {
        "frequent": "frequent", "recall": "recall", "violations": "broken", "kept": "held",
        "distinct": "of", "kept_share": "share",
    }  # fmt: skip
    bounds = {
        f"{name}, {epsilon:g}": {part: own[f"{part}_{name}_{epsilon:g}"] for part in heads}
        for name in names
        for epsilon in EPSILONS
    }
    console.print(
        comparison(
            "Pairs counted with Lossy Counting beside all pairs (frequent: above epsilon)",
            bounds,
            heads,
        )
    )
    if "independent_runs" in own:
        heads = {
            "runs_with_rules": "runs with a rule",
            "runs_with_rules_at_any_look": f"at any of {LOOKS} looks",
            "false_rules": "false rules a run",
        }
        rows = {
            "as shipped": own,
            f"lift {NAIVE_LIFT}, {NAIVE_COUNT} baskets": report.baselines["naive"],
        }
        title = f"{own['independent_runs']:,} runs of independent baskets"
        console.print(comparison(title, rows, heads))

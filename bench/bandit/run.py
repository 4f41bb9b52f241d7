"""``tailorline bench bandit``: each campaign's policies, measured on their logs and off them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.bandit.campaign import ESTIMATORS, TOP, measure
from bench.bandit.impressions import POLICIES, Log, find, load
from bench.bandit.policies import FOLDS, PRIOR_SHOWN
from bench.report import Metrics, Report, progress


def bench_bandit(folder: Path, console: Console) -> Report:
    """Run everything; raises `DataError` if the files are not there."""
    found = find(folder)
    uniform: Metrics = {}
    report = Report(
        "bandit",
        [str(path.relative_to(folder)) for pair in found.values() for path in pair],
        {"campaigns": list(found), "top": TOP, "prior_shown": PRIOR_SHOWN, "folds": FOLDS},
        baselines={"uniform": uniform},
    )
    with progress(console) as bars:
        for name, paths in found.items():
            random, bts = (
                _read(path, f"{name}, {policy}", bars)
                for policy, path in zip(POLICIES, paths, strict=True)
            )
            results, beside = measure(name, random, bts)
            report.results |= results
            uniform |= beside
    return report


def _read(path: Path, label: str, bars: Progress) -> Log:
    task = bars.add_task(label, total=None)  # how many rows there are shows at the end
    log = load(path, partial(bars.advance, task))
    bars.update(task, total=len(log), completed=len(log))
    return log


def show(report: Report, console: Console) -> None:
    """Print two tables a campaign."""
    own, uniform = report.results, report.baselines["uniform"]
    for name in report.settings["campaigns"]:
        table = _table(f"Campaign {name}: each policy on its own log and out of the other's")
        for policy in POLICIES:
            case = f"{policy}_{name}"
            _row(table, f"{policy}, its own log", own, f"reward_{case}", f"n_{case}")
            _estimates(table, policy, own, case)
        console.print(table)
        table = _table(f"Campaign {name}: top {TOP} of half of the random log, on the rest")
        case = f"top5_{name}"
        _row(table, "uniform", uniform, f"replay_{case}", f"n_{case}")
        _row(table, f"top {TOP}, replay", own, f"replay_{case}", f"n_{case}")
        _estimates(table, f"top {TOP}", own, case)
        console.print(table)
    console.print(
        "Low, high: 95 % intervals. The policy of bts is what its log shows on average; that this is "
        "an approximation is in no interval."
    )


def _table(title: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("", no_wrap=True)
    for head in ("click rate, %", "low", "high", "effective n"):
        table.add_column(head, justify="right", min_width=6)
    return table


def _estimates(table: Table, label: str, metrics: Metrics, case: str) -> None:
    for estimator in ESTIMATORS:
        name = f"{estimator}_{case}"
        _row(table, f"{label}, {estimator.upper()}", metrics, name, f"effective_n_{case}")


def _row(table: Table, label: str, metrics: Metrics, name: str, size: str) -> None:
    rates = (metrics[name], metrics[f"{name}_low"], metrics[f"{name}_high"])
    percents = ("-" if each is None else f"{each * 100:.3f}" for each in rates)
    table.add_row(label, *percents, f"{metrics[size]:,.0f}")

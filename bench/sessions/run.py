"""``tailorline bench sessions``: all protocols, all contenders, one report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from bench.report import Metrics, Report, comparison, progress
from bench.sessions.clicks import Click, find, load
from bench.sessions.protocols import PROTOCOLS, WARM_UP, run
from bench.sessions.recommenders import BASELINES, Ours, Recommender

PUBLISHED: dict[str, Metrics] = {"serenade": {"hr20_frozen": 0.6402, "mrr20_frozen": 0.3277}}
"""As printed in the README of bolcom/serenade for its own example files; not measured here."""
_SERENADE = (113_601, 1_233)
"""The numbers of clicks of those files: beside any others the published figures mean nothing."""

_COLUMNS = {
    f"{metric}_{protocol}": f"{head}\n{protocol}"
    for protocol in PROTOCOLS
    for metric, head in (("hr20", "HR@20"), ("mrr20", "MRR@20"))
}
_NEW_COLUMNS = {
    f"{metric}_new_{protocol}": f"{head}\n{protocol}"
    for protocol in PROTOCOLS
    for metric, head in (("hr20", "HR@20"), ("mrr20", "MRR@20"))
}


def bench_sessions(folder: Path, console: Console) -> Report:
    """Run everything; raises `DataError` if the files are not there."""
    paths = [find(folder, name) for name in ("train", "test")]
    train, test = (load(path) for path in paths)
    ours = Ours()
    report = Report(
        "sessions",
        [path.name for path in paths],
        {"model": asdict(ours.settings), "cut": 20, "warm_up": WARM_UP, "bootstrap_draws": 1000},
    )
    contenders: dict[str, Callable[[], Recommender]] = {"tailorline": Ours, **BASELINES}
    with progress(console) as bars:
        for label, make in contenders.items():
            metrics = _all(
                make, train, test, intervals=label == "tailorline", bars=bars, name=label
            )
            if label == "tailorline":
                report.results = {"n": metrics.pop("n_online"), **metrics}
            else:
                report.baselines[label] = metrics
    if (len(train), len(test)) == _SERENADE:
        report.baselines |= {f"published_{name}": own for name, own in PUBLISHED.items()}
    return report


def _all(
    make: Callable[[], Recommender], train: list[Click], test: list[Click], *,
    intervals: bool, bars: Progress, name: str,
) -> Metrics:  # fmt: skip
    metrics: Metrics = {}
    for protocol in PROTOCOLS:
        tests = len(test) if protocol != "prequential" else int(len(train) * (1 - WARM_UP))
        task = bars.add_task(f"{name}, {protocol}", total=tests)
        outcome = run(make(), train, test, protocol, partial(bars.advance, task))
        metrics |= outcome.metrics(protocol, intervals=intervals)
        if protocol == "online":
            metrics |= outcome.costs()
    return metrics


def show(report: Report, console: Console) -> None:
    """Print the tables."""
    rows = {"tailorline": report.results, **report.baselines}
    console.print(
        comparison("All targets; a session's own articles may be guessed", rows, _COLUMNS)
    )
    console.print(
        comparison(
            "Only targets new to the session; none of its articles guessed", rows, _NEW_COLUMNS
        )
    )
    costs = {
        "us_per_recommendation": "µs mean", "us_per_recommendation_p50": "µs p50",
        "us_per_recommendation_p99": "µs p99", "us_per_event_learnt": "µs a lesson",
        "coverage20_online": "coverage",
    }  # fmt: skip
    console.print(comparison("Cost of a recommendation, online", rows, costs))
    own = report.results
    spans = ", ".join(
        f"{name} {own[name]:.4f} [{own[f'{name}_low']:.4f}, {own[f'{name}_high']:.4f}]"
        for name in ("hr20_online", "mrr20_online", "hr20_frozen", "mrr20_frozen")
    )
    console.print(f"n = {own['n']}; 95 % by session: {spans}", highlight=False)
    if any(name.startswith("published") for name in report.baselines):
        console.print("published_…: printed by that project for these files, not measured here.")

"""``tailorline bench propensity``: prequential, in shuffled orders and in the file's own."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from bench.propensity.contenders import BASELINES, Contender, Ours, contenders
from bench.propensity.visits import Visit, find, load
from bench.report import Metrics, Report, comparison, progress
from models.propensity.validation import Validation

ORDERS = 5
"""The set has no times: the figures are means over so many shuffled orders."""
_COLUMNS = {
    "auc": "AUC", "auc_second_half": "2nd half", "ece": "ECE", "log_loss": "log loss",
    "promotions": "promotions", "state_kb": "kB", "us_per_event": "µs",
}  # fmt: skip
_FILE_COLUMNS = {"auc_file_order": "AUC", "auc_second_half_file_order": "2nd half"}


def bench_propensity(folder: Path, console: Console, *, everything: bool = False) -> Report:
    """Run all, slow contenders if ``everything``; raises `DataError` if the file is not there."""
    path = find(folder)
    visits = load(path)
    report = Report("propensity", [path.name], {"orders": ORDERS, "examples": len(visits)})
    running: dict[str, Callable[[], Contender]] = {
        "tailorline": Ours, **contenders(slow=everything), **BASELINES,
    }  # fmt: skip
    with progress(console) as bars:
        for name, make in running.items():
            task = bars.add_task(name, total=ORDERS + 1)
            metrics = _all(make, visits, lambda task=task: bars.advance(task))  # type: ignore[misc]
            if name == "tailorline":
                report.results = {"n": len(visits), **metrics}
            else:
                report.baselines[name] = metrics
    return report


def _all(
    make: Callable[[], Contender], visits: Sequence[Visit], advance: Callable[[], None]
) -> Metrics:
    runs = []
    for seed in range(ORDERS):
        order = list(visits)
        random.Random(seed).shuffle(order)
        runs.append(prequential(make(), order))
        advance()
    metrics: Metrics = {name: float(np.mean([run[name] for run in runs])) for name in runs[0]}
    for name in ("auc", "auc_second_half"):
        metrics[f"{name}_low"] = min(run[name] for run in runs)
        metrics[f"{name}_high"] = max(run[name] for run in runs)
    own = prequential(make(), visits)
    advance()
    return metrics | {f"{name}_file_order": own[name] for name in ("auc", "auc_second_half")}


def prequential(contender: Contender, visits: Sequence[Visit]) -> dict[str, float]:
    """Score each session, then learn it; return the figures."""
    scores = []
    began = time.process_time()  # of this process alone: others' work on the machine is not in it
    for visit in visits:
        scores.append(contender.score(visit.signals))
        contender.learn(visit.signals, hit=visit.bought)
    seconds = time.process_time() - began
    everything, second = Validation(), Validation()
    for number, (score, visit) in enumerate(zip(scores, visits, strict=True)):
        everything.take(score, hit=visit.bought)
        if number >= len(visits) // 2:
            second.take(score, hit=visit.bought)
    found = everything.report()
    bought = [visit.bought for visit in visits]
    half = len(visits) // 2
    return {
        "auc": exact_auc(scores, bought),
        "auc_second_half": exact_auc(scores[half:], bought[half:]),
        "ece": found["calibration_error"],
        "log_loss": found["log_loss"],
        "us_per_event": seconds * 1e6 / max(len(visits), 1),
        **_of_ours(contender),
    }


def _of_ours(contender: Contender) -> dict[str, float]:
    if not isinstance(contender, Ours):
        return {}
    return {"promotions": contender.promotions, "state_kb": contender.state_bytes() / 1000}


def exact_auc(scores: Sequence[float], hits: Sequence[bool]) -> float:
    """Return the area under the ROC curve from ranks, ties counted half; 0.5 if undefined."""
    values, labels = np.asarray(scores), np.asarray(hits, dtype=bool)
    positives = int(labels.sum())
    negatives = len(labels) - positives
    if not positives or not negatives:
        return 0.5
    _, place, number = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(number) - (number - 1) / 2)[place]
    return float((ranks[labels].sum() - positives * (positives + 1) / 2) / positives / negatives)


def show(report: Report, console: Console) -> None:
    """Print the table."""
    rows = {"tailorline": report.results, **report.baselines}
    console.print(
        comparison(f"Will the session buy? Means of {ORDERS} shuffled orders", rows, _COLUMNS)
    )
    console.print(comparison("In the order of the file", rows, _FILE_COLUMNS))
    own = report.results
    console.print(
        f"n = {own['n']}; AUC from {own['auc_low']:.4f} to {own['auc_high']:.4f}, second half from "
        f"{own['auc_second_half_low']:.4f} to {own['auc_second_half_high']:.4f} over the orders.",
        highlight=False,
    )

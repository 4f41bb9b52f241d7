"""``tailorline bench exactness``: every set, every run, one verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.progress import Progress

from bench.exactness.baskets import SETS, BasketSet, baskets_of
from bench.exactness.compare import Difference, compare
from bench.exactness.reference import fp_growth
from bench.exactness.runs import Ran, Run, empty_inputs, execute
from bench.report import Metrics, Report, comparison, progress
from bench.workers import BenchError, Site
from streams.replay.records import Record

_SHOWN = {
    "baskets": "baskets",
    "pairs": "pairs compared",
    "triples": "triples compared",
    "rules": "rules compared",
    "different": "different",
    "missing": "of these missing",
    "extra": "of these extra",
    "killed_at": "killed after baskets",
    "seconds": "seconds until all applied",
    "settle_s": "seconds until triples settled",
    "triples_counted": "triples counted",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked for on the command line."""

    sets: Mapping[Path, BasketSet]
    workers: tuple[int, ...] = (1, 2)
    kill: bool = True
    limit: int = 0
    bootstrap: str = ""
    store: str = ""
    wipe: bool = False

    @classmethod
    def parsed(
        cls, folder: Path, workers: str, kill: bool, supports: Sequence[str], limit: int,
        bootstrap: str, store: str, wipe: bool,
    ) -> Self:  # fmt: skip
        """Read the options; raises `BenchError` if one is wrong or no set is there."""
        try:
            counts = tuple(int(part) for part in workers.split(",") if part)
            shares = {name: float(share) for name, share in (s.split("=") for s in supports)}
        except ValueError as error:
            raise BenchError(
                f"--workers is like 1,2 and --support like NAME=0.005: {error}"
            ) from error
        known = {one.name for one in SETS}
        if set(shares) - known:
            raise BenchError(f"--support knows {', '.join(sorted(known))}.")
        found = {
            path: replace(one, support=shares.get(one.name, one.support))
            for one in SETS
            if (path := one.find(folder)) is not None
        }
        if not found:
            wanted = " nor ".join(f"{one.name}.csv[.gz]" for one in SETS)
            raise BenchError(f"{folder}: neither {wanted} is there, nor in a folder of its name.")
        return cls(found, counts, kill, limit, bootstrap, store, wipe)

    def runs(self, one: BasketSet) -> list[Run]:
        """Return the runs of a set."""
        runs = [
            Run(f"{one.name}_{count}w", count, kill=False, support=one.support, cap=one.cap)
            for count in self.workers
        ]
        if self.kill:
            runs.append(Run(f"{one.name}_kill", 1, kill=True, support=one.support, cap=one.cap))
        return runs


@dataclass(slots=True)
class _Verdicts:
    by_run: dict[str, Metrics] = field(default_factory=dict)
    samples: dict[str, list[str]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def bench_exactness(plan: Plan, console: Console) -> Report:
    """Do all runs; a run that gets stuck is reported as failed, and the next one goes on."""
    verdicts = _Verdicts()
    with progress(console) as bars:
        for path, one in plan.sets.items():
            task = bars.add_task(f"{one.name}: FP-growth", total=None)
            records = one.records(path, plan.limit)
            theirs, rules = fp_growth(baskets_of(records, one.cap), one.support)
            bars.remove_task(task)
            for run in plan.runs(one):
                try:
                    ran = _run(plan, run, records, bars)
                except BenchError as error:
                    verdicts.failed[run.name] = str(error)
                    continue
                difference = compare(ran.side, theirs, rules, one.support)
                verdicts.by_run[run.name] = _metrics(ran, difference, len(records))
                verdicts.samples[run.name] = difference.samples
    report = Report(
        "exactness",
        [path.name for path in plan.sets],
        {
            "sets": {s.name: {"support": s.support, "cap": s.cap} for s in plan.sets.values()},
            "workers": plan.workers, "kill": plan.kill, "limit": plan.limit,
            "embedded_broker": not plan.bootstrap, "embedded_store": not plan.store,
            "failures": verdicts.failed, "samples": verdicts.samples,
        },
    )  # fmt: skip
    for name, metrics in verdicts.by_run.items():
        report.results |= {f"{metric}_{name}": value for metric, value in metrics.items()}
    report.results["different"] = sum(int(m["different"] or 0) for m in verdicts.by_run.values())
    report.results["failed_runs"] = len(verdicts.failed)
    return report


def _run(plan: Plan, run: Run, records: list[Record], bars: Progress) -> Ran:
    task = bars.add_task(run.name, total=len(records))
    try:
        with Site(plan.bootstrap, plan.store) as site:
            empty_inputs(site.bootstrap, wipe=plan.wipe)
            return execute(run, site, records, partial(bars.advance, task))
    finally:
        bars.remove_task(task)


def _metrics(ran: Ran, found: Difference, baskets: int) -> Metrics:
    return {
        "different": found.total, "missing": found.missing, "extra": found.extra,
        "pairs": found.pairs, "triples": found.triples, "rules": found.rules,
        "baskets": baskets, "rejected": ran.rejected, "duplicates": ran.duplicates,
        "killed_at": ran.killed_at, "seconds": ran.seconds, "settle_s": ran.settle_seconds,
        "triples_counted": sum(len(items) == 3 for items in ran.side.counts),
    }  # fmt: skip


def show(report: Report, console: Console) -> None:
    """Print the verdicts."""
    runs = sorted(
        name.removeprefix("baskets_") for name in report.results if name.startswith("baskets_")
    )
    rows: dict[str, Metrics] = {
        head: {run: report.results[f"{metric}_{run}"] for run in runs}
        for metric, head in _SHOWN.items()
    }
    console.print(comparison("The store against FP-growth", rows, {run: run for run in runs}))
    for name, samples in report.settings["samples"].items():
        for sample in samples:
            console.print(f"{name}: {sample}", style="red", highlight=False, markup=False)
    for name, why in report.settings["failures"].items():
        console.print(f"{name} failed: {why}", style="red", highlight=False, markup=False)

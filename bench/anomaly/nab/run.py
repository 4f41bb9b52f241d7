"""``tailorline bench anomaly nab``: one report with each file's score, baselines beside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from bench.anomaly.gaussian import LIMIT, WINDOW
from bench.anomaly.nab.baselines import BASELINES, CLEAR, REST
from bench.anomaly.nab.files import Series, load, load_profiles
from bench.anomaly.nab.scoring import Outcome, Profile, probation, score, total
from bench.anomaly.seam import DetectSeries, Stopwatch
from bench.report import OURS, Metrics, Report, comparison, progress

PUBLISHED: dict[str, Metrics] = {
    "artime": {"standard": 78.1},
    "cad_ose": {"standard": 74.1},
    "htm": {"standard": 71.2},
    "htm_java": {"standard": 68.3},
    "knn_cad": {"standard": 64.4},
    "random_cut_forest": {"standard": 52.0},
    "windowed_gaussian": {"standard": 36.7},
}
"""From the scores by record in numenta/NAB, over 31 of its files, each with its leaderboard's limit.

That limit is fitted to the labels. Not measured here.
"""
_PUBLISHED_FILES = 31
"""Beside any other number of files the published figures mean nothing."""
_COLUMNS = {
    "standard": "standard", "low_fp": "low FP", "low_fn": "low FN",
    "windows_hit": "hit", "windows": "of", "delay_records": "delay", "activations": "alarms",
    "false_activations": "false", "false_per_1000": "false/1000", "us_per_sample": "µs",
}  # fmt: skip
_FILE_METRICS = (
    "standard", "windows_hit", "windows", "delay_records", "activations", "false_activations",
)  # fmt: skip


def bench_nab(folder: Path, console: Console, detect: DetectSeries) -> Report:
    """Run the detector and the baselines over all files of a folder, and score them as NAB does.

    Metrics: ``standard``, ``low_fp``, ``low_fn`` (0 is silence, 100 perfect), ``false_per_1000`` scored
    records, ``delay_records`` from a window's begin to the first activation in it (median over the
    windows hit; None if none is), counts, ``us_per_sample``; of each file ``standard_GROUP/NAME``, its
    delay and its counts. Raises `DataError` if the folder cannot be read. Source: Lavin & Ahmad 2015.
    """
    series, profiles = load(folder), load_profiles(folder)
    report = Report(
        "anomaly_nab",
        [one.name for one in series],
        {
            "files": len(series),
            "records": sum(len(one.values) for one in series),
            "scored": sum(len(one.values) - probation(len(one.values)) for one in series),
            "profiles": {name: one._asdict() for name, one in profiles.items()},
            "windowed_gaussian": {"window": WINDOW, "limit": LIMIT, "clear": CLEAR, "rest": REST},
        },
    )
    with progress(console) as bars:
        for name, contender in {OURS: detect, **BASELINES}.items():
            task = bars.add_task(name, total=len(series))
            outcomes, us = _run(contender, series, lambda task=task: bars.advance(task))  # type: ignore[misc]
            metrics = _metrics(total(outcomes.values()), profiles) | {"us_per_sample": us}
            report.file(name, metrics)
            if name == OURS:
                report.results |= _by_file(outcomes, profiles)
    if len(series) == _PUBLISHED_FILES:
        report.baselines |= {f"published_{name}": own for name, own in PUBLISHED.items()}
    return report


def _run(
    detect: DetectSeries, series: list[Series], advance: Callable[[], None]
) -> tuple[dict[str, Outcome], float]:
    watch = Stopwatch()
    outcomes = {}
    for one in series:
        alarms = watch.timed(detect, one.times, one.values)
        outcomes[one.name] = score(alarms, len(one.values), one.windows)
        advance()
    return outcomes, watch.us_per(sum(len(one.values) for one in series))


def _metrics(outcome: Outcome, profiles: dict[str, Profile]) -> Metrics:
    return {
        **{name: outcome.normalised(profile) for name, profile in profiles.items()},
        "false_per_1000": outcome.false_per_1000,
        "activations": outcome.activations,
        "false_activations": outcome.false_activations,
        "windows": outcome.windows,
        "windows_hit": outcome.windows_hit,
        "delay_records": outcome.delay,
    }


def _by_file(outcomes: dict[str, Outcome], profiles: dict[str, Profile]) -> Metrics:
    found: Metrics = {}
    for name, outcome in outcomes.items():
        metrics = _metrics(outcome, profiles)
        found |= {f"{each}_{name.removesuffix('.csv')}": metrics[each] for each in _FILE_METRICS}
    return found


def show(report: Report, console: Console) -> None:
    """Print the table of all and, of the detector, the table of the files."""
    files = report.settings["files"]
    console.print(
        comparison(f"NAB, {files} files: silence is 0, perfect 100", report.contenders, _COLUMNS)
    )
    console.print(
        "delay: records from a window's begin to the first alarm in it, median of the windows hit; "
        "NAB's windows begin before what they are about.",
        highlight=False,
    )
    if any(name.startswith("published") for name in report.baselines):
        console.print(
            "published_…: these 31 files in that project's own scores, with a limit fitted to the "
            "labels; not measured here.",
            highlight=False,
        )
    stems = [name.removesuffix(".csv") for name in report.data]
    by_file = {
        stem: {each: report.results[f"{each}_{stem}"] for each in _FILE_METRICS} for stem in stems
    }
    console.print(comparison("Each file; none labelled: no score", by_file, _COLUMNS))

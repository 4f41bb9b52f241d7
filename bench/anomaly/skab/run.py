"""``tailorline bench anomaly skab``: one report, beside alarms that look at nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console

from bench.anomaly.gaussian import any_beyond
from bench.anomaly.seam import SHARE, Flags, Floats, Stopwatch, WatchMachine, flags
from bench.anomaly.skab.files import LEARNT, Machine, load
from bench.anomaly.skab.scoring import metrics, score
from bench.report import OURS, Metrics, Report, comparison, progress

PUBLISHED: dict[str, Metrics] = {
    "conv_ae": {"f1": 0.78, "far": 13.55, "mar": 28.02},
    "mset": {"f1": 0.78, "far": 39.73, "mar": 14.13},
    "t2_q_pca": {"f1": 0.76, "far": 26.62, "mar": 24.92},
    "lstm_ae": {"f1": 0.74, "far": 29.96, "mar": 25.92},
    "t2": {"f1": 0.66, "far": 19.21, "mar": 42.6},
    "lstm_vae": {"f1": 0.56, "far": 9.13, "mar": 55.03},
    "vanilla_lstm": {"f1": 0.54, "far": 12.54, "mar": 59.53},
    "vanilla_ae": {"f1": 0.39, "far": 2.59, "mar": 75.15},
    "mscred": {"f1": 0.36, "far": 49.94, "mar": 69.88},
    "isolation_forest": {"f1": 0.29, "far": 2.56, "mar": 82.89},
}
"""As printed in the README of waico/SKAB (commit b2c0d46) for all 34 files; not measured here."""
_PUBLISHED_FILES = 34
_LATER = f"{OURS}_later"
_COLUMNS = {
    "f1": "F1", "far": "FAR %", "mar": "MAR %", "activations": "alarms",
    "false_activations": "false", "delay_s": "delay s", "missed": "missed", "intervals": "of",
    "us_per_sample": "µs",
}  # fmt: skip


def always(times: Floats, rows: Floats) -> Flags:
    """Return an alarm in each row."""
    del times
    return np.ones(len(rows), dtype=bool)


def after_a_while(times: Floats, rows: Floats) -> Flags:
    """Return an alarm from a fifth of the scored rows to the end, as tests of faults are recorded."""
    del times
    return np.arange(len(rows)) >= LEARNT + SHARE * (len(rows) - LEARNT)


def windowed_gaussian(times: Floats, rows: Floats) -> Flags:
    """Return the rows with a sensor three deviations off its mean so far, learnt from all rows."""
    del times
    return any_beyond(rows)


LATER = (15, 30, 45, 60)
"""Files begin so many rows later, for whoever wants to know how much hangs on where they begin."""


def begun_later(watch: WatchMachine, skipped: int) -> WatchMachine:
    """Return the same watch that does not see the first rows of a file; nothing is in alarm there."""

    def watched(times: Floats, rows: Floats) -> Flags:
        seen = watch(times[skipped:], rows[skipped:])
        return np.concatenate([np.zeros(skipped, dtype=bool), seen])

    return watched


BASELINES: dict[str, WatchMachine] = {
    "always_alarm": always,
    "alarm_after_20_percent": after_a_while,
    "windowed_gaussian": windowed_gaussian,
}


def bench_skab(
    folder: Path, console: Console, watch: WatchMachine, *, later: bool = False
) -> Report:
    """Run the detector and the baselines over all labelled files of a folder.

    ``later``: also with files that begin a few rows later (`LATER`), as baseline ``tailorline_later``
    with the mean of these runs and the usual one, for a median of few files hangs on one of them.

    Metrics: ``f1``, ``far`` and ``mar`` in percent, ``activations``, ``false_activations``, ``delay_s``
    (median; None if it is infinite), ``missed`` of ``intervals``, ``us_per_sample`` of one sensor. Raises
    `DataError` if the folder cannot be read. Source: Katser & Kozitsin 2020.
    """
    machines = load(folder)
    report = Report(
        "anomaly_skab",
        [one.name for one in machines],
        {
            "files": len(machines),
            "learnt_rows": LEARNT,
            "scored": sum(len(one.rows) - LEARNT for one in machines),
            "labelled": sum(int(one.labelled[LEARNT:].sum()) for one in machines),
        },
    )
    with progress(console) as bars:
        for name, contender in {OURS: watch, **BASELINES}.items():
            task = bars.add_task(name, total=len(machines))
            found = _run(contender, machines, lambda task=task: bars.advance(task))  # type: ignore[misc]
            report.file(name, found)
        if later:
            task = bars.add_task(_LATER, total=len(LATER) * len(machines))
            runs = [
                _run(begun_later(watch, rows), machines, lambda: bars.advance(task))
                for rows in LATER
            ]
            report.baselines[_LATER] = _mean([report.results, *runs])
    if len(machines) == _PUBLISHED_FILES:
        report.baselines |= {f"published_{name}": own for name, own in PUBLISHED.items()}
    return report


def _run(watch: WatchMachine, machines: list[Machine], advance: Callable[[], None]) -> Metrics:
    clock = Stopwatch()
    outcomes = []
    for one in machines:
        active = flags(clock.timed(watch, one.times, one.rows), len(one.rows))
        outcomes.append(score(one.times, active, one.labelled))
        advance()
    return metrics(outcomes) | {"us_per_sample": clock.us_per(sum(o.rows.size for o in machines))}


def _mean(runs: list[Metrics]) -> Metrics:
    """Return the mean of each figure; None where a run has none."""
    found: Metrics = {}
    for name in runs[0]:
        values = [run[name] for run in runs]
        known = [value for value in values if value is not None]
        found[name] = sum(known) / len(known) if len(known) == len(values) else None
    return found


def show(report: Report, console: Console) -> None:
    """Print the table."""
    console.print(
        comparison(f"SKAB, {report.settings['files']} files", report.contenders, _COLUMNS)
    )
    console.print(
        "F1 alone says little here: an alarm that looks at nothing has a high one.", highlight=False
    )
    if _LATER in report.baselines:
        console.print(
            f"{_LATER}: the mean of runs whose files begin 0, {', '.join(map(str, LATER))} rows later.",
            highlight=False,
        )
    if any(name.startswith("published") for name in report.baselines):
        console.print("published_…: printed by that project for these files, not measured here.")

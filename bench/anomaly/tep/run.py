"""``tailorline bench anomaly tep``: one report, beside the charts of textbooks."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from bench.anomaly.seam import Flags, Floats, Stopwatch, WatchProcess, flags
from bench.anomaly.tep.baselines import BASELINES, COMPONENTS, LIMIT
from bench.anomaly.tep.files import ONSET, Process, load
from bench.anomaly.tep.scoring import metrics
from bench.report import OURS, Metrics, Report, comparison, progress

_COLUMNS = {
    "detection": "detection", "false_alarm": "false alarm", "pre_fault": "pre-fault",
    "false_activations": "false", "delay_rows": "delay rows", "missed": "missed",
    "us_per_sample": "µs",
}  # fmt: skip


def bench_tep(folder: Path, console: Console, watch: WatchProcess) -> Report:
    """Let the detector and the charts learn the normal run, then watch each run with a fault.

    Metrics: ``detection``, ``detection_NN``, ``false_alarm`` and ``pre_fault`` as shares of rows,
    ``false_activations``, ``delay_rows`` of three minutes (median; None if infinite), ``missed`` faults,
    ``us_per_sample`` of one variable, learning included. Each run is watched afresh. Raises `DataError`
    if the folder cannot be read. Sources: Downs & Vogel 1993; Chiang, Russell & Braatz 2001.
    """
    process = load(folder)
    report = Report(
        "anomaly_tep",
        ["d00.npz", "d00_te.npz", *(f"d{name}_te.npz" for name in process.faults)],
        {
            "faults": list(process.faults),
            "variables": process.normal.shape[1],
            "normal_rows": len(process.normal),
            "calibration_rows": len(process.calibration),
            "false_alarm_rows": len(process.quiet),
            "onset": ONSET,
            "charts": {"limit": LIMIT, "components": COMPONENTS},
        },
    )
    contenders = {OURS: watch, **BASELINES}
    with progress(console) as bars:
        task = bars.add_task("", total=len(contenders))
        for name, contender in contenders.items():
            bars.update(task, description=name)
            found = _run(contender, process)
            bars.advance(task)
            report.file(name, found)
    return report


def _run(watch: WatchProcess, process: Process) -> Metrics:
    clock = Stopwatch()
    watcher = clock.timed(watch, process.normal, process.calibration)

    def watched(rows: Floats) -> Flags:
        return flags(clock.timed(watcher.run, rows), len(rows))

    quiet = watched(process.quiet)
    faults = {name: watched(rows) for name, rows in process.faults.items()}
    read = (process.normal, process.calibration, process.quiet, *process.faults.values())
    return metrics(quiet, faults) | {"us_per_sample": clock.us_per(sum(run.size for run in read))}


def show(report: Report, console: Console) -> None:
    """Print the table of all, and the table of the faults."""
    faults = report.settings["faults"]
    console.print(
        comparison(f"Tennessee Eastman, {len(faults)} faults", report.contenders, _COLUMNS)
    )
    by_fault = {f"detection_{name}": name for name in faults}
    console.print(comparison("Share of rows in alarm, by fault", report.contenders, by_fault))

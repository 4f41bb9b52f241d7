"""``tailorline bench faults``: each fault once, or for minutes on end; then many kills in one run."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from bench.faults.catalogue import BY_NAME, FAULTS, kills
from bench.faults.run import Plan, Ran, run_all, run_fault
from bench.faults.site import FaultSite
from bench.report import Report, progress, text
from bench.workers import BenchError

_FIRST_S = 3_600.0
"""The first event is so old: within any topic's retention, and in nobody's future."""


def bench_faults(
    names: Sequence[str], *, minutes: float, events: int, rate: float, many_kills: int,
    kill_events: int, seed: int, real: bool, console: Console,
) -> Report:  # fmt: skip
    """Run the faults; raises `BenchError` if one cannot be run at all."""
    chosen = _chosen(names, real=real)
    until = time.monotonic() + 60 * minutes
    runs: list[Ran] = []
    with tempfile.TemporaryDirectory(prefix="tailorline-") as folder, progress(console) as bars:
        console.print("Starting the servers …", style="dim")
        with FaultSite(Path(folder), real=real) as site:
            number = 0
            while not number or time.monotonic() < until:
                task = bars.add_task(f"round {number + 1}", total=len(chosen))
                plan = Plan(events, rate, seed + number, time.time() - _FIRST_S)

                def tell(ran: Ran, task: object = task) -> None:
                    runs.append(ran)
                    bars.advance(task)  # type: ignore[arg-type]
                    bars.console.print(_line(ran), highlight=False, markup=False)

                run_all(chosen, site, plan, tell)
                number += 1
            if many_kills:
                task = bars.add_task(f"{many_kills} kills", total=kill_events)
                plan = Plan(
                    kill_events, _pace(kill_events, many_kills), seed, time.time() - _FIRST_S
                )
                ran = run_fault(
                    kills(many_kills), site, plan, None, lambda n: bars.advance(task, n)
                )
                runs.append(ran)
                bars.console.print(_line(ran), highlight=False, markup=False)
    report = Report(
        "faults",
        ["simulated world, a tenth twice, a tenth out of order"],
        {
            "events": events, "rate": rate, "rounds": number, "seed": seed, "kills": many_kills,
            "kill_events": kill_events, "workers": 2, "session_timeout_s": 6,
            "servers": "Apache Kafka and Redis" if real else "embedded",
        },
    )  # fmt: skip
    report.results = summary(runs)
    return report


def _pace(events: int, count: int) -> float:
    """Return a rate at which two thirds of the events last for all the kills."""
    return min(events * 2 / 3 / (count * 14.0), 3_000.0)


def _chosen(names: Sequence[str], *, real: bool) -> list[str]:
    unknown = sorted(set(names) - BY_NAME.keys())
    if unknown:
        raise BenchError(f"No such fault: {', '.join(unknown)}. There are {', '.join(BY_NAME)}.")
    wanted = [fault for fault in FAULTS if not names or fault.name in names or fault.name == "calm"]
    return [fault.name for fault in wanted if real or not fault.real_only]


def summary(runs: Sequence[Ran]) -> dict[str, float | int | None]:
    """Return the metrics by fault: over several rounds the worst, of recovery the median."""
    results: dict[str, float | int | None] = {}
    for name in dict.fromkeys(ran.fault for ran in runs):
        own = [ran for ran in runs if ran.fault == name]
        results[f"equal_{name}"] = int(all(ran.good for ran in own))
        results[f"lost_{name}"] = sum(ran.verdict.lost for ran in own)
        results[f"duplicated_ids_{name}"] = sum(ran.verdict.repeats for ran in own)
        results[f"events_{name}"] = sum(ran.events for ran in own)
        recoveries = [ran.recovery_s for ran in own if ran.recovery_s is not None]
        if recoveries:
            results[f"recovery_s_{name}"] = median(recoveries)
            results[f"recovery_s_max_{name}"] = max(recoveries)
    return results


def _line(ran: Ran) -> str:
    told = f", went on after {ran.recovery_s:.1f} s" if ran.recovery_s is not None else ""
    if ran.good:
        return f"✓ {ran.fault}: {ran.events:,} events{told} ({ran.seconds:.0f} s)"
    return f"✗ {ran.fault}:\n    " + "\n    ".join(ran.verdict.wrong[:10])


def show(report: Report, console: Console) -> None:
    """Print the table."""
    table = Table(title=f"Faults on {report.settings['servers']}", title_justify="left")
    table.add_column("fault", no_wrap=True)
    for head in ("equal", "lost", "sent again", "events", "recovery s"):
        table.add_column(head, justify="right")
    found = report.results
    for name in [key.removeprefix("equal_") for key in found if key.startswith("equal_")]:
        table.add_row(
            name, "yes" if found[f"equal_{name}"] else "NO",
            *(text(found.get(f"{metric}_{name}")) for metric in ("lost", "duplicated_ids", "events")),
            text(found.get(f"recovery_s_{name}")),
        )  # fmt: skip
    console.print(table)

"""``tailorline bench throughput``: interleaved rounds of all contenders, medians, ratios."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.progress import Progress

from bench.report import Metrics, Report, comparison, progress, text
from bench.throughput.mixes import MIXES, RATE, Load, Mix, preload
from bench.throughput.system import measure
from bench.workers import BenchError, Site
from streams.settings import Settings

PARTITIONS = 4
_INGEST_SHARE = 0.5
_FAUST_MOST = 30_000
_CHILD_S = 600.0
_FAUST_S = 120.0
Round = dict[str, Any]


def bench_throughput(
    *, events: int, rounds: int, seed: int, faust: bool, profile: Path | None, console: Console
) -> Report:
    """Run everything; raises `BenchError` if a contender fails."""
    collected: dict[str, list[Round]] = {}
    sizes: dict[Mix, int] = {"mix": events, "ingest": int(events * _INGEST_SHARE)}
    loads: dict[Mix, Load] = {}
    brokers: dict[Mix, str] = {}
    load_before = os.getloadavg()[0]
    with Site() as ingest_site, Site() as mix_site, progress(console) as bars:
        sites: dict[Mix, Site] = {"ingest": ingest_site, "mix": mix_site}
        for mix in MIXES:
            bar = partial(bars.advance, bars.add_task(f"publish {mix}", total=sizes[mix]))
            brokers[mix] = sites[mix].bootstrap
            loads[mix] = preload(brokers[mix], mix, sizes[mix], seed, bar)
        for number in range(rounds):
            for name, run in _contenders(sites, loads, profile, number, bars).items():
                collected.setdefault(name, []).append(run())
            if faust:
                collected.setdefault("faust", []).extend(_faust(sites["mix"], events, bars))
    report = Report(
        "throughput",
        ["simulated world"],
        {
            "events": sizes, "rounds": rounds, "seed": seed, "rate_simulated": RATE,
            "partitions": PARTITIONS, "poll": Settings().kafka.batch, "topics": dict(loads["mix"].by_topic),
            "bytes_per_event": loads["mix"].size / loads["mix"].events,
            "faust_events": min(events, _FAUST_MOST),
            "faust_rounds": len(collected.get("faust", [])), "cpus": os.cpu_count(),
            "load_average_before": load_before, "load_average_after": os.getloadavg()[0],
        },
    )  # fmt: skip
    report.results, report.baselines = summary(collected)
    return report


def _contenders(
    sites: dict[Mix, Site], loads: dict[Mix, Load], profile: Path | None,
    number: int, bars: Progress,
) -> dict[str, Callable[[], Round]]:  # fmt: skip
    def child(kind: str, mix: Mix) -> Callable[[], Round]:
        def run() -> Round:
            task = bars.add_task(f"round {number + 1}: {kind} ({mix})", total=None)
            found = _child(kind, sites[mix].bootstrap, loads[mix].events)
            bars.remove_task(task)
            return found

        return run

    def system(mix: Mix) -> Callable[[], Round]:
        def run() -> Round:
            task = bars.add_task(
                f"round {number + 1}: whole system ({mix})", total=loads[mix].events
            )
            wanted = profile if mix == "mix" and number == 0 else None
            prefix = f"{mix}{number}"
            found = measure(sites[mix], loads[mix], prefix, partial(bars.advance, task), wanted)
            bars.remove_task(task)
            return found

        return run

    return {
        "limit": child("limit", "mix"),
        "core": child("core", "mix"),
        "mix": system("mix"),
        "core_ingest": child("core", "ingest"),
        "ingest": system("ingest"),
    }


def _faust(site: Site, events: int, bars: Progress) -> list[Round]:
    """Run the plain Faust app. Now and then it sits without partitions for ever: a missing round."""
    task = bars.add_task("plain Faust topic agents (mix)", total=None)
    try:
        return [_child("faust", site.bootstrap, min(events, _FAUST_MOST), _FAUST_S)]
    except BenchError as error:
        bars.console.print(f"This round has no figure for Faust: {error}", style="yellow")
        return []
    finally:
        bars.remove_task(task)


def _child(kind: str, bootstrap: str, events: int, patience_s: float = _CHILD_S) -> Round:
    command = [sys.executable, "-m", "bench.throughput.child", kind, bootstrap, str(events)]
    try:
        done = subprocess.run(  # noqa: S603
            [*command, str(PARTITIONS)],
            capture_output=True,
            text=True,
            timeout=patience_s,
            check=True,
        )
        found: Round = json.loads(done.stdout.strip().splitlines()[-1])
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"{kind} did not finish in {patience_s:g} s.") from error
    except subprocess.CalledProcessError as error:
        raise BenchError(f"{kind} failed:\n{error.stderr[-2000:]}") from error
    except (json.JSONDecodeError, IndexError) as error:
        raise BenchError(f"{kind} printed no result:\n{done.stderr[-2000:]}") from error
    return found


def summary(collected: dict[str, list[Round]]) -> tuple[Metrics, dict[str, Metrics]]:
    """Return the medians over the rounds under the contract's names, and the baselines.

    Ratios are taken within each round, for its contenders met the same machine.
    """
    results: Metrics = {}
    for name in ("limit", "core", "ingest", "mix"):
        for metric in ("events_per_s", "cpu_us_per_event"):
            results[f"{metric}_{name}"] = median(one[metric] for one in collected[name])
    for name, base in (("mix", "core"), ("ingest", "core_ingest")):
        label = "" if name == "mix" else f"_{name}"
        pairs = list(zip(collected[name], collected[base], strict=True))
        results[f"system_over_core{label}"] = median(
            whole["events_per_s"] / steps["events_per_s"] for whole, steps in pairs
        )
        results[f"system_over_core_cpu{label}"] = median(
            steps["cpu_us_per_event"] / whole["cpu_us_per_event"] for whole, steps in pairs
        )
        results[f"plumbing_us_per_event{label}"] = median(
            whole["cpu_us_per_event"] - steps["cpu_us_per_event"] for whole, steps in pairs
        )
        results[f"valkey_us_per_event_{name}"] = median(w["valkey_us_per_event"] for w, _ in pairs)
    results["events_per_s_core_ingest"] = median(
        one["events_per_s"] for one in collected["core_ingest"]
    )
    results["cpu_us_per_event_core_ingest"] = median(
        one["cpu_us_per_event"] for one in collected["core_ingest"]
    )
    results |= _medians("events_per_s_mix_", [one["flows"] for one in collected["mix"]])
    results |= _medians("stage_us_", [one["stages"] for one in collected["mix"]])
    for flow in ("shop", "floor"):
        results[f"cpu_us_per_event_core_{flow}"] = median(
            one["flows"][flow]["cpu_us_per_event"] for one in collected["core"]
        )
    results["outputs_mix"] = median(one["outputs"] for one in collected["mix"])
    baselines: dict[str, Metrics] = {}
    if collected.get("faust"):
        metrics = ("events_per_s", "cpu_us_per_event", "transport_us_per_event")
        baselines["faust"] = {
            name: median(one[name] for one in collected["faust"]) for name in metrics
        }
    return results, baselines


def _medians(prefix: str, rounds: list[dict[str, float]]) -> Metrics:
    names = {name for one in rounds for name in one}
    return {
        prefix + name: median(one[name] for one in rounds if name in one) for name in sorted(names)
    }


def show(report: Report, console: Console) -> None:
    """Print the tables."""
    found = report.results
    rows = {
        label: {
            "rate": found[f"events_per_s_{name}"], "cpu": found[f"cpu_us_per_event_{name}"],
            "valkey": found.get(f"valkey_us_per_event_{name}"),
        }
        for name, label in (
            ("limit", "limit: consume and decode"), ("core", "core: the steps alone (mix)"),
            ("mix", "whole system, one worker (mix)"), ("core_ingest", "core: the steps alone (ingest)"),
            ("ingest", "whole system, one worker (ingest)"),
        )
    }  # fmt: skip
    for name, own in report.baselines.items():
        rows[f"{name}: plain topic agents (mix)"] = {
            "rate": own["events_per_s"], "cpu": own["cpu_us_per_event"], "valkey": None,
        }  # fmt: skip
    heads = {"rate": "events/s", "cpu": "CPU µs an event", "valkey": "Valkey µs an event"}
    console.print(comparison("Medians over the rounds", rows, heads))
    for name, value in found.items():
        if name.startswith(("system_over", "plumbing", "stage_", "events_per_s_mix_")):
            console.print(f"{name:34} {text(value):>10}", highlight=False)
    console.print(
        f"load average {report.settings['load_average_before']:.1f} before, "
        f"{report.settings['load_average_after']:.1f} after, on {report.settings['cpus']} CPUs"
    )

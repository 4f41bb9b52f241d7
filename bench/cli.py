"""``tailorline bench``: every benchmark is a sub-command."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench.anomaly.commands import app as anomaly
from bench.command import DataDir, Json, fail, quality, write

app = typer.Typer(
    help="Measure speed and quality, beside baselines, in one run.", no_args_is_help=True
)

app.add_typer(anomaly, name="anomaly")


@app.callback()
def root() -> None:
    """Measure speed and quality, beside baselines, in one run."""


@app.command()
def sessions(folder: DataDir, json: Json = None) -> None:
    """Guess the next click of sessions: FOLDER holds train.tsv and test.tsv, plain or .gz."""
    from bench.sessions.run import bench_sessions, show  # noqa: PLC0415

    quality(bench_sessions, show, folder, json)


@app.command()
def baskets(folder: DataDir, json: Json = None) -> None:
    """Complete baskets: FOLDER holds tables of orders, or files with a basket a line."""
    from bench.baskets.completion import bench_baskets, show  # noqa: PLC0415

    quality(bench_baskets, show, folder, json)


@app.command()
def nextbasket(folder: DataDir, json: Json = None) -> None:
    """Guess a customer's next order: FOLDER holds one table of orders with customers."""
    from bench.baskets.nextorder import bench_nextbasket, show  # noqa: PLC0415

    quality(bench_nextbasket, show, folder, json)


@app.command()
def propensity(
    folder: DataDir,
    json: Json = None,
    everything: Annotated[
        bool, typer.Option("--all", help="The slow contenders too: forest and network.")
    ] = False,
) -> None:
    """Will a session buy: FOLDER holds one CSV in the layout of UCI's Online Shoppers."""
    from bench.propensity.run import bench_propensity, show  # noqa: PLC0415

    quality(partial(bench_propensity, everything=everything), show, folder, json)


@app.command()
def bandit(folder: DataDir, json: Json = None) -> None:
    """Judge policies by others' logs: FOLDER holds random/ and bts/ of the Open Bandit Dataset."""
    from bench.bandit.run import bench_bandit, show  # noqa: PLC0415

    quality(bench_bandit, show, folder, json)


@app.command()
def regret(
    world: Annotated[
        list[str] | None, typer.Option(help="Only this kind; may be given several times.")
    ] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(help="Only this one beside the default; may be given several times."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=2, help="Worlds of each kind.")] = 12,
    offers: Annotated[int, typer.Option(min=1, help="Offers made in each.")] = 2_000,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    json: Json = None,
) -> None:
    """Play policies in made-up shops whose customers are known: what each loses against the best."""
    from bench.regret.policies import OTHERS  # noqa: PLC0415
    from bench.regret.run import STAGES, bench_regret, show  # noqa: PLC0415

    console = Console()
    worlds, policies = world or list(STAGES), policy or list(OTHERS)
    for kind, asked, known in (("world", worlds, STAGES), ("policy", policies, OTHERS)):
        unknown = [name for name in asked if name not in known]
        if unknown:
            fail(f"No {kind} is called {unknown[0]!r}; there are: {', '.join(known)}.")
    report = bench_regret(worlds, policies, seeds, offers, jobs, console)
    show(report, console)
    write(report, json)


@app.command()
def throughput(
    events: Annotated[int, typer.Option(min=1_000, help="Events of the mix.")] = 100_000,
    rounds: Annotated[int, typer.Option(min=1, help="Interleaved rounds; medians count.")] = 3,
    seed: Annotated[int, typer.Option(help="Seed of the simulated world.")] = 7,
    faust: Annotated[bool, typer.Option(help="Run the plain Faust agent too.")] = True,
    profile: Annotated[
        Path | None, typer.Option(help="Write a cProfile of the mix's worker to this file.")
    ] = None,
    json: Json = None,
) -> None:
    """Measure events a second and CPU an event of the whole system beside its parts."""
    from bench.throughput.run import bench_throughput, show  # noqa: PLC0415
    from bench.workers import BenchError  # noqa: PLC0415

    console = Console()
    try:
        report = bench_throughput(
            events=events, rounds=rounds, seed=seed, faust=faust, profile=profile, console=console
        )
    except BenchError as error:
        fail(str(error))
    show(report, console)
    write(report, json)


@app.command()
def decisions(
    items: Annotated[int, typer.Option(min=100, help="Articles of the shop.")] = 50_000,
    customers: Annotated[int, typer.Option(min=10, help="Its customers.")] = 100_000,
    events: Annotated[int, typer.Option(min=500, help="Events timed, twice.")] = 40_000,
    partitions: Annotated[
        int, typer.Option(min=1, help="Shop shards; TAILORLINE_MAX_CUSTOMERS fit into each.")
    ] = 2,
    warm_up: Annotated[
        float,
        typer.Option(min=0, help="Most seconds of the processor until the shop is taken as it is."),
    ] = 600.0,
    seed: Annotated[int, typer.Option(help="Seed of the made-up shop.")] = 7,
    json: Json = None,
) -> None:
    """Time each event of a large shop in process: from its bytes to its outputs' bytes.

    Some five minutes go into filling the shop. The merged view is made as in a worker, from a store
    in memory, and its merging is not timed.
    """
    from bench.decisions.run import Plan, bench_decisions, show  # noqa: PLC0415

    console = Console()
    plan = Plan(items, customers, events, partitions, seed, warm_up)
    report = bench_decisions(plan, console)
    show(report, console)
    write(report, json)


@app.command()
def line(
    hours: Annotated[float, typer.Option(min=1.0, help="How long the shift is.")] = 8.0,
    every_s: Annotated[
        float, typer.Option(min=0.1, help="Seconds between two samples of a sensor.")
    ] = 2.0,
    faults: Annotated[int, typer.Option(min=1, max=40, help="Faults planted.")] = 12,
    seed: Annotated[int, typer.Option(help="Seed of the made-up line.")] = 7,
    json: Json = None,
) -> None:
    """Simulate a shift on a line of 40 sensors: which faults are found, and how many alarms people hear."""
    from bench.line.plant import Shift  # noqa: PLC0415
    from bench.line.run import bench_line, show  # noqa: PLC0415

    console = Console()
    report = bench_line(Shift(hours, every_s, faults, seed), console)
    show(report, console)
    write(report, json)


@app.command()
def sensors(
    number: Annotated[
        int, typer.Option("--sensors", min=10, help="Sensors of the shard that restarts.")
    ] = 10_000,
    machines: Annotated[
        int, typer.Option(min=1, help="Machines learnt sample by sample; the others are copies.")
    ] = 4,
    rows: Annotated[int, typer.Option(min=2, help="Rows of these that are timed.")] = 300,
    seed: Annotated[int, typer.Option(help="Seed of the made-up sensors.")] = 7,
    json: Json = None,
) -> None:
    """Time samples of sensors, and the restart of a shard that knows thousands of them."""
    from bench.sensors.run import Plan, bench_sensors, show  # noqa: PLC0415

    console = Console()
    report = bench_sensors(Plan(number, machines, rows, seed), console)
    show(report, console)
    write(report, json)


@app.command()
def memory(
    customers: Annotated[
        int, typer.Option(min=8, help="Customers who come in, a quarter at a time.")
    ] = 24_000,
    visits: Annotated[int, typer.Option(min=1, help="Visits of each, on average.")] = 3,
    items: Annotated[int, typer.Option(min=100, help="Articles of the large shop.")] = 50_000,
    item_events: Annotated[
        int, typer.Option(min=500, help="Events that the large shop is filled with.")
    ] = 400_000,
    stream: Annotated[
        int, typer.Option(min=500, help="Events of the stream that goes on ten times.")
    ] = 20_000,
    partitions: Annotated[int, typer.Option(min=1, help="Shop shards.")] = 4,
    seed: Annotated[int, typer.Option(help="Seed of the made-up shop.")] = 7,
    store: Annotated[
        str, typer.Option(help="A Redis of its own instead of the embedded Valkey; else empty.")
    ] = "",
    json: Json = None,
) -> None:
    """Fill a store with customers, with articles and with a long stream; see what it takes."""
    from bench.memory.run import Plan, bench_memory, show  # noqa: PLC0415
    from streams import logs  # noqa: PLC0415
    from streams.settings import Settings  # noqa: PLC0415

    logs.configure(Settings(_env_file=None, log_level="warning"))
    console = Console()
    plan = Plan(
        customers=customers, visits=visits, items=items, item_events=item_events, stream=stream,
        partitions=partitions, seed=seed, store=store,
    )  # fmt: skip
    report = bench_memory(plan, console)
    show(report, console)
    write(report, json)


@app.command()
def freshness(
    rate: Annotated[float, typer.Option(min=1, help="Events published a second.")] = 1_000.0,
    probes: Annotated[int, typer.Option(min=1, help="Orders that are timed.")] = 120,
    items: Annotated[int, typer.Option(min=100, help="Articles of the shop.")] = 50_000,
    customers: Annotated[int, typer.Option(min=10, help="Its customers.")] = 100_000,
    warm_up: Annotated[float, typer.Option(min=0, help="Seconds of load before.")] = 60.0,
    seed: Annotated[int, typer.Option(help="Seed of the load and of the moments.")] = 7,
    json: Json = None,
) -> None:
    """Time orders under load: from Kafka until the served rules show them.

    One worker with the shipped settings, on the embedded broker and store.
    """
    from bench.freshness.run import Plan, bench_freshness, show  # noqa: PLC0415
    from bench.workers import BenchError  # noqa: PLC0415

    console = Console()
    plan = Plan(rate, probes, items, customers, warm_up, seed=seed)
    try:
        report = bench_freshness(plan, console)
    except BenchError as error:
        fail(str(error))
    show(report, console)
    write(report, json)


@app.command()
def exactness(
    folder: DataDir,
    json: Json = None,
    workers: Annotated[str, typer.Option(help="Numbers of workers, comma-separated.")] = "1,2",
    kill: Annotated[bool, typer.Option(help="Also a run in which a worker is killed.")] = True,
    support: Annotated[
        list[str] | None,
        typer.Option(help="NAME=SHARE, e.g. groceries=0.005; overrides the default support."),
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Only so many baskets; 0: all.")] = 0,
    bootstrap: Annotated[
        str, typer.Option(help="A real Kafka instead of the embedded broker.")
    ] = "",
    store: Annotated[str, typer.Option(help="A real Redis instead of the embedded Valkey.")] = "",
    wipe: Annotated[
        bool,
        typer.Option(help="With --bootstrap: delete all records of the input topics before runs."),
    ] = False,
) -> None:
    """Compare the counts in the store with a batch FP-growth over the same baskets.

    FOLDER holds groceries.csv[.gz] and/or online_retail.csv[.gz], there or in folders of their
    names. Exit code 1 if any support, confidence or lift differs.
    """
    from bench.exactness.run import Plan, bench_exactness, show  # noqa: PLC0415
    from bench.workers import BenchError  # noqa: PLC0415

    console = Console()
    try:
        plan = Plan.parsed(folder, workers, kill, support or [], limit, bootstrap, store, wipe)
        report = bench_exactness(plan, console)
    except BenchError as error:
        fail(str(error))
    show(report, console)
    write(report, json)
    if report.results["different"] or report.results["failed_runs"]:
        raise typer.Exit(1)


@app.command()
def rules(
    folder: DataDir,
    json: Json = None,
    runs: Annotated[int, typer.Option(min=0, help="Runs of independent baskets.")] = 100,
    baskets: Annotated[
        int, typer.Option(min=0, help="Baskets of such a run; 0: as many as Groceries has.")
    ] = 0,
    parts: Annotated[int, typer.Option(min=1, help="Shop shards of such a run.")] = 4,
    limit: Annotated[int, typer.Option(min=0, help="Only so many baskets; 0: all.")] = 0,
) -> None:
    """Hold counts against FP-growth and their bounds, and look for rules where there are none.

    FOLDER holds groceries.csv[.gz] and/or online_retail.csv[.gz], there or in folders of their
    names. Exit code 1 if a count differs, a bound is broken, a frequent pair is lost, or more than
    5 % of the runs with independent baskets publish a rule.
    """
    from bench.data import DataError  # noqa: PLC0415
    from bench.rules.run import Plan, bench_rules, holds, show  # noqa: PLC0415

    console = Console()
    try:
        report = bench_rules(folder, Plan(runs, baskets, parts, limit), console)
    except DataError as error:
        fail(str(error))
    show(report, console)
    write(report, json)
    if not holds(report):
        raise typer.Exit(1)


@app.command()
def faults(
    fault: Annotated[
        list[str] | None, typer.Option("--fault", help="Only these; may be given several times.")
    ] = None,
    minutes: Annotated[
        float, typer.Option(min=0, help="Go on in rounds for so long; 0: each fault once.")
    ] = 0.0,
    events: Annotated[int, typer.Option(min=1_000, help="Events of each run.")] = 8_000,
    rate: Annotated[float, typer.Option(min=10, help="Events published a second.")] = 1_500.0,
    kills: Annotated[
        int, typer.Option(min=0, help="Then a run with so many random kill -9; 0: none.")
    ] = 20,
    kill_events: Annotated[int, typer.Option(min=1_000, help="Events of that run.")] = 200_000,
    seed: Annotated[int, typer.Option(help="Seed of the load and of the moments.")] = 7,
    embedded: Annotated[
        bool, typer.Option("--embedded", help="Embedded broker and store; fewer faults.")
    ] = False,
    json: Json = None,
) -> None:
    """Kill, stop and starve a running installation; prove that nothing was lost or changed.

    Starts Apache Kafka (java 17, mvn) and redis-server of its own, or the embedded pair. After each
    fault the store, the models and all outputs are held against the pure core run over the same
    events in the journal's order, and against a run without a fault. Exit code 1 if anything
    differs.
    """
    from bench.faults.report import bench_faults, show  # noqa: PLC0415
    from bench.servers import ServerError  # noqa: PLC0415
    from bench.workers import BenchError  # noqa: PLC0415

    console = Console()
    try:
        report = bench_faults(
            fault or [], minutes=minutes, events=events, rate=rate, many_kills=kills,
            kill_events=kill_events, seed=seed, real=not embedded, console=console,
        )  # fmt: skip
    except (BenchError, ServerError) as error:
        fail(str(error))
    show(report, console)
    write(report, json)
    if not all(value for name, value in report.results.items() if name.startswith("equal_")):
        raise typer.Exit(1)


@app.command()
def soak(
    minutes: Annotated[float, typer.Option(min=1, help="How long.")] = 10.0,
    share: Annotated[float, typer.Option(min=0.1, max=1, help="Of the capacity measured.")] = 0.7,
    seed: Annotated[int, typer.Option(help="Seed of the load and of the moments.")] = 7,
    embedded: Annotated[
        bool, typer.Option("--embedded", help="Embedded broker and store; fewer faults.")
    ] = False,
    json: Json = None,
) -> None:
    """Load near capacity for minutes, with a fault every minute; watch lag and memory.

    The capacity is measured first, with the same load published as fast as it is read. Exit code 1
    if an event is not accounted for, a worker's memory grows by more than a tenth after the warm-up,
    or the store is beyond its stated bound.
    """
    from bench.faults.soak import bench_soak, show  # noqa: PLC0415
    from bench.servers import ServerError  # noqa: PLC0415
    from bench.workers import BenchError  # noqa: PLC0415

    console = Console()
    try:
        report = bench_soak(
            minutes=minutes, share=share, seed=seed, real=not embedded, console=console
        )
    except (BenchError, ServerError) as error:
        fail(str(error))
    show(report, console)
    write(report, json)
    found = report.results
    if (
        not found["accounted"]
        or (found["worker_growth"] or 0) > 0.1
        or (found["store_share_of_bound"] or 0) > 1
    ):
        raise typer.Exit(1)

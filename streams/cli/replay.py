"""``tailorline replay``: publish files as events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Annotated, cast, get_args

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from streams.cli.worker import load_settings
from streams.replay.backpressure import StalledError
from streams.replay.pacing import Pacing, Times
from streams.replay.reading import Meter
from streams.replay.records import BadRow, Record, SourceError
from streams.replay.rejects import RejectFile
from streams.replay.run import ReplayReport
from streams.replay.run import replay as run_replay
from streams.replay.sources import Format, count_hint, open_source
from streams.runtime.publisher import GroupProgress, Publisher, PublishError

FORMATS = tuple(name.replace("_", "-") for name in get_args(Format))


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("replay")(replay)


def replay(
    source: Annotated[Path, typer.Argument(help="A file, plain or gzip, or a folder of files.")],
    *,
    source_format: Annotated[
        str, typer.Option("--format", "-f", help=f"One of: {', '.join(FORMATS)}.")
    ],
    speed: Annotated[
        str,
        typer.Option(help="1 = as it happened, 60 = an hour a minute, max = as fast as it goes."),
    ] = "max",
    topic: Annotated[
        str | None,
        typer.Option(help="Topic of a jsonl file that is not named after its topic."),
    ] = None,
    times: Annotated[
        str, typer.Option(help="keep: the times in the file; now: the time of publishing.")
    ] = "keep",
    mapping: Annotated[
        Path | None, typer.Option(help="TOML file: which column is which field (format csv).")
    ] = None,
    rejects: Annotated[
        Path | None,
        typer.Option(help="Where bad rows go. [default: SOURCE's name + .rejects.jsonl, here]"),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Stop after this many events and bad rows.")
    ] = None,
    bootstrap: Annotated[
        str | None, typer.Option(help="Kafka brokers: host:port,… [default: the settings']")
    ] = None,
    follow_group: Annotated[
        str | None,
        typer.Option(help="Never run far ahead of this consumer group (embedded broker)."),
    ] = None,
) -> None:
    """Publish the rows of SOURCE as events.

    Exit code: 0 if all events were published (bad rows are counted and kept in the reject file),
    1 if some could not be, 2 if the command was called wrongly or SOURCE cannot be read.
    """
    pacing = _pacing(speed, times)
    meter = Meter()
    try:
        chosen = cast("Format", source_format.replace("-", "_"))
        records = open_source(source, chosen, topic, mapping, meter)
        total = count_hint(source, chosen)
    except SourceError as error:
        raise typer.BadParameter(str(error)) from error
    console = Console(stderr=True)
    report = ReplayReport()
    failure: str | None = None
    code = 0
    with ExitStack() as stack:
        kept = stack.enter_context(RejectFile(rejects or _reject_path(source)))
        bar = stack.enter_context(_bar(console))
        task = bar.add_task("reading", total=total)

        def show(now: ReplayReport) -> None:
            nonlocal report
            report = now
            done = f"{sum(now.published.values()):,} published"
            bar.update(task, completed=meter.bytes_read, description=done)

        try:
            config = load_settings().kafka.client_config()
            if bootstrap:
                config["bootstrap.servers"] = bootstrap
            publisher = Publisher(config)
            publisher.connect()
            follow = None
            if follow_group:
                follow = GroupProgress(config, follow_group)
                stack.callback(follow.close)
            some = _first(records, limit)
            report = run_replay(
                some, publisher, pacing, kept.write, follow=follow, on_progress=show
            )
        except SourceError as error:
            failure, code = str(error), 2
        except (PublishError, StalledError) as error:
            failure, code = str(error), 1
        except OSError as error:
            failure, code = f"{error.filename}: {error.strerror}", 2
        except KeyboardInterrupt:
            failure, code = "interrupted; the last events may not have been published", 130
    _summary(Console(), report, kept)
    if failure:
        console.print(f"[bold red]error:[/] {failure}", highlight=False)
    raise typer.Exit(code)


def _pacing(speed: str, times: str) -> Pacing:
    if times not in get_args(Times):
        raise typer.BadParameter(f"{times!r} is neither keep nor now", param_hint="--times")
    try:
        return Pacing(None if speed == "max" else float(speed), cast("Times", times))
    except ValueError as error:
        raise typer.BadParameter(
            f"{speed!r} is neither max nor a number above 0", param_hint="--speed"
        ) from error


def _first(records: Iterator[Record | BadRow], limit: int | None) -> Iterator[Record | BadRow]:
    return records if limit is None else islice(records, limit)


def _reject_path(source: Path) -> Path:
    return Path(f"{source.resolve().name}.rejects.jsonl")


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )


def _summary(console: Console, report: ReplayReport, kept: RejectFile) -> None:
    table = Table("what", "count", box=None, show_header=False)
    table.columns[1].justify = "right"
    table.add_row("events read", f"{report.read:,}")
    for topic, count in sorted(report.published.items()):
        table.add_row(f"published to {topic}", f"{count:,}")
    for reason, count in sorted(report.bad.items()):
        table.add_row(f"bad rows: {reason}", f"{count:,}")
    rate = report.read / report.seconds if report.seconds else 0.0
    table.add_row("seconds", f"{report.seconds:,.1f}")
    table.add_row("events a second", f"{rate:,.0f}")
    console.print(table)
    if kept.count:
        console.print(f"{kept.count:,} bad rows are in {kept.path}", highlight=False)

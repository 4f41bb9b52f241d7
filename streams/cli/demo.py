"""``tailorline demo``: everything on this machine, without Docker, Java or set-up."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streams.cli.console import OUT, fail
from streams.runtime.embedded import PARTITIONS


def demo(
    *,
    minutes: Annotated[
        float | None, typer.Option(min=0.05, help="How long. [default: until Ctrl-C]")
    ] = None,
    rate: Annotated[
        float, typer.Option(min=20.0, help="Events a second of the simulation.")
    ] = 500.0,
    seed: Annotated[int, typer.Option(help="Another seed is another simulation.")] = 7,
    workers: Annotated[
        int, typer.Option(min=1, max=PARTITIONS, help="Number of worker processes.")
    ] = 2,
    report: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the figures to this JSON file.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="Replay the public data sets found in this folder in place of the simulation.",
        ),
    ] = None,
    live: Annotated[bool, typer.Option(help="Show the live view, if this is a terminal.")] = True,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only the summary.")] = False,
) -> None:
    """Show everything at work: a simulated shop and factory, or public data.

    Starts a broker, a store and worker processes on this machine, feeds them, shows what comes out,
    and counts: exit code 0 means that every event is accounted for, 1 that something went wrong.
    """
    from streams.demo.run import Demo, DemoFailed, Options

    if report is not None and not report.resolve().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {report.parent}", param_hint="--report")
    options = Options(
        minutes=minutes, rate=rate, seed=seed, workers=workers, report=report, data=data,
        live=live and OUT.is_terminal, quiet=quiet,
    )  # fmt: skip
    try:
        code = Demo(options, OUT).run()
    except DemoFailed as error:
        fail(str(error))
    except KeyboardInterrupt:
        fail("Interrupted.", code=130)
    raise typer.Exit(code)

"""What the commands of all benchmarks share: options, the written report, a message and exit code 2."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.report import Report

Json = Annotated[Path | None, typer.Option("--json", help="Write the envelope to this file.")]
DataDir = Annotated[
    Path, typer.Argument(exists=True, file_okay=False, help="The folder with the data.")
]


def quality(
    bench: Callable[[Path, Console], Report], show: Callable[[Report, Console], None],
    folder: Path, json: Path | None,
) -> Report:  # fmt: skip
    """Run a benchmark of quality on the files of a folder; show and return its report."""
    from bench.data import DataError  # noqa: PLC0415

    console = Console()
    try:
        report = bench(folder, console)
    except DataError as error:
        fail(str(error))
    show(report, console)
    write(report, json)
    return report


def write(report: Report, path: Path | None) -> None:
    """Write a report, if it is asked for."""
    if path is not None:
        report.write(path)


def fail(message: str) -> NoReturn:
    """Say what is wrong and end with 2."""
    Console(stderr=True).print(message, style="red", markup=False, highlight=False)
    raise typer.Exit(2)

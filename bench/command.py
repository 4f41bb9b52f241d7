"""What the commands of all benchmarks share: options, the written report, a message and exit code 2."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.report import Report


def _writable(ctx: typer.Context, path: Path | None) -> Path | None:
    """Return where the report is to go; end with 2 if it cannot: a run takes minutes, and comes first.

    Only trying tells: who may do everything is still refused by /proc and by what is read-only.
    """
    if path is None or ctx.resilient_parsing:
        return path
    try:
        _try_to_write(path)
    except OSError as error:
        fail(f"{_refused(path, error)} Nothing was run.")
    return path


Json = Annotated[
    Path | None,
    typer.Option(
        "--json", help="Write the envelope to this file; its folder is made.", callback=_writable
    ),
]
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
    if path is None:
        return
    try:
        report.write(path)
    except OSError as error:  # it could be written when the run began
        fail(f"{_refused(path, error)} What was measured is printed above.")


def fail(message: str) -> NoReturn:
    """Say what is wrong, in one line whatever the terminal's width, and end with 2."""
    console = Console(stderr=True)
    console.print(message, style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(2)


def _try_to_write(path: Path) -> None:
    """Raise `OSError` if a file cannot be written; one that is there stays as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    there = path.exists()
    if there and not path.is_file() and not path.is_dir():
        return  # whoever reads a pipe would take the trial for the end of it
    with path.open("ab"):
        pass
    if not there:
        path.unlink()


def _refused(path: Path, error: OSError) -> str:
    """Return why a report cannot be written, and what to do."""
    if path.is_dir():
        return f"--json {path} is a folder: name a file in it, such as {path / 'report.json'}."
    return (
        f"--json {path} cannot be written ({error.strerror}: {error.filename}): "
        "name a file in a folder that you may write to."
    )

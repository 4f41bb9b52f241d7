"""Findings of a check-up on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from streams.cli.console import OUT
from streams.doctor.finding import Finding, worst

_STYLES = {"ok": "green", "warn": "yellow", "wrong": "bold red"}


def show(findings: Sequence[Finding], *, as_json: bool = False) -> None:
    """Print findings, each with what to do about it."""
    if as_json:
        typer.echo(orjson.dumps(list(findings), option=orjson.OPT_INDENT_2))
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        text = escape(finding.text)
        if finding.remedy:
            text += f"\n[bold]-> {escape(finding.remedy)}[/]"
        style = _STYLES[finding.level]
        table.add_row(f"[{style}]{finding.level}[/]", escape(finding.subject), text)
    OUT.print(table, highlight=False)


def exit_code(findings: Sequence[Finding]) -> int:
    """Return 1 if anything is wrong."""
    return int(worst(findings) == "wrong")

"""The terminal that commands write to."""

from __future__ import annotations

from typing import NoReturn

import typer
from rich.console import Console

OUT = Console()
ERR = Console(stderr=True)


def say(text: str, *, to: Console = OUT, style: str = "") -> None:
    """Print text as it is: a message is a line, for programs too, whatever the terminal's width."""
    to.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def fail(message: str, code: int = 1) -> NoReturn:
    """Say what went wrong, and exit."""
    ERR.print(message, style="red", markup=False, highlight=False)
    raise typer.Exit(code)

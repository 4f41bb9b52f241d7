"""The terminal that commands write to."""

from __future__ import annotations

from typing import NoReturn

import typer
from rich.console import Console

OUT = Console()
ERR = Console(stderr=True)


def fail(message: str, code: int = 1) -> NoReturn:
    """Say what went wrong, and exit."""
    ERR.print(message, style="red", markup=False, highlight=False)
    raise typer.Exit(code)

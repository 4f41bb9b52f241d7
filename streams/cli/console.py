"""The terminal that commands write to, and how things are written there."""

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


def lasting(seconds: float) -> str:
    """Return a stretch of time in its two largest units: a terminal is narrow."""
    minutes, second = divmod(round(max(seconds, 0.0)), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{days}d {hour}h"
    return f"{hours}h {minute}m" if hours else f"{minute}m {second}s"

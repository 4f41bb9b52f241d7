"""``tailorline bench``: every benchmark is a sub-command."""

from __future__ import annotations

import typer

app = typer.Typer(
    help="Measure speed and quality, beside baselines, in one run.", no_args_is_help=True
)


@app.callback()
def root() -> None:
    """Measure speed and quality, beside baselines, in one run."""

"""``tailorline config``: the settings as they are, and the page about them."""

from __future__ import annotations

from typing import Annotated

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from streams.cli.catalogue import (
    Setting,
    catalogue,
    shown,
    sources,
    unknown_names,
    value_of,
)
from streams.cli.console import ERR, OUT
from streams.cli.worker import load_settings

app = typer.Typer(help="Show the settings, or document them.", no_args_is_help=True)


@app.command()
def show(*, json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show all settings with their values and where each comes from; secrets are hidden.

    Names that begin with TAILORLINE_ but are no setting are pointed out.

    Exit codes: 0 shown, 2 wrong settings (all that is wrong is said).
    """
    settings = load_settings()
    origin = sources()
    rows = [
        (setting.env, shown(value_of(settings, setting)), origin.get(setting.path, "default"))
        for setting in catalogue()
    ]
    if json:
        plain = [{"name": name, "value": value, "from": where} for name, value, where in rows]
        typer.echo(orjson.dumps(plain, option=orjson.OPT_INDENT_2))
    else:
        table = Table("setting", "value", "from", box=None, pad_edge=False)
        for name, value, where in rows:
            style = "" if where == "default" else "bold"
            table.add_row(name, escape(value), where, style=style)
        OUT.print(table, highlight=False)
    for name in unknown_names():
        ERR.print(f"{name} is no setting: it changes nothing.", style="yellow", highlight=False)


@app.command()
def docs() -> None:
    """Print the page about all settings (docs/settings.md) as Markdown.

    Exit code: 0.
    """
    typer.echo(page(), nl=False)


def page() -> str:
    """Return the page about all settings."""
    return _HEAD + "".join(_row(setting) for setting in catalogue())


def _row(setting: Setting) -> str:
    cells = (f"`{setting.env}`", setting.kind, _default(setting), setting.about)
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |\n"


def _default(setting: Setting) -> str:
    text = shown(setting.default)
    return f"`{text}`" if text else "(empty)"


_HEAD = """\
# Settings

Everything is set by environment variables, or in a file `.env` in the working directory; the environment wins.
`tailorline config show` prints what holds, and where it comes from. A section can also be given whole, as JSON:
`TAILORLINE_WEB='{"host": "0.0.0.0", "port": 8080}'`. Times are in seconds where the name ends in `_s`.

This page is made by `tailorline config docs`; a test refuses one that differs from the code.

| name | type | default | meaning |
|---|---|---|---|
"""

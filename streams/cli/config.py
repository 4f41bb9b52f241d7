"""``tailorline config``: the settings as they are, and the page about them."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from streams import rules_file
from streams.cli import line, offers
from streams.cli.catalogue import (
    Setting,
    catalogue,
    shown,
    sources,
    unknown_names,
    value_of,
)
from streams.cli.console import ERR, OUT, say
from streams.cli.documents import Wording, tried
from streams.cli.worker import load_settings, tried_settings

_WORDINGS: dict[str, Wording[Any]] = {"offers": offers.WORDING, "line": line.WORDING}
app = typer.Typer(help="Check or show the settings, or document them.", no_args_is_help=True)


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
        say(_no_setting(name), to=ERR, style="yellow")


@app.command()
def check(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", help="Offer rules or line rules to check too.", show_default=False
        ),
    ] = None,
    *,
    kind: Annotated[
        Literal["offers", "line"] | None,
        typer.Option(help="Which rules FILE has; without it, its keys say so.", show_default=False),
    ] = None,
) -> None:
    """Check all settings, and a file of offer rules or line rules if one is given; say all that is wrong.

    Checked is what would hold if a worker started here and now: the environment, and `.env` in the
    working directory. Names that begin with TAILORLINE_ but are no setting are pointed out and wrong
    nothing. Needs no broker and no store.

    Exit codes: 0 all is right, 1 the rules are wrong, 2 the settings are, or the file cannot be read.
    """
    settings, wrong = tried_settings()
    if settings is not None:
        try:
            settings.signing_key()
        except ValueError as error:
            wrong = [str(error)]
    for text in wrong:
        say(text, to=ERR, style="red")
    for name in unknown_names():
        say(_no_setting(name), to=ERR, style="yellow")
    if not wrong:
        say("The settings are right.")
    code = 2 if wrong else 0
    if file is not None:
        code = max(code, _check_rules(file, kind or rules_file.kind_of(file)))
    raise typer.Exit(code)


def _check_rules(file: Path, kind: Literal["offers", "line"]) -> int:
    """Check a file of rules; return the exit code."""
    wording: Wording[Any] = _WORDINGS[kind]
    found = tried(file, wording.document)
    if isinstance(found, int):
        return found
    say(f"{file} is right: {wording.summary(found)}")
    return 0


def _no_setting(name: str) -> str:
    near = get_close_matches(name, [setting.env for setting in catalogue()], 1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"{name} is no setting: it changes nothing.{hint}"


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

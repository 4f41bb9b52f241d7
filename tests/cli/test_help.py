"""Every command says how it is called."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from streams.cli.main import app

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"


def paths(command, path: tuple[str, ...] = ("tailorline",)) -> Iterator[tuple[str, ...]]:
    yield path
    for name, own in getattr(command, "commands", {}).items():
        yield from paths(own, (*path, name))


@pytest.mark.parametrize("path", list(paths(typer.main.get_command(app))), ids=" ".join)
def test_every_command_says_what_it_takes(run, path):
    result = run(*path[1:], "--help")
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"Usage: {' '.join(path)} " in result.stdout


@pytest.mark.parametrize("path", list(paths(typer.main.get_command(app)))[1:], ids=" ".join)
def test_every_command_is_in_the_page_about_commands(path):
    text = PAGE.read_text("utf-8")
    assert f"\n{' '.join(path)}" in text or f"\n| `{path[1]}` |" in text

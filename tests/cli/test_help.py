"""Every command says how it is called."""

from collections.abc import Iterator

import pytest
import typer.main

from streams.cli.main import app


def paths(command, path: tuple[str, ...] = ("tailorline",)) -> Iterator[tuple[str, ...]]:
    yield path
    for name, own in getattr(command, "commands", {}).items():
        yield from paths(own, (*path, name))


@pytest.mark.parametrize("path", list(paths(typer.main.get_command(app))), ids=" ".join)
def test_every_command_says_what_it_takes(run, path):
    result = run(*path[1:], "--help")
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"Usage: {' '.join(path)} " in result.stdout

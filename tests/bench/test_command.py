"""What the commands of all benchmarks share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from bench.cli import app

ROOT: Any = typer.main.get_command(app)


def commands(group: Any, names: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*names, name))
        elif any("--json" in param.opts for param in command.params):
            yield (*names, name)


WITH_JSON = list(commands(ROOT))


def test_there_are_commands_with_reports() -> None:
    assert len(WITH_JSON) > 15
    assert ("anomaly", "nab") in WITH_JSON


@pytest.mark.parametrize("names", WITH_JSON, ids="-".join)
def test_no_command_runs_whose_report_cannot_be_written(
    names: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = ROOT
    for name in names:
        command = command.commands[name]
    ran = []
    monkeypatch.setattr(command, "callback", lambda **said: ran.append(said["json"]))
    folder = [str(tmp_path)] if any(p.name == "folder" for p in command.params) else []

    def called(where: Path) -> object:
        return ROOT.main([*names, *folder, "--json", str(where)], standalone_mode=False)

    assert called(tmp_path) == 2
    assert ran == []
    assert capsys.readouterr().err.startswith(f"--json {tmp_path} is a folder: ")
    called(tmp_path / "report.json")
    assert ran == [tmp_path / "report.json"]

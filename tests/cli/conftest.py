"""Commands run in this process, against an embedded broker and store; a group and prefix per test."""

import uuid
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from click.testing import Result
from pydantic import SecretStr
from typer.main import get_command
from typer.testing import CliRunner

from streams.cli.console import ERR, OUT
from streams.cli.main import app
from streams.driver import Driver
from streams.runtime.embedded import EmbeddedBroker
from streams.settings import Settings, SnapshotSettings, StoreSettings
from streams.store.embedded import EmbeddedValkey
from tests.cli.installation import KEY, Installation


@pytest.fixture(scope="module")
def broker() -> EmbeddedBroker:
    return EmbeddedBroker()


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    with EmbeddedValkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


_built = cache(get_command)


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of whoever runs the tests, and no line broken at the terminal's width."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(OUT, "_width", 400)
    monkeypatch.setattr(ERR, "_width", 400)
    # Help and errors as text: PY_COLORS, even of 0, has typer write codes for colours.
    monkeypatch.setattr("typer.rich_utils.FORCE_TERMINAL", False)
    # Typer looks at every argument of every command again for each call.
    monkeypatch.setattr("typer.testing._get_command", _built)


@pytest.fixture
def run() -> Callable[..., Result]:
    def call(*arguments: str, **env: str) -> Result:
        result = CliRunner().invoke(app, list(arguments), env=env)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    return call


@pytest.fixture
def installed(broker: EmbeddedBroker, valkey: EmbeddedValkey) -> Installation:
    return Installation(broker, valkey.url, f"t{uuid.uuid4().hex[:12]}")


@pytest.fixture
def worker(installed: Installation) -> Iterator[Driver]:
    """A worker's own code, without Kafka, on the store that the commands look into."""
    settings = Settings(
        _env_file=None,
        snapshots=SnapshotSettings(key=SecretStr(KEY), every_s=1e9),
        store=StoreSettings(batch_s=3_600.0),
    )
    with Driver(settings, partitions=4, store=installed.store()) as own:
        yield own


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less for what will never answer."""
    monkeypatch.setattr("streams.cli.opened._TIMEOUT_S", 0.3)
    monkeypatch.setattr("streams.cli.opened._RETRY_S", 0.3)
    monkeypatch.setattr("streams.runtime.admin._ANSWER_S", 0.5)

from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from pydantic import SecretStr

from streams.driver import Driver
from streams.settings import Settings, SnapshotSettings, StoreSettings


@pytest.fixture
def settings() -> Settings:
    return Settings(
        _env_file=None, snapshots=SnapshotSettings(key=SecretStr("test"), every_s=1e9),
        store=StoreSettings(batch_s=3_600.0),  # no clock decides how a batch is cut
    )  # fmt: skip


@pytest.fixture
def driver(settings: Settings) -> Iterator[Driver]:
    with Driver(settings, partitions=2) as own:
        yield own


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What host and runners log, of every level."""
    capture = structlog.testing.LogCapture()
    log = structlog.wrap_logger(
        structlog.PrintLogger(), [capture], structlog.make_filtering_bound_logger(0)
    )
    monkeypatch.setattr("streams.host.log", log)
    monkeypatch.setattr("streams.runner.log", log)
    return capture.entries

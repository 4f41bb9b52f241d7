from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from streams.driver import Driver
from streams.settings import Settings, SnapshotSettings


@pytest.fixture
def settings() -> Settings:
    return Settings(_env_file=None, snapshots=SnapshotSettings(key=SecretStr("test"), every_s=1e9))


@pytest.fixture
def driver(settings: Settings) -> Iterator[Driver]:
    with Driver(settings, partitions=2) as own:
        yield own

"""The store contract runs against every implementation; Redis' on the embedded Valkey."""

import uuid
from collections.abc import AsyncIterator, Iterator

import pytest
from pydantic import SecretStr

from streams.settings import StoreSettings
from streams.store.embedded import EmbeddedValkey
from streams.store.memory import MemoryStore
from streams.store.protocol import Store
from streams.store.redis import RedisStore


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    server = EmbeddedValkey(tmp_path_factory.mktemp("valkey"))
    with server:
        yield server


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
        return
    valkey: EmbeddedValkey = request.getfixturevalue("valkey")
    # A prefix of its own per test: as good as an empty server, and faster.
    settings = StoreSettings(
        url=SecretStr(valkey.url), prefix=f"t{uuid.uuid4().hex[:12]}", retry_s=2.0
    )
    redis_store = RedisStore(settings)
    yield redis_store
    await redis_store.close()

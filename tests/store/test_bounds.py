"""The table of key families against a server: every key is of one, and the bytes are those stated."""

import asyncio
import uuid
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from models.line.document import LineChoice, LineRules, MachineChoice, SensorChoice, SpecChoice
from streams.documents import LINE, apply
from streams.driver import Driver
from streams.settings import StoreSettings
from streams.store.bounds import FAMILIES, Load, family_of
from streams.store.dlq_marks import RedisMarks
from streams.store.embedded import EmbeddedValkey
from streams.store.measure import SAMPLES, measure_at
from streams.store.redis import RedisStore
from streams.store.usage import Usage, usage
from streams.topology import ShardId
from tests.streams.forgetful import CAP, SETTINGS, stream

LOAD = Load(partitions=2)
SPECIFIED = MachineChoice(sensors={"t": SensorChoice(spec=SpecChoice(upper=30.0))})
LINES = {"l1": LineChoice(machines={f"machine-{n}": SPECIFIED for n in range(9 * CAP)})}


@pytest.fixture
def prefix() -> str:
    return f"t{uuid.uuid4().hex[:12]}"


@pytest.fixture
def driver(valkey: EmbeddedValkey, prefix: str) -> Iterator[Driver]:
    own = StoreSettings(url=SecretStr(valkey.url), prefix=prefix, retry_s=2.0, keep_history=True)
    with Driver(SETTINGS, partitions=2, store=RedisStore(own)) as driver:
        yield driver


async def operate(store: RedisStore, prefix: str) -> None:
    """What is not done by events: topics noted, an event kept from its step, a letter handled."""
    await store.layout({"partitions:orders": "2", "id:orders": "abc"})
    epoch = (await store.claim(ShardId("floor", 0))).epoch
    await store.quarantine(ShardId("floor", 0), epoch, "sensors", 10**9, "overran")
    marks = RedisMarks(store.client, prefix, 2.0)
    await marks.discard([str(uuid.uuid4())], "a test", 60)


def test_every_key_is_of_one_family_and_every_family_within_its_bound(
    driver: Driver, prefix: str
) -> None:
    driver._loop.run(apply(driver.store, LINE, LineRules(lines=LINES)))
    driver.merge()
    for number in range(4):
        driver.pipe_all(stream(2 * CAP, number * 2 * CAP))
        driver.merge()
        driver.snapshot()
    driver.pipe_all(stream(5, 8 * CAP))
    store = driver.store
    assert isinstance(store, RedisStore)
    driver._loop.run(operate(store, prefix))

    async def keys() -> list[str]:
        return [key.decode() async for key in store.client.scan_iter(f"{prefix}:*", 1000)]

    for key in driver._loop.run(keys()):
        families = family_of(key.removeprefix(f"{prefix}:"))
        assert len(families) == 1, f"{key}: {[family.key for family in families]}"
        kind = driver._loop.run(store.client.type(key)).decode()
        assert kind == families[0].kind, key
    found, strangers = driver._loop.run(usage(store, prefix))
    assert strangers == []
    unused = {key for key, own in found.items() if not own.keys}
    # What the driver's outputs wait for is confirmed at once.
    assert unused <= {"{shard}:outbox"}
    for family in FAMILIES:
        most = family.units(SETTINGS, LOAD)
        assert most is None or found[family.key].units <= most, family.key
        assert found[family.key].size > 0 or family.key in unused


def test_the_bytes_of_a_unit_are_as_stated(
    valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Still hash tables: a server packs hashes of up to 512 fields.
    monkeypatch.setattr("streams.store.measure.UNITS", 600)
    assert SAMPLES.keys() == {family.key for family in FAMILIES}
    measured = asyncio.run(measure_at(valkey.url))
    for family in FAMILIES:
        assert 1 / 1.5 < family.unit_bytes / measured[family.key] < 1.5, family.key


def test_what_is_weighed_stands_for_what_is_not() -> None:
    assert Usage(keys=100, weighed=10, weighed_bytes=500).size == 5000
    assert Usage().size == 0


async def test_a_key_of_no_family_is_told_and_others_prefixes_are_not(
    valkey: EmbeddedValkey, prefix: str
) -> None:
    store = RedisStore(StoreSettings(url=SecretStr(valkey.url), prefix=prefix, retry_s=2.0))
    await store.client.set(f"{prefix}:{{shop-1}}:count:unheard", b"x")
    await store.client.set(f"{prefix}x:layout", b"x")
    _, strangers = await usage(store, prefix)
    assert strangers == [f"{prefix}:{{shop-1}}:count:unheard"]
    await store.close()

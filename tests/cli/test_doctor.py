"""``tailorline doctor``."""

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from schemas.export import documents
from schemas.topics import INPUTS
from streams.doctor.events import clock_finding, newest_findings, partitioner_findings
from streams.doctor.facts import Position, Sample
from streams.doctor.finding import Finding, worst
from streams.doctor.installation import schema_findings
from streams.doctor.offsets import offset_findings, shard_findings
from streams.doctor.server import server_findings
from streams.routing import murmur2
from streams.settings import Settings, StoreSettings
from streams.store.protocol import Entry, ServerFacts, ShardFacts
from streams.topology import ShardId
from tests.cli.installation import SHOP, fill

KEYS = [b"c1", b"c2", b"c3", b"c4", b"c5", b"c6"]


@pytest.fixture
def findings(run, installed):
    """Run the doctor; return its exit code and what it found, by subject."""

    def call(**env: str) -> tuple[int, dict[str, list[dict[str, str]]]]:
        result = run("doctor", "--json", **(installed.env | env))
        found: dict[str, list[dict[str, str]]] = {}
        for finding in json.loads(result.stdout):
            found.setdefault(finding["subject"], []).append(finding)
        return result.exit_code, found

    return call


def only_bad(found):
    return {s: e["level"] for s, each in found.items() for e in each if e["level"] != "ok"}


def test_a_fresh_installation_is_all_right(run, installed, findings):
    code, found = findings()
    assert (code, only_bad(found)) == (0, {})
    assert found["store"][0]["text"].startswith("Valkey 9")
    assert found["store persistence"][0]["text"] == "appendonly, appendfsync everysec"
    assert "embedded" in found["broker"][0]["text"]
    assert {f"offsets of {t.name}" for t in INPUTS} <= found.keys()
    text = run("doctor", **installed.env).stdout
    assert {line.split()[0] for line in text.splitlines()} == {"ok"}


def test_a_running_installation_is_all_right(installed, findings):
    for topic in ("clickstream", "orders", "catalogue"):
        own = [key for key in KEYS if murmur2(key) % 4 == SHOP.number]
        installed.produce(topic, SHOP.number, own * 3)
        installed.commit(topic, SHOP.number, 2)

    async def all_shards(store):
        await fill(store, SHOP, 2)
        for number in (0, 2, 3):
            await store.claim(ShardId("shop", number))

    installed.in_store(all_shards)
    code, found = findings()
    assert (code, only_bad(found)) == (0, {})
    assert found["offsets of orders"][0]["text"].startswith("2 applied, ")
    assert found["snapshots"][0]["text"].startswith("1 can be read, with river ")
    assert "where murmur2 puts them" in found["keys of orders"][0]["text"]


def test_an_emptied_store_is_wrong_unless_that_was_decided(installed, findings):
    installed.commit("orders", 2, 5)
    installed.commit("orders", 3, 5)
    code, found = findings()
    assert (code, only_bad(found)) == (1, {"offsets of orders": "wrong"})
    assert "partition 2, 3: the store is empty" in found["offsets of orders"][0]["text"]
    assert "ON_LOSS" in found["offsets of orders"][0]["remedy"]
    code, found = findings(TAILORLINE_STORE__ON_LOSS="replay")
    assert (code, only_bad(found)) == (0, {"offsets of orders": "warn"})


def test_snapshots_of_another_key_are_wrong(installed, findings):
    installed.in_store(lambda store: fill(store, upto=0))
    code, found = findings(TAILORLINE_SNAPSHOTS__KEY="another")
    assert code == 1
    assert "shop-1: The snapshot's signature is wrong" in found["snapshots"][0]["text"]


def test_a_missing_key_is_wrong_also_when_the_store_is_away(findings, impatient):
    code, found = findings(
        TAILORLINE_SNAPSHOTS__KEY="", TAILORLINE_STORE__URL="redis://127.0.0.1:1"
    )
    assert code == 1
    assert found["snapshot key"][0]["level"] == "wrong"
    assert "openssl rand" in found["snapshot key"][0]["text"]


def test_slips_of_the_pen_are_pointed_out(findings):
    code, found = findings(TAILORLINE_STROE__URL="x")
    assert code == 0
    assert "TAILORLINE_STROE__URL is no setting" in found["settings"][0]["text"]


@pytest.fixture
def mute() -> Iterator[str]:
    """An address that takes connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(50)
        yield f"127.0.0.1:{listening.getsockname()[1]}"


def test_servers_that_never_answer_do_not_hold_it_up(mute, findings, impatient):
    started = time.monotonic()
    code, found = findings(
        TAILORLINE_KAFKA__BOOTSTRAP_SERVERS=mute,
        TAILORLINE_STORE__URL=f"redis://me:secret@{mute}/0",
    )
    assert time.monotonic() - started < 5
    assert code == 1
    assert only_bad(found) == {"broker": "wrong", "store": "wrong"}
    assert mute in found["broker"][0]["text"]
    assert f"redis://***@{mute}/0" in found["store"][0]["text"]
    assert "secret" not in str(found)


GOOD = ServerFacts("Redis", "7.2.4", "noeviction", 0, True, "everysec", "", True, "", 0.0, 0.001)


@pytest.mark.parametrize(
    ("changes", "level", "subject", "text"),
    [
        ({"version": "6.2.1"}, "wrong", "store", "Redis 6.2.1 is too old"),
        ({"version": "10.0"}, "ok", "store", "Redis 10.0"),
        ({"name": "Valkey", "version": "7.9"}, "wrong", "store", "too old"),
        ({"name": "Valkey", "version": "8.0"}, "ok", "store", "Valkey 8.0"),
        ({"policy": "allkeys-lru"}, "wrong", "store memory", "counts would vanish"),
        ({"policy": ""}, "warn", "store memory", "not told"),
        ({"memory_limit": 10**9}, "ok", "store memory", "1,000,000,000 bytes"),
        ({"aof": False}, "wrong", "store persistence", "loses all state"),
        ({"aof": False, "save": "60 1"}, "warn", "store persistence", "save 60 1"),
        ({"fsync": "no"}, "warn", "store persistence", "appendfsync no"),
        ({"fsync": ""}, "ok", "store persistence", "not told"),
        ({"aof_good": False}, "wrong", "store persistence", "failed"),
        ({"msgpack": "NOPERM"}, "wrong", "store scripts", "NOPERM"),
        ({"ahead_s": -9.0}, "warn", "store clock", "9.0 s behind"),
    ],
)
def test_what_the_server_says_is_judged(changes, level, subject, text):
    assert {each.level for each in server_findings(GOOD)} == {"ok"}
    found = {each.subject: each for each in server_findings(replace(GOOD, **changes))}
    assert found[subject].level == level
    assert text in found[subject].text
    assert bool(found[subject].remedy) == (level != "ok")
    assert {each.level for name, each in found.items() if name != subject} == {"ok"}


@pytest.mark.parametrize(
    ("limit", "bound", "level"),
    [(0, 9e9, "ok"), (10**10, 9e9, "ok"), (8 * 10**9, 9e9, "warn"), (8 * 10**9, 0, "ok")],
)
def test_memory_that_the_caps_may_outgrow_is_told(limit, bound, level):
    found = {e.subject: e for e in server_findings(replace(GOOD, memory_limit=limit), bound)}
    assert found["store memory"].level == level
    if level == "warn":
        assert "8.0 GB" in found["store memory"].text
        assert "9.0 GB" in found["store memory"].text


@pytest.mark.parametrize(
    ("ahead", "uncertain", "level"),
    [(1.9, 0, "ok"), (2.1, 0, "warn"), (-2.1, 0, "warn"), (2.1, 0.2, "ok"), (60, 1, "warn")],
)
def test_a_clock_is_not_blamed_for_a_slow_answer(ahead, uncertain, level):
    assert clock_finding("clock", ahead, uncertain).level == level


def shard(mark: int | None, restart: int | None = None) -> dict[ShardId, ShardFacts]:
    journal = () if restart is None else (Entry("orders", restart, mark or 0),)
    marks = {} if mark is None else {"orders": mark}
    return {ShardId("shop", 0): ShardFacts(1, marks, journal, 0, 9)}


@pytest.mark.parametrize(
    ("at", "shards", "level", "text"),
    [
        (Position(0, 10, 7), shard(7), "ok", "7 applied, 3 to come"),
        (Position(0, 10, 5), shard(7), "ok", "7 applied, 3 to come"),
        (Position(0, 7, 7), shard(7), "ok", "7 applied, 0 to come"),
        (Position(0, 10), {}, "ok", "0 applied, 10 to come"),
        (Position(4, 10, 0), {}, "ok", "0 applied, 6 to come"),
        (Position(0, 10, 8), shard(7), "warn", "store is behind"),
        (Position(0, 10, 7), {}, "wrong", "store is empty"),
        (Position(0, 10, 7), shard(None), "wrong", "store is empty"),
        (Position(0, 6, 6), shard(7), "wrong", "ahead of the topic's end"),
        (Position(7, 10, 7), shard(7), "ok", "7 applied, 3 to come"),
        (Position(8, 10, 7), shard(7), "wrong", "retention overtook"),
        (Position(6, 10, 7), shard(7, 5), "wrong", "retention overtook"),
        (Position(5, 10, 7), shard(7, 5), "ok", "7 applied, 3 to come"),
    ],
)
def test_store_group_and_topic_are_held_against_each_other(at, shards, level, text):
    found = offset_findings({("orders", 0): at}, shards, Settings())
    assert [(each.level, each.subject) for each in found] == [(level, "offsets of orders")]
    assert text in found[0].text


def test_a_decided_loss_is_only_a_warning():
    settings = Settings(store=StoreSettings(on_loss="skip"))
    assert offset_findings({("orders", 0): Position(0, 9, 9)}, {}, settings)[0].level == "warn"


@pytest.mark.parametrize(
    ("numbers", "level"), [((), "ok"), ((0, 1), "ok"), ((0,), "warn"), ((0, 1, 2), "wrong")]
)
def test_there_is_a_shard_for_each_partition(numbers, level):
    shards = {ShardId("floor", number): ShardFacts(1, {}, (), 0, 0) for number in numbers}
    found = {each.subject: each for each in shard_findings(shards, {"sensors": 2})}
    assert found["shards of floor"].level == level


def test_a_journal_that_only_grows_is_pointed_out():
    facts = ShardFacts(1, {}, (Entry("@tick", 1, 0),) * 10_001, 0, 0)
    bad = [e for e in shard_findings({SHOP: facts}, {}) if e.level != "ok"]
    assert [(e.level, e.subject) for e in bad] == [("warn", "shard shop-1")]
    assert "10,001 lines" in bad[0].text


@pytest.mark.parametrize(
    ("text", "expected"),
    # The vectors of Kafka's own UtilsTest, without the sign.
    [
        ("21", -973932308), ("foobar", -790332482), ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829), ("abc", 479470107),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
    ],
)  # fmt: skip
def test_murmur2_is_javas(text, expected):
    assert murmur2(text.encode()) == expected & 0x7FFFFFFF


def test_keys_in_wrong_partitions_are_found():
    right = tuple((murmur2(key) % 4, key) for key in KEYS)
    wrong = ((murmur2(b"c1") + 1) % 4, b"c1")
    samples = {
        "clickstream": Sample(right),
        "orders": Sample((*right, wrong)),
        "sensors": Sample((*right, (0, None))),
    }
    levels = {e.subject: e for e in partitioner_findings(samples, dict.fromkeys(samples, 4))}
    assert [e.level for e in levels.values()] == ["ok", "wrong", "wrong"]
    assert "1 of the newest 7" in levels["keys of orders"].text
    assert "murmur2_random" in levels["keys of orders"].remedy
    assert "by line/machine" in levels["keys of sensors"].remedy


def test_events_of_the_future_are_found():
    samples = {"orders": Sample((), 1010.0), "sensors": Sample((), 1001.0)}
    found = newest_findings(samples, 1000.0)
    assert [(e.level, e.subject) for e in found] == [("warn", "times of orders")]
    assert "10.0 s in the future" in found[0].text
    assert newest_findings({"orders": Sample(())}, 1000.0) == []


def test_schemas_that_differ_from_the_code_are_found():
    running = documents()
    assert schema_findings(running, running)[0].level == "ok"
    found = schema_findings(running, running | {"asyncapi.json": b"{}"})
    assert found[0].level == "wrong"
    assert found[0].text.endswith(": asyncapi.json")
    assert schema_findings(running, {})[0].level == "wrong"


def test_the_worst_level_counts():
    levels = [Finding("ok", "", ""), Finding("warn", "", ""), Finding("wrong", "", "")]
    assert [worst(levels[:n]) for n in range(4)] == ["ok", "ok", "warn", "wrong"]

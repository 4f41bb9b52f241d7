"""Publishing to librdkafka's mock broker: the real protocol, in memory."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import typer
from confluent_kafka import Consumer, Message, Producer, TopicPartition
from typer.testing import CliRunner

from schemas.decoding import DECODERS, Reject
from streams.cli import replay as command
from streams.replay.pacing import Pacing
from streams.replay.run import Limits, replay
from streams.runtime.publisher import GroupProgress, Publisher, PublishError
from tests.replay.samples import views, write


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    """Return the address of a mock broker that lives as long as the module's tests."""
    cluster = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "mock"})
    (found,) = cluster.list_topics(timeout=5).brokers.values()
    yield f"{found.host}:{found.port}"
    del cluster


def config(broker: str) -> dict[str, str | int | float | bool]:
    """Return a client's settings, without its complaints when the broker ends before it."""
    return {"bootstrap.servers": broker, "log_level": 0}


def read(broker: str, topic: str, count: int, group: str = "reader") -> list[Message]:
    """Read a topic from its beginning and commit."""
    reader = Consumer({**config(broker), "group.id": group})
    try:
        reader.assign([TopicPartition(topic, number, 0) for number in range(4)])
        found: list[Message] = []
        until = time.monotonic() + 5
        while len(found) < count and time.monotonic() < until:
            messages = reader.consume(count - len(found), timeout=0.2)
            found += [message for message in messages if message.error() is None]
        reader.commit(asynchronous=False)
        return found
    finally:
        reader.close()


def test_events_arrive_with_key_and_value(broker: str) -> None:
    publisher = Publisher(config(broker))
    publisher.connect()
    records = [r for c in "abcdefgh" for r in views(1.0, 2.0, customer=c)]
    report = replay(records, publisher, Pacing(), print)
    assert report.published == publisher.deliveries == {"clickstream": 16}
    assert not publisher.errors
    assert publisher.unsent_bytes == 0
    arrived = [(m.key(), m.value()) for m in read(broker, "clickstream", 16)]
    expected = [(record.key, msgspec.json.encode(record.event)) for record in records]
    assert Counter(arrived) == Counter(expected)
    assert not any(isinstance(DECODERS["clickstream"](value), Reject) for _, value in arrived)
    sizes = sum(size for _, size in publisher.delivered.values())
    assert sizes == sum(len(key) + len(value) for key, value in expected)

    progress = GroupProgress(config(broker), "reader")
    committed = progress.committed(publisher.delivered)
    progress.close()
    assert committed == {part: last + 1 for part, (last, _) in publisher.delivered.items()}


def test_keys_go_where_java_would_send_them(broker: str) -> None:
    publisher = Publisher({**config(broker), "partitioner": "consistent_random"})
    keys = [f"customer-{number}".encode() for number in range(20)]
    for key in keys:
        publisher.publish("placed", key, key)
    publisher.flush(5)
    arrived = {
        (message.key(), message.partition()) for message in read(broker, "placed", len(keys))
    }
    assert arrived == {(key, murmur2(key) % 4) for key in keys}


def murmur2(data: bytes) -> int:
    """Return the positive murmur2 of Kafka's Java client, out of its source."""
    m, mask = 0x5BD1E995, 0xFFFFFFFF
    h = 0x9747B28C ^ len(data)
    whole = len(data) // 4 * 4
    for start in range(0, whole, 4):
        k = int.from_bytes(data[start : start + 4], "little") * m & mask
        h = (h * m & mask) ^ ((k ^ k >> 24) * m & mask)
    if data[whole:]:
        h = (h ^ int.from_bytes(data[whole:], "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return (h ^ h >> 15) & 0x7FFFFFFF


def test_a_full_local_queue_waits_and_loses_nothing(broker: str) -> None:
    publisher = Publisher({**config(broker), "queue.buffering.max.messages": 5})
    for _ in range(200):
        publisher.publish("full", b"k", b"v")
    publisher.flush(5)
    assert publisher.deliveries["full"] == 200


def test_an_event_that_fails_is_an_error_with_its_topic(broker: str) -> None:
    publisher = Publisher({**config(broker), "message.max.bytes": 1500})
    with pytest.raises(PublishError, match="too large") as caught:
        publisher.publish("big", b"k", b"v" * 2000)
    assert caught.value.topic == "big"
    lost = Publisher({"bootstrap.servers": "127.0.0.1:1", "message.timeout.ms": 50, "log_level": 0})
    lost.publish("clickstream", b"k", b"v")
    with pytest.raises(PublishError, match="clickstream") as caught:
        lost.flush(5)
    assert (caught.value.topic, lost.errors["clickstream"]) == ("clickstream", 1)
    with pytest.raises(PublishError, match="no broker answers"):
        lost.connect(0.1)


def test_a_group_that_never_read_holds_the_replay_up(broker: str) -> None:
    progress = GroupProgress(config(broker), "nobody")
    with pytest.raises(RuntimeError, match="is a worker running"):
        replay(
            views(*range(200)),
            Publisher(config(broker)),
            Pacing(),
            print,
            follow=progress,
            limits=Limits(4000, 0.2),
        )
    progress.close()


def test_the_command_publishes_counts_and_tells(
    broker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TAILORLINE_KAFKA__BOOTSTRAP_SERVERS", broker)
    app = typer.Typer()
    app.callback()(lambda: None)
    command.register(app)
    run = CliRunner().invoke
    path = write(tmp_path / "a.csv", "timestamp,value", "2014-07-01,1", "2014-07-02,x")
    done = run(app, ["replay", str(path), "--format", "nab"])
    assert done.exit_code == 0, done.output
    assert "published to sensors" in done.output
    assert "not_a_number" in done.output
    assert len(read(broker, "sensors", 1)) == 1
    assert (tmp_path / "a.csv.rejects.jsonl").read_text().count("\n") == 1

    for wrong in (["--speed", "0"], ["--times", "then"], ["--topic", "orders"], ["--limit", "0"]):
        assert run(app, ["replay", str(path), "-f", "nab", *wrong]).exit_code == 2
    assert run(app, ["replay", str(path), "-f", "sessions"]).exit_code == 2
    monkeypatch.setattr(command, "Publisher", Refusing)
    refused = run(app, ["replay", str(path), "-f", "nab"])
    assert refused.exit_code == 1
    assert "sensors[2]: not allowed" in refused.output


class Refusing(Publisher):
    """A publisher whose first event fails."""

    def publish(self, topic: str, key: bytes, value: bytes) -> None:
        raise PublishError("sensors[2]: not allowed", topic, 2)

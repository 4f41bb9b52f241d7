"""``tailorline dlq`` on the embedded broker and store. The topic is shared by the tests of this file,
so each looks at the letters with its own key only."""

import json
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from typer.testing import CliRunner

from schemas.deadletters import DeadLetter
from schemas.topics import DEAD_LETTERS, INPUTS
from streams.cli.main import app
from streams.dlq.marks import DEFAULT_RETENTION_S, SEGMENT_S
from streams.routing import partition_of
from streams.runtime import deadletters
from streams.runtime.embedded import PARTITIONS
from streams.store.dlq_marks import RedisMarks
from tests.cli.installation import Installation

ANY_BYTES = b" \n" + bytes(range(256)) * 3 + b"\n"
GOOD = b'{"type":"view","sku":"tie"}'


@dataclass
class Office:
    """An installation, and the means to put dead letters on its topic and see what comes back."""

    installed: Installation
    call: Callable

    @property
    def key(self) -> str:
        return self.installed.name

    @cached_property
    def producer(self) -> Producer:
        return Producer(self.installed.broker.client_config())

    def put(
        self, value: bytes = GOOD, *, at: float = 0.0, copies: int = 1, key: bytes | None = b"",
        more: tuple = (), **changes: object,
    ) -> str:  # fmt: skip
        told = {
            "id": str(uuid.uuid4()), "reason": "invalid", "message": "Expected `str`",
            "where": "$.sku", "topic": "clickstream", "partition": 3, "offset": 1200,
            "size": len(value),
        }  # fmt: skip
        letter = DeadLetter(**told | changes)
        for _ in range(copies):
            self.producer.produce(
                DEAD_LETTERS.name, value, key=self.key.encode() if key == b"" else key,
                headers=[*letter.headers(), *more], timestamp=int(at * 1000),
            )  # fmt: skip
        assert self.producer.flush(10) == 0
        return letter.id

    def dlq(self, *arguments: str, code: int = 0):
        result = self.call("dlq", *arguments, **self.installed.env)
        assert result.exit_code == code, result.output
        return result

    def own(self, *arguments: str) -> list[str]:
        return [*arguments, "--key", self.key]

    def listed(self, *arguments: str) -> dict:
        return json.loads(self.dlq(*self.own("list", "--json"), *arguments).stdout)

    def ids(self, *arguments: str) -> set[str]:
        return {row["id"] for row in self.listed(*arguments)["letters"]}

    def state(self, name: str) -> dict:
        return next(row for row in self.listed("--all")["letters"] if row["id"] == name)

    def arrived(self, *names: str) -> list:
        """All messages on the input topics that say they are replays of these letters."""
        config = {"group.id": "looks", "enable.partition.eof": True, "enable.auto.commit": False}
        consumer = Consumer(self.installed.broker.client_config() | config)
        left = {(topic.name, number) for topic in INPUTS for number in range(PARTITIONS)}
        consumer.assign([TopicPartition(topic, number, 0) for topic, number in sorted(left)])
        found, until = [], time.monotonic() + 20
        while left:
            assert time.monotonic() < until
            for message in consumer.consume(100, 0.2):
                if message.error() is not None:
                    assert message.error().code() == KafkaError._PARTITION_EOF
                    left.discard((message.topic(), message.partition()))
                elif replay_of(message) in names:
                    found.append(message)
        consumer.close()
        return found

    def with_marks(self, work):
        async def call(store):
            return await work(RedisMarks(store.client, self.installed.name, 2.0))

        return self.installed.in_store(call)

    def keys(self) -> dict[str, int]:
        """The keys of all marks, and how many seconds each has to live."""

        async def call(store):
            names = [name async for name in store.client.scan_iter(f"{self.key}:*")]
            return {name.decode(): await store.client.ttl(name) for name in names}

        return self.installed.in_store(call)


def replay_of(message) -> str:
    return dict(message.headers() or ()).get("tailorline.replay_of", b"").decode()


@pytest.fixture
def office(run, installed) -> Office:
    return Office(installed, run)


# -- list -----------------------------------------------------------------------------------------


def test_list_shows_each_letter_once_and_totals(office):
    first = office.put(at=1_767_605_400.0, copies=3)
    office.put(b"\xff", reason="not_utf8", topic="orders", message="bad byte", where="$")
    text = office.dlq(*office.own("list")).stdout
    lines = [line.split() for line in text.splitlines()]
    assert lines[1][:6] == [
        first, "2026-01-05T09:30:00Z", "clickstream[3]@1200", "invalid", str(len(GOOD)), "Expected",
    ]  # fmt: skip
    assert len(lines) == 7
    assert "2 dead letters\n" in text
    assert "by topic:  clickstream 1, orders 1" in text
    assert "by reason: invalid 1, not_utf8 1" in text
    assert office.listed()["repeats"] == 2


def test_limit_cuts_the_rows_to_the_newest_and_not_the_totals(office):
    ids = [office.put(at=1_767_605_400.0 + n) for n in range(5)]
    found = office.listed("--limit", "2")
    assert [row["id"] for row in found["letters"]] == ids[3:]
    assert (found["matched"], found["by_topic"]) == (5, {"clickstream": 5})
    text = office.dlq(*office.own("list", "--limit", "2")).stdout
    assert "5 dead letters, shown are the newest 2" in text


@pytest.mark.parametrize(
    ("options", "changes"),
    [
        (["--topic", "sensors"], {"topic": "sensors"}),
        (["--partition", "0"], {"partition": 0}),
        (["--reason", "step_failed"], {"reason": "step_failed"}),
        (["--contains", "ring-oak"], {"value": b'{"sku":"ring-oak"}'}),
        (["--contains", "Größe"], {"value": b'{"sku":"Gr\\u00f6\\u00dfe"}'}),
        (["--since", "2026-01-05T10:00Z"], {"at": 1_767_607_200.0}),
        (["--until", "2026-01-04"], {"at": 1_767_400_000.0}),
    ],
)  # fmt: skip
def test_filters_choose(office, options, changes):
    other, meant = office.put(at=1_767_607_199.0), office.put(**{"at": 1_767_607_199.0} | changes)
    assert office.ids() == {other, meant}
    assert office.ids(*options) == {meant}


def test_times_ago_and_the_key(office):
    old, new = office.put(at=time.time() - 3 * 3600), office.put(at=time.time() - 60)
    keyless = office.put(key=None, message=office.key)
    assert office.ids("--since", "2h") == {new}
    assert office.ids("--until", "2h") == {old}
    found = json.loads(office.dlq("list", "--key", "", "--json").stdout)["letters"]
    assert keyless in {row["id"] for row in found}
    assert not {old, new} & {row["id"] for row in found}


def test_what_is_no_dead_letter_is_left_out_and_said(office):
    producer = Producer(office.installed.broker.client_config())
    producer.produce(DEAD_LETTERS.name, b"x", key=office.key)
    producer.produce(DEAD_LETTERS.name, None, key=office.key, headers={"tailorline.id": b"\xff"})
    producer.flush(10)
    assert office.ids() == set()
    result = office.dlq(*office.own("list"))
    assert "No dead letter matches" in result.stdout
    assert "messages without the headers of a dead letter" in result.stdout


def test_looking_commits_nothing(office):
    office.put()
    office.dlq("list")
    consumer = office.installed.consumer()
    asked = [TopicPartition(DEAD_LETTERS.name, number) for number in range(PARTITIONS)]
    assert {each.offset for each in consumer.committed(asked, 5)} == {-1001}
    consumer.close()


# -- show -----------------------------------------------------------------------------------------


def test_show_tells_all_of_one(office):
    name = office.put(b'{"sku":"","x":[1]}', more=(("trace", b"a\x1b[31m"),))
    text = office.dlq("show", name).stdout
    for told in (name, "clickstream[3]@1200", office.key, "$.sku", "open", "Expected `str`",
                 "tailorline.truncated", '"sku": ""', "value (18 bytes)"):  # fmt: skip
        assert told in text
    assert "\x1b" not in text
    assert "a\\x1b[31m" in text


def test_show_raw_gives_the_bytes_and_nothing_else(office):
    name = office.put(ANY_BYTES)
    assert office.dlq("show", name, "--raw").stdout_bytes == ANY_BYTES
    text = office.dlq("show", name).stdout
    assert "00000010  0e 0f 10 11" in text
    assert "................" in text


def test_show_of_what_is_not_there(office):
    assert "no dead letter nobody" in office.dlq("show", "nobody", code=1).stderr


# -- replay ---------------------------------------------------------------------------------------


def test_replay_brings_the_bytes_back_to_their_topic_once(office):
    name = office.put(ANY_BYTES, topic="orders", reason="step_failed", copies=2)
    other = office.put()
    result = office.dlq("replay", name, "--yes")
    assert "Sent 1 events again, confirmed by Kafka: orders 1" in result.stdout
    (message,) = office.arrived(name, other)
    assert (message.topic(), message.value()) == ("orders", ANY_BYTES)
    assert message.key() == office.key.encode()
    assert message.partition() == partition_of(message.key(), PARTITIONS)
    assert message.headers() == [
        ("tailorline.replay_of", name.encode()), ("tailorline.replays", b"1"),
    ]  # fmt: skip
    assert (office.state(name)["state"], office.state(other)["state"]) == ("replayed", "open")
    again = office.dlq(*office.own("replay", "--yes", "--reason", "step_failed"))
    assert "nothing to replay" in again.stdout
    assert "handled before: replayed 1" in again.stdout
    assert len(office.arrived(name)) == 1


def test_again_counts(office):
    name = office.put(more=(("tailorline.replays", b"4"),), key=None)
    for _ in range(2):
        office.dlq("replay", name, "--yes", "--again")
    found = office.arrived(name)
    counts = sorted(dict(message.headers())["tailorline.replays"] for message in found)
    assert (counts, {message.key() for message in found}) == ([b"5", b"6"], {None})
    assert "replayed 6 times" in office.dlq("show", name).stdout


def test_what_was_replayed_is_hidden_and_that_is_said(office):
    done, left = office.put(), office.put()
    office.dlq("replay", done, "--yes")
    assert office.ids() == {left}
    assert (
        "Hidden, for they were handled: replayed 1. --all" in office.dlq(*office.own("list")).stdout
    )
    assert office.ids("--all") == {done, left}
    shown = office.dlq(*office.own("list", "--all")).stdout
    assert "replayed" in next(line for line in shown.splitlines() if line.startswith(done))


def test_what_cannot_be_sent_is_refused_one_by_one_and_the_rest_is_sent(office):
    cut = office.put(truncated=True, size=20_000_000)
    elsewhere = office.put(topic="offers")
    good = office.put()
    result = office.dlq(*office.own("replay", "--yes"), code=1)
    assert f"{cut} refused: its value was cut (20,000,000 bytes came in)" in result.stderr
    assert f"{elsewhere} refused: it names 'offers' as its source" in result.stderr
    assert [replay_of(message) for message in office.arrived(cut, elsewhere, good)] == [good]
    assert f"{cut} refused" in office.dlq("replay", cut, "--yes", code=1).stderr
    assert "nobody refused: there is none" in office.dlq("replay", "nobody", "--yes", code=1).stderr


def test_many_at_once_in_the_order_of_their_key(office):
    ids = [office.put(str(n).encode()) for n in range(450)]
    office.dlq(*office.own("replay", "--yes"))
    assert [message.value() for message in office.arrived(*ids)] == [
        str(n).encode() for n in range(450)
    ]


def test_two_operators_at_once_send_each_letter_once(office):
    ids = [office.put(str(n).encode()) for n in range(300)]
    command = [sys.executable, "-m", "streams.cli.main", *office.own("dlq", "replay", "--yes")]
    environment = os.environ | office.installed.env | {"PYTHONPATH": os.pathsep.join(sys.path)}
    both = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    for each in both:
        each.communicate(timeout=60)
    assert sorted(replay_of(message) for message in office.arrived(*ids)) == sorted(ids)
    assert office.ids() == set()


def test_what_another_claimed_is_left_alone_until_the_claim_is_void(office, monkeypatch):
    held, name = office.put(), office.put()
    office.with_marks(lambda marks: marks.claim([held], "somebody", again=False))
    assert office.state(held)["state"] == "being replayed"
    result = office.dlq("replay", held, "--yes", code=1)
    assert "1 left alone: another replay has claimed them" in result.stderr
    assert not office.arrived(held)
    monkeypatch.setattr("streams.store.dlq_marks.CLAIM_S", 1)
    office.with_marks(lambda marks: marks.claim([name], "somebody", again=False))
    until = time.monotonic() + 20
    while office.call("dlq", "replay", name, "--yes", **office.installed.env).exit_code:
        assert time.monotonic() < until
        assert not office.arrived(name)
    assert len(office.arrived(name)) == 1


def test_what_kafka_refuses_is_not_marked_and_may_be_tried_at_once(office, monkeypatch):
    name, small = office.put(b"x" * 5000), office.put()
    with monkeypatch.context() as patch:
        patch.setattr(deadletters, "MAX_MESSAGE_BYTES", 2000)
        result = office.dlq(*office.own("replay", "--yes"), code=1)
    assert f"{name} not sent: " in result.stderr
    assert "Sent 1 events" in result.stdout
    assert office.ids() == {name}
    office.dlq("replay", name, "--yes")
    assert len(office.arrived(name, small)) == 2


def test_what_is_claimed_too_long_ago_is_not_sent_and_free_again(office, monkeypatch):
    name = office.put()
    with monkeypatch.context() as patch:
        patch.setattr("streams.dlq.sending.CLAIM_S", 0)
        result = office.dlq("replay", name, "--yes", code=1)
    assert f"{name} not sent: it took too long" in result.stderr
    assert not office.arrived(name)
    office.dlq("replay", name, "--yes")
    assert len(office.arrived(name)) == 1


def test_what_kafka_has_is_marked_though_the_operator_interrupts(office, monkeypatch):
    name = office.put()
    settle = deadletters.Resender.settle

    def interrupted(self):
        settle(self)
        raise KeyboardInterrupt

    monkeypatch.setattr(deadletters.Resender, "settle", interrupted)
    result = office.dlq("replay", name, "--yes", code=130)
    assert "Sent 1 events" in result.stdout
    assert "Interrupted" in result.stderr
    assert office.state(name)["state"] == "replayed"


# -- discard --------------------------------------------------------------------------------------


def test_discarded_letters_are_hidden_and_stay_in_kafka(office):
    gone, left = office.put(truncated=True), office.put()
    result = office.dlq("discard", gone, "--because", "a test of [b]ours", "--yes")
    assert "Discarded 1 dead letters. Nothing is deleted from Kafka" in result.stdout
    assert office.ids() == {left}
    assert office.state(gone)["because"] == "a test of [b]ours"
    shown = office.dlq("show", gone).stdout
    assert "discarded 20" in shown
    assert "a test of [b]ours" in shown
    office.dlq(*office.own("replay", "--yes"))
    assert not office.arrived(gone)
    result = office.dlq(*office.own("discard", "--because", "x", "--yes"))
    assert "handled before: discarded 1, replayed 1" in result.stdout
    assert office.state(left)["state"] == "replayed"


def test_what_is_being_replayed_is_not_discarded(office):
    name = office.put()
    office.with_marks(lambda marks: marks.claim([name], "somebody", again=False))
    office.dlq("discard", name, "--because", "x", "--yes", code=1)
    assert office.state(name)["state"] == "being replayed"


def test_marks_go_when_their_letters_do(office):
    done, gone, claimed = office.put(), office.put(), office.put()
    office.dlq("replay", done, "--yes")
    office.dlq("discard", gone, "--because", "x", "--yes")
    office.with_marks(lambda marks: marks.claim([claimed], "somebody", again=False))
    kept, keys = DEFAULT_RETENTION_S + SEGMENT_S, office.keys()
    assert set(keys) == {f"{office.key}:dlq:{name}" for name in (done, gone, claimed)}
    assert kept - 60 < keys[f"{office.key}:dlq:{done}"] <= kept
    assert kept - 60 < keys[f"{office.key}:dlq:{gone}"] <= kept
    assert 0 < keys[f"{office.key}:dlq:{claimed}"] <= 300


# -- care -----------------------------------------------------------------------------------------

CHANGES = pytest.mark.parametrize(
    "command", [["replay"], ["discard", "--because", "x"]], ids=["replay", "discard"]
)


@CHANGES
def test_all_of_them_must_be_said(office, command):
    name = office.put()
    assert "say --everything" in office.dlq(*command, "--yes", code=2).stderr
    assert office.state(name)["state"] == "open"
    office.call("dlq", *command, "--yes", "--everything", **office.installed.env)
    assert office.state(name)["state"] == f"{command[0]}ed"


@CHANGES
def test_without_a_terminal_yes_must_be_said(office, command):
    name = office.put()
    assert "no terminal to ask at: say --yes" in office.dlq(*command, name, code=2).stderr
    assert office.state(name)["state"] == "open"


@CHANGES
def test_at_a_terminal_it_asks(office, command, monkeypatch):
    name = office.put()
    monkeypatch.setattr("streams.cli.choosing.at_terminal", lambda: True)
    for answer, code, state in [("n", 1, "open"), ("", 1, "open"), ("y", 0, f"{command[0]}ed")]:
        result = CliRunner().invoke(
            app, ["dlq", *command, name], input=answer, env=office.installed.env
        )
        assert result.exit_code == code, result.output
        assert f"About to {command[0]} 1 dead letters" in result.output
        assert "by reason: invalid 1" in result.output
        assert office.state(name)["state"] == state


@CHANGES
def test_a_dry_run_does_nothing(office, command):
    name, cut = office.put(), office.put(truncated=True)
    code = 1 if command == ["replay"] else 0
    result = office.dlq(*office.own(*command, "--dry-run"), code=code)
    assert f"Would {command[0]} " in result.stdout
    assert name in result.stdout
    assert (f"{cut} refused" in result.stderr) == bool(code)
    assert office.keys() == {}
    assert not office.arrived(name, cut)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["list", "--reason", "bad"], "none of empty"),
        (["list", "--topic", "offers"], "events come from clickstream"),
        (["list", "--since", "yesterday"], "is no time"),
        (["replay", "--contains", "", "--yes"], "empty text"),
        (["discard", "x", "--yes"], "--because"),
        (["discard", "x", "--yes", "--because", " "], "1 to 200"),
        (["discard", "x", "--yes", "--because", "x" * 201], "1 to 200"),
    ],
)  # fmt: skip
def test_wrong_calls(office, arguments, told):
    # Colours would come between the letters; which environment has them is not our business here.
    plain = re.sub(r"\x1b\[[0-9;]*m", "", office.dlq(*arguments, code=2).stderr)
    assert told in plain


@pytest.mark.parametrize("command", [["list"], ["show", "x"], ["replay", "x", "--yes"]])
def test_who_does_not_answer_is_said(office, command, impatient, monkeypatch):
    monkeypatch.setattr(deadletters, "_ANSWER_S", 0.5)
    office.put()
    env = office.installed.env | {"TAILORLINE_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    result = office.call("dlq", *command, **env)
    assert (result.exit_code, "No answer from the broker at 127.0.0.1:1" in result.stderr) == (
        1,
        True,
    )
    env = office.installed.env | {"TAILORLINE_STORE__URL": "redis://127.0.0.1:1/0"}
    result = office.call("dlq", "list", **env)
    assert (result.exit_code, "Redis: " in result.stderr) == (1, True)


def test_times_are_in_utc(office):
    office.put(at=datetime(2026, 7, 1, 12, tzinfo=UTC).timestamp())
    assert office.listed()["letters"][0]["at"] == "2026-07-01T12:00:00Z"

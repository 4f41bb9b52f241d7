"""``tailorline alarms``: what is listed, and which event each command publishes where."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
import pytest
from click.testing import Result
from confluent_kafka import TopicPartition

from models.effects import Effects
from models.line.annunciator import STANDING
from schemas.commands import (
    Acknowledge,
    CallNormal,
    Command,
    PutIntoService,
    Shelve,
    TakeOutOfService,
    Unshelve,
)
from schemas.decoding import DECODERS
from schemas.outputs import Alert
from schemas.sensors import Measurement
from schemas.topics import COMMANDS
from streams.cli.console import OUT
from streams.driver import Driver
from streams.routing import partition_of
from streams.store.protocol import Work
from streams.store.redis import RedisStore
from streams.topology import ShardId
from tests.cli.installation import Installation

NOW = datetime.now(UTC)
PARTITIONS = 4
REST = "-53c3-5c39-8f0e-0d6f2a1d7c11"


def alert(name: str, text: str = "is off its normal level", **more: Any) -> Alert:
    """An alert as a worker keeps it; ``name`` is how its id begins."""
    at = NOW - timedelta(seconds=more.pop("ago", 0))
    fields: dict[str, Any] = {
        "alert_id": f"of-{name}", "alarm_id": name + REST, "occurrence": 1, "state": "active",
        "occurred_at": at, "since": at, "line": "l1", "machine": "m1", "sensor": "t",
        "condition": "deviation", "priority": "medium", "value": 30.0, "unit": "Cel",
        "expected": 20.0, "z": 7.0, "limit": 5.0, **more,
    }  # fmt: skip
    place = "/".join(fields[part] for part in ("line", "machine", "sensor") if fields[part])
    return Alert(text=f"{place} {text}", **fields)


SEEN = alert("aaaa0001", state="acknowledged", priority="high", ago=8)
OLD = alert("aaaa0002", ago=100, machine="m2")
URGENT = alert("bbbb0003", ago=10, priority="high", sensor="p")
OVER = alert("bbbb0004", ago=400_000, state="returned", priority="high", line="l2")
WHOLE = alert("cccc0005", ago=5000, priority="low", sensor=None, condition="multivariate")
FLOOD = alert("dddd0006", ago=700, line="l2", machine=None, sensor=None, condition="flood")
SHELVED = alert("eeee0007", state="shelved")
SUPPRESSED = alert("eeee0008", state="suppressed")
AWAY = alert("eeee0009", state="out_of_service", line="l2")
ALL = (SEEN, OLD, URGENT, OVER, WHOLE, FLOOD, SHELVED, SUPPRESSED, AWAY)


async def keep(store: RedisStore, *rows: tuple[str, bytes]) -> None:
    """Keep rows in the floor's shards as workers do, spread over two of them."""
    for number in range(2):
        shard = ShardId("floor", number)
        claim = await store.claim(shard)
        effects = Effects(PARTITIONS)
        for name, row in rows[number::2]:
            effects.put(STANDING, name, row)
        assert (
            await store.apply(shard, claim.epoch, Work(claim.seq + 1, {}, [], effects, []))
        ).status == "applied"


class Sent(NamedTuple):
    """A command as it lies in Kafka."""

    partition: int
    key: bytes
    event: Command


@pytest.fixture
def sent(installed: Installation) -> Iterator[Callable[[], list[Sent]]]:
    """Return what was published on the topic `commands` since it was asked last."""
    consumer = installed.consumer(**{"enable.auto.commit": False, "fetch.wait.max.ms": 10})
    numbers = range(PARTITIONS)

    def ends() -> list[int]:
        where = [TopicPartition(COMMANDS.name, number) for number in numbers]
        return [consumer.get_watermark_offsets(each, timeout=10)[1] for each in where]

    seen = ends()

    def read() -> list[Sent]:
        nonlocal seen
        before, seen = seen, ends()
        left = sum(seen) - sum(before)
        consumer.assign([TopicPartition(COMMANDS.name, n, before[n]) for n in numbers])
        found = []
        for _ in range(left):
            message = consumer.poll(10)
            assert message is not None
            assert message.error() is None
            event = DECODERS[COMMANDS.name](message.value())
            assert isinstance(event, Command), event
            found.append(Sent(message.partition(), message.key(), event))
        consumer.unassign()
        return found

    yield read
    consumer.close()


@pytest.fixture
def listed(run, installed: Installation) -> Callable[..., list[str]]:
    """Return how the ids of the alarms listed begin, in their order."""

    def call(*arguments: str) -> list[str]:
        result = run("alarms", "list", "--json", *arguments, **installed.env)
        assert (result.exit_code, result.stderr) == (0, "")
        return [each["alarm_id"][:8] for each in json.loads(result.stdout)]

    return call


def kept(installed: Installation, *alerts: Alert) -> None:
    rows = [(own.alarm_id, msgspec.json.encode(own)) for own in alerts]
    installed.in_store(lambda store: keep(store, *rows))


# -- list -----------------------------------------------------------------------------------------


def test_what_calls_comes_first_and_of_that_what_is_urgent_and_old(installed, listed):
    kept(installed, *ALL)
    own = ["bbbb0003", "dddd0006", "aaaa0002", "cccc0005", "bbbb0004", "aaaa0001"]
    assert listed() == own
    everything = listed("--all")
    assert everything[:6] == own
    assert sorted(everything[6:]) == ["eeee0007", "eeee0008", "eeee0009"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (("--line", "l2"), ["dddd0006", "bbbb0004"]),
        (("--line", "l2", "--all"), ["dddd0006", "bbbb0004", "eeee0009"]),
        (("--machine", "m2"), ["aaaa0002"]),
        (("--line", "l2", "--machine", "m2"), []),
        (("--line", "L1"), []),
    ],
)
def test_only_alarms_of_a_line_or_a_machine(installed, listed, filters, found):
    kept(installed, *ALL)
    assert listed(*filters) == found


def test_json_has_all_that_the_alert_had(run, installed):
    kept(installed, SHELVED, URGENT)
    result = run("alarms", "list", "--json", "--all", **installed.env)
    assert msgspec.json.decode(result.stdout, type=list[Alert]) == [URGENT, SHELVED]


def test_a_terminal_of_80_columns_shows_whole_places_and_ids(
    run, installed, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(OUT, "_width", 80)
    sensor = "bearing-temperature-of-the-north-spindle"
    kept(installed, OVER, SHELVED, alert("ffff0001", sensor=sensor, machine="[red]"), AWAY)
    result = run("alarms", "list", "--all", **installed.env)
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["id", "priority", "state", "for", "alarm"]
    assert max(map(len, lines)) <= 80
    heads = [line.split("  ")[0] for line in lines if line[:1].isalnum()]
    assert heads[1:-1] == ["ffff0001", "bbbb0004", "eeee0007", "eeee0009"]
    assert "out of service" in result.stdout
    column = lines[0].index("alarm")
    told = "".join(line[column:].strip() for line in lines[1:-1])
    assert f"l1/[red]/{sensor}" in told.replace(" ", "")
    assert "…" not in result.stdout
    assert lines[-1] == "4 alarms."


@pytest.mark.parametrize(
    ("ago", "told"),
    [(5, "0m 5s"), (65, "1m 5s"), (3600, "1h 0m"), (90_000, "1d 1h"), (-30, "0m 0s")],
)
def test_how_long_an_alarm_stands_is_said_in_two_units(
    run, installed, monkeypatch: pytest.MonkeyPatch, ago, told
):
    monkeypatch.setattr("streams.cli.alarms.time.time", NOW.timestamp)
    kept(installed, alert("aaaa0001", ago=ago))
    assert told in run("alarms", "list", **installed.env).stdout


def test_what_is_kept_quiet_is_counted(run, installed):
    kept(installed, SHELVED)
    result = run("alarms", "list", **installed.env)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "0 alarms; 1 more suppressed, shelved or out of service (--all).\n"
    kept(installed, SHELVED, URGENT)
    assert "1 alarm; 1 more suppressed" in run("alarms", "list", **installed.env).stdout


def test_no_alarms_and_no_worker_are_two_things(run, installed):
    result = run("alarms", "list", **installed.env)
    assert (result.exit_code, result.stdout) == (0, "0 alarms.\n")
    assert result.stderr.startswith("No worker has used this store yet.")
    kept(installed)
    result = run("alarms", "list", **installed.env)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "0 alarms.\n", "")


def test_an_alarm_of_a_form_that_is_not_known_is_said(run, installed):
    kept(installed, URGENT)

    installed.in_store(lambda store: keep(store, ("x", b'{"type":"alert","condition":"vibes"}')))
    for command in (("list",), ("ack", "bbbb0003")):
        result = run("alarms", *command, **installed.env)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith("An alarm of shard floor-0 cannot be read (")
        assert "a worker of another version wrote it" in result.stderr


# -- what is sent ---------------------------------------------------------------------------------

WHY = ("--reason", "being cleaned")
CALLS: list[tuple[tuple[str, ...], type[Command], dict[str, Any], str]] = [
    (("ack",), Acknowledge, {"reason": None}, "acknowledge"),
    (("shelve", *WHY), Shelve, {"reason": "being cleaned", "for_s": 3600.0}, "shelve for 1:00:00"),
    (
        ("shelve", *WHY, "--for", "7d"),
        Shelve,
        {"reason": "being cleaned", "for_s": 604_800.0},
        "shelve for 7 days, 0:00:00",
    ),
    (("unshelve", *WHY), Unshelve, {"reason": "being cleaned"}, "unshelve"),
    (("out-of-service", *WHY), TakeOutOfService, {"reason": "being cleaned"}, "out of service"),
    (("in-service", *WHY), PutIntoService, {"reason": "being cleaned"}, "in service"),
    (("new-normal", *WHY), CallNormal, {"reason": "being cleaned"}, "new normal"),
]


def test_each_command_is_published_as_workers_read_it(run, installed, sent):
    kept(installed, URGENT)
    before = datetime.now(UTC)
    for call, _, _, said in CALLS:
        result = run("alarms", *call, "bbbb0003", "--by", "kim", **installed.env)
        assert result.exit_code == 0
        assert result.stdout == f"{said}: l1/m1/p ({URGENT.alarm_id}), by kim.\n"
        assert result.stderr == "Workers carry it out and tell of it in the topic alerts.\n"
    for (_, kind, more, _), (partition, key, event) in zip(CALLS, sent(), strict=True):
        assert (partition, key) == (partition_of(b"l1/m1", PARTITIONS), b"l1/m1")
        assert event == kind(
            event_id=event.event_id, occurred_at=event.occurred_at, line="l1", machine="m1",
            sensor="p", alarm_id=URGENT.alarm_id, by="kim", **more,
        )  # fmt: skip
        assert before <= event.occurred_at <= datetime.now(UTC)


def test_several_are_sent_each_to_its_shard(run, installed, sent):
    kept(installed, *ALL)
    result = run(
        "alarms", "ack", "bbbb0003", "aaaa0002", "cccc", "l9/m9/x", "l3/m3", "--by", "kim", "--force",
        **installed.env,
    )  # fmt: skip
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"acknowledge: l1/m1/p ({URGENT.alarm_id}), by kim.",
        f"acknowledge: l1/m2/t ({OLD.alarm_id}), by kim.",
        f"acknowledge: l1/m1 ({WHOLE.alarm_id}), by kim.",
        "acknowledge: l9/m9/x, by kim.",
        "acknowledge: l3/m3, by kim.",
    ]
    found = sent()
    meant = {
        (each.key, each.event.sensor, each.event.alarm_id): each.event.event_id for each in found
    }
    assert meant.keys() == {
        (b"l1/m1", "p", URGENT.alarm_id), (b"l1/m2", "t", OLD.alarm_id),
        (b"l1/m1", None, WHOLE.alarm_id), (b"l9/m9", "x", None), (b"l3/m3", None, None),
    }  # fmt: skip
    assert len(set(meant.values())) == 5
    assert all(each.partition == partition_of(each.key, PARTITIONS) for each in found)
    assert len({each.partition for each in found}) > 1


def test_who_says_so_is_who_is_logged_in(run, installed, sent, monkeypatch: pytest.MonkeyPatch):
    kept(installed, URGENT)
    monkeypatch.setattr(getpass, "getuser", lambda: "robin")
    assert ", by robin." in run("alarms", "ack", "l1/m1", **installed.env).stdout
    assert [each.event.by for each in sent()] == ["robin"]


def test_nobody_knows_who_says_so(run, installed, sent, monkeypatch: pytest.MonkeyPatch):
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 10001")

    kept(installed, URGENT)
    monkeypatch.setattr(getpass, "getuser", nobody)
    result = run("alarms", "ack", "l1/m1", **installed.env)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "Nobody knows who you are here: say it with --by NAME.\n"
    assert run("alarms", "ack", "l1/m1", "--by", "kim", **installed.env).exit_code == 0
    assert [each.event.by for each in sent()] == ["kim"]


def test_of_those_that_cannot_be_meant_each_is_said_and_nothing_is_sent(run, installed, sent):
    kept(installed, *ALL)
    short = "is too short for an alarm id: give 4 characters of it, or more."
    no_place = "is no place: say line/machine or line/machine/sensor."
    told = {
        "bbbb": "bbbb may be 2 alarms: give more of the id.",
        "abc": f"'abc' {short}",
        "ffff0000": "No alarm ffff0000 stands: see `tailorline alarms list --all`.",
        f"0003{REST}": f"No alarm 0003{REST} stands: see `tailorline alarms list --all`.",
        "dddd": "dddd is the alarm of a whole line: it is over by itself.",
        "l1/": f"'l1/' {no_place}",
        "/m1/t": f"'/m1/t' {no_place}",
        "l1/m1/t/x": f"'l1/m1/t/x' {no_place}",
        "": f"'' {short}",
    }
    result = run("alarms", "ack", "aaaa0001", *told, "l1/m1", **installed.env)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [*told.values(), "Nothing was sent."]
    assert sent() == []


def test_a_time_that_is_none_to_shelve_for_is_a_wrong_call(run, installed, sent):
    for text in ("", "1", "h", "0s", "0.5s", "8d", "169h", "1h30m", "-1h", "1w"):
        result = run("alarms", "shelve", "l1/m1", f"--for={text}", *WHY, **installed.env)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == (
            f"{text!r} is no time to shelve for: say 90s, 30m, 8h or 2d, a week at most.\n"
        )
    assert sent() == []


def test_what_no_worker_would_read_is_not_sent(run, installed, sent):
    for call, field in (
        (("out-of-service", "l1/m1", "--reason", ""), "reason"),
        (("ack", "l1/m1", "--reason", "x" * 201), "reason"),
        (("ack", "l1/m1", "--by", "x" * 65), "by"),
        (("ack", f"l1/{'m' * 65}"), "machine"),
        (("ack", f"l1/m1/{'t' * 65}"), "sensor"),
    ):
        force = ["--force"] if call[0] == "ack" else []
        result = run("alarms", *call, "l2/m2", *force, **installed.env)
        assert (result.exit_code, result.stdout) == (2, "")
        assert f"`$.{field}`. Nothing was sent." in result.stderr
    assert sent() == []


def test_what_keeps_alarms_quiet_needs_a_reason(run, installed, sent):
    for command in ("shelve", "out-of-service", "new-normal"):
        result = run("alarms", command, "l1/m1", **installed.env)
        assert (result.exit_code, "--reason" in result.stderr) == (2, True)
    assert sent() == []


def test_a_broker_that_does_not_answer_is_a_failure(
    run, installed, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("streams.cli.alarms._ANSWER_S", 0.3)
    env = installed.env | {"TAILORLINE_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    result = run("alarms", "ack", "l1/m1", "--force", **env)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Kafka has not taken all commands: no broker answers: ")
    assert result.stderr.endswith("See `tailorline doctor`.\n")


@pytest.mark.parametrize("command", [("list",), ("ack", "aaaa0001"), ("ack", "l1/m1")])
def test_a_store_that_does_not_answer_is_a_failure(run, impatient, installed, command):
    env = installed.env | {"TAILORLINE_STORE__URL": "redis://127.0.0.1:1/0"}
    result = run("alarms", *command, **env)
    assert (result.exit_code, "tailorline doctor" in result.stderr) == (1, True)


def test_a_place_where_nothing_need_stand_needs_no_store(run, installed, sent):
    env = installed.env | {"TAILORLINE_STORE__URL": "redis://127.0.0.1:1/0"}
    for call in (
        ("ack", "--force"),
        ("shelve", *WHY),
        ("out-of-service", *WHY),
        ("new-normal", *WHY),
        ("unshelve",),
        ("in-service",),
    ):
        result = run("alarms", *call, "l1/m1", **env)
        assert result.exit_code == 0
        assert "A place that they do not know is a dead letter" in result.stderr
    assert len(sent()) == 6, "what nobody was told of may be shelved or out of service, too"


def test_a_place_where_nothing_stands_is_not_acknowledged_and_those_that_may_be_meant_are_said(
    run, installed, sent
):
    kept(installed, *ALL)
    result = run(
        "alarms", "ack", "aaaa0001", "l1/m1", "l1/m1/t", "l1/m11/t", "l2/m2", "x/y", "ffff0000",
        **installed.env,
    )  # fmt: skip
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        "No alarm ffff0000 stands: see `tailorline alarms list --all`.",
        "No alarm of l1/m11/t stands; did you mean l1/m1/t or l2/m1/t or l1/m2/t?",
        "No alarm of l2/m2 stands; did you mean l2/m1 or l1/m2 or l2/m1/t?",
        "No alarm of x/y stands: see `tailorline alarms list --all`.",
        "It may have come a moment ago: --force sends the command nevertheless.",
        "Nothing was sent.",
    ]
    assert sent() == []
    forced = run("alarms", "ack", "l1/m11/t", "--force", "--by", "kim", **installed.env)
    assert forced.exit_code == 0
    assert [each.key for each in sent()] == [b"l1/m11"]


def test_a_place_where_an_alarm_stands_is_sent_whatever_it_is_kept_back_for(run, installed, sent):
    kept(installed, SUPPRESSED, AWAY, WHOLE, FLOOD)
    result = run("alarms", "ack", "l1/m1/t", "l1/m1", "l2/m1", "--by", "kim", **installed.env)
    assert result.exit_code == 0
    assert result.stderr == "Workers carry it out and tell of it in the topic alerts.\n"
    assert len(sent()) == 3


def test_wrong_settings_are_a_wrong_call(run, installed, sent):
    for command in (("list",), ("ack", "l1/m1"), ("shelve", "l1/m1", *WHY)):
        result = run("alarms", *command, **installed.env, TAILORLINE_TICK_S="-1")
        assert (result.exit_code, "TAILORLINE_TICK_S" in result.stderr) == (2, True)
    assert sent() == []


# -- end to end -----------------------------------------------------------------------------------


def measure(worker: Driver, second: int, value: float) -> None:
    sample = Measurement(
        event_id=f"s{second}", occurred_at=NOW + timedelta(seconds=second), line="l1",
        machine="m1", sensor="t", value=value, unit="Cel",
    )  # fmt: skip
    worker.pipe("sensors", sample)


def test_from_a_limit_in_a_file_to_an_alarm_that_was_seen_to_and_is_over(
    run, installed, sent, listed, worker, tmp_path
):
    def call(*arguments: str) -> Result:
        result = run(*arguments, **installed.env)
        assert result.exit_code == 0, result.stderr
        return result

    def carried_out() -> list[Alert]:
        """Let the worker read what the command published; return what it tells."""
        for _, key, event in sent():
            worker.pipe("commands", event, key=key)
        return [msgspec.json.decode(each.value, type=Alert) for each in worker.read("alerts")]

    (tmp_path / "line.yaml").write_text(
        # Commands have the time of now, however long after the samples that is.
        "alarms: {limits: {on_delay_s: 0, off_delay_s: 0, acknowledge: true}, stale: {enabled: false}}\n"
        "lines: {l1: {machines: {m1: {sensors: {t: {limits: {high: 30}}}}}}}\n"
    )
    call("line", "apply", "line.yaml")
    worker.merge()
    measure(worker, 0, 20.0)
    assert listed() == []
    measure(worker, 1, 31.0)
    (name,) = listed()
    (raised,) = carried_out()
    assert (raised.state, raised.condition, raised.alarm_id[:8]) == ("active", "high", name)
    assert "l1/m1/t is above its high limit (31 Cel, limit 30)" in call("alarms", "list").stdout

    call("alarms", "shelve", name, "--reason", "being cleaned", "--by", "kim", "--for", "30m")
    (told,) = carried_out()
    assert (told.state, told.by, told.reason) == ("shelved", "kim", "being cleaned")
    assert (listed(), listed("--all")) == ([], [name])
    call("alarms", "unshelve", "l1/m1/t", "--by", "kim")
    assert [each.state for each in carried_out()] == ["active"]
    call("alarms", "ack", name, "--by", "robin")
    (told,) = carried_out()
    assert (told.state, told.by) == ("acknowledged", "robin")
    assert "acknowledged" in call("alarms", "list").stdout

    call("line", "clear", "--yes")
    worker.merge()
    measure(worker, 2, 31.0)
    assert [each.state for each in carried_out()] == ["cleared"]
    assert listed("--all") == []

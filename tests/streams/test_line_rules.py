"""Line rules and commands reach the floor at a known place of its journal, and a replay goes by both."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from bench.fingerprint import fingerprint
from models.campaigns.document import Limits, OfferRules
from models.effects import Effects, Origin
from models.floor import FloorShard
from models.line.document import (
    NO_LINE_RULES,
    AlarmChoice,
    LineChoice,
    LineRules,
    MachineChoice,
    SensorChoice,
    decode,
)
from models.view import LINE_RULES, OPERATORS_PART
from schemas.commands import Acknowledge, CallNormal, Command, Shelve, TakeOutOfService
from schemas.deadletters import DeadLetter
from schemas.outputs import Alert
from streams.documents import LINE, OFFERS, applied, apply
from streams.driver import Boundary, Driver
from streams.standing import standing
from streams.store.memory import MemoryStore
from streams.store.protocol import VIEW_ENTRY, Entry, StoreError
from streams.topology import ShardId
from tests.streams.events import START, moment, order, sample, view

FLOORS = [ShardId("floor", 0), ShardId("floor", 1)]
MACHINES = ("m1", "m2")  # one of either shard
BOUNDARIES: list[Boundary] = ["before_apply", "after_apply", "after_send"]
AT_ONCE = AlarmChoice(on_delay_s=0.0, off_delay_s=0.0, acknowledge=True)


def limited(**limits: float) -> LineRules:
    """Rules that limit the sensor of either machine, and let its alarms come and go at once."""
    machine = MachineChoice(sensors={"t": SensorChoice(limits=limits, deadband=0.5)})
    return LineRules(
        alarms={"limits": AT_ONCE},
        lines={"l1": LineChoice(machines=dict.fromkeys(MACHINES, machine))},
    )


HOT, COLD = limited(high=30.0), limited(low=15.0)


@pytest.fixture
def decided(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, LineRules]]:
    """Every event that a floor shard accepted, with the rules that it went by."""
    found: list[tuple[str, LineRules]] = []
    accept = FloorShard.accept

    def noting(shard: FloorShard, event: Any, origin: Origin, effects: Effects) -> Any:
        found.append((event.event_id, shard.rules))
        return accept(shard, event, origin, effects)

    monkeypatch.setattr(FloorShard, "accept", noting)
    return found


def put(driver: Driver, rules: LineRules | None) -> None:
    """Apply rules as an operator does, and let the worker's timer come round."""
    driver._loop.run(apply(driver.store, LINE, rules))
    driver.merge()


def rules_of(driver: Driver) -> list[LineRules]:
    return [driver.state(shard).rules for shard in FLOORS]


def run_line(driver: Driver, first: int, *values: float) -> None:
    """Have either machine's sensor say values, one a second."""
    for second, value in enumerate(values, first):
        for machine in MACHINES:
            driver.pipe("sensors", sample(second, value, machine=machine))


def say(driver: Driver, kind: type[Command], second: float, **more: Any) -> None:
    """Publish a command as an operator's does."""
    fields = {"line": "l1", "machine": "m1", "by": "kim", "event_id": f"c{second}", **more}
    event = kind(occurred_at=moment(second), **fields)
    driver.pipe("commands", event, at=START + second)


def journal(driver: Driver, shard: ShardId) -> tuple[Entry, ...]:
    return driver._loop.run(driver.store.describe(shard)).journal


def views_in(driver: Driver, shard: ShardId) -> list[tuple[int, ...]]:
    return [entry.versions for entry in journal(driver, shard) if entry.kind == VIEW_ENTRY]


def alerts(driver: Driver) -> list[Alert]:
    return [msgspec.json.decode(each.value, type=Alert) for each in driver.read("alerts")]


def told(driver: Driver) -> list[tuple[str | None, str, str]]:
    return [(own.machine, own.condition, own.state) for own in alerts(driver)]


def stands(driver: Driver) -> dict[str, str]:
    """The alarms in the store, as the commands read them."""
    return {own.alarm_id: own.state for own in driver._loop.run(standing(driver.store))}


def state_of(driver: Driver) -> dict[str, Any]:
    # What is worked out of the rules is no part of it.
    cores = {str(shard): fingerprint(driver.state(shard).__getstate__()) for shard in FLOORS}
    return cores | {"stands": stands(driver), "tally": driver.tally()}


def outputs(driver: Driver) -> dict[str, bytes]:
    """All alerts by id; repeats must be the same to the byte."""
    found: dict[str, bytes] = {}
    for record in driver.log.outputs:
        if record.topic == "alerts":
            own = msgspec.json.decode(record.value, type=Alert)
            assert found.setdefault(own.alert_id, record.value) == record.value
    return found


# -- rules ----------------------------------------------------------------------------------------


def test_applied_rules_are_in_every_floor_shard_and_limits_raise_alarms() -> None:
    with Driver(partitions=2) as driver:
        run_line(driver, 0, 20.0, 31.0)
        assert told(driver) == []
        put(driver, HOT)
        run_line(driver, 10, 31.0)
        assert rules_of(driver) == [HOT, HOT]
        assert told(driver) == [(machine, "high", "active") for machine in MACHINES]
        assert [len(views_in(driver, shard)) for shard in FLOORS] == [1, 1]


def test_what_changes_nothing_for_the_floor_leaves_nothing_in_its_journal() -> None:
    with Driver(partitions=2) as driver:
        put(driver, HOT)
        run_line(driver, 0, 20.0)
        before = {shard: views_in(driver, shard) for shard in FLOORS}
        assert [len(own) for own in before.values()] == [1, 1]
        versions = driver.host.views.latest.versions
        for turn in range(1, 4):
            for n in range(8):
                driver.pipe("clickstream", view(8 * turn + n, f"s{n % 3}", customer="ab"[n % 2]))
                driver.pipe("orders", order(8 * turn + n, "s1", "s2", customer="ab"[n % 2]))
            rules = OfferRules(limits=Limits(daily_cap=turn))
            driver._loop.run(apply(driver.store, OFFERS, rules))
            driver._loop.run(apply(driver.store, LINE, HOT))  # the same again, as a new version
            decode.cache_clear()  # that they are the same object is luck
            driver.merge()
            run_line(driver, turn * 10, 20.0)
        newest = driver.host.views.latest.versions
        assert sum(newest) >= sum(versions) + 6  # of offer rules, and of line rules, three each
        assert {shard: views_in(driver, shard) for shard in FLOORS} == before
        shops = [shard for shard in driver.host.runners if shard.flow == "shop"]
        assert all(len(views_in(driver, shard)) >= 3 for shard in shops)  # it is not that none came
        state = state_of(driver)
        driver.crash()
        assert state_of(driver) == state


@pytest.mark.parametrize("snapshot_after", [None, 0, 1, 2])
def test_a_replay_goes_by_the_rules_of_then(
    decided: list[tuple[str, LineRules]], snapshot_after: int | None
) -> None:
    with Driver(partitions=2) as driver:
        for stage, rules in enumerate((None, HOT, COLD)):
            if rules is not None:
                put(driver, rules)
            run_line(driver, stage * 10, 20.0, 31.0, 20.0, 14.0, 31.0)
            if stage == snapshot_after:
                driver.snapshot()
                decided.clear()
        first, sent = sorted(decided, key=lambda one: one[0]), outputs(driver)
        assert rules_of(driver) == [COLD, COLD]
        state = state_of(driver)
        put(driver, None)  # and one that no event was decided by
        decided.clear()
        driver.crash()
        assert sorted(decided, key=lambda one: one[0]) == first
        assert state_of(driver) == state
        assert outputs(driver) == sent
        if snapshot_after is None:
            assert {len(rules.lines) for _, rules in first} == {0, 1}
        run_line(driver, 90, 20.0)
        assert rules_of(driver) == [NO_LINE_RULES, NO_LINE_RULES]


def test_a_shard_goes_by_rules_again_that_it_had_before() -> None:
    with Driver(partitions=2) as driver:
        for turn, rules in enumerate((HOT, COLD, HOT, None, HOT)):
            put(driver, rules)
            run_line(driver, turn * 10, 20.0, 31.0)
        assert [len(views_in(driver, shard)) for shard in FLOORS] == [5, 5]
        state = state_of(driver)
        driver.crash()
        assert state_of(driver) == state


def test_rules_applied_before_the_first_worker_hold_when_it_comes() -> None:
    store = MemoryStore()
    asyncio.run(apply(store, LINE, HOT))
    with Driver(partitions=2, store=store) as driver:
        run_line(driver, 0, 31.0)
        assert rules_of(driver) == [HOT, HOT]
        assert told(driver) == [(machine, "high", "active") for machine in MACHINES]


def test_rules_outlive_snapshot_and_crash() -> None:
    with Driver(partitions=2) as driver:
        put(driver, HOT)
        run_line(driver, 0, 20.0)
        for turn in range(1, 4):
            driver.snapshot()
            driver.crash()
            assert rules_of(driver) == [HOT, HOT]
            assert all(not views_in(driver, shard) for shard in FLOORS)
            driver.merge()
            run_line(driver, turn * 10, 31.0, 20.0)
            assert all(not views_in(driver, shard) for shard in FLOORS)
        assert [state for *_, state in told(driver)].count("active") == 2 * 3


def test_clear_ends_alarms_of_limits_and_no_others() -> None:
    with Driver(partitions=2) as driver:
        put(driver, HOT)
        run_line(driver, 0, 31.0, 31.0)
        for second in range(2, 8):
            for machine in MACHINES:
                bad = sample(second, None, machine=machine, quality="bad")
                driver.pipe("sensors", bad)
        assert sorted({condition for _, condition, _ in told(driver)}) == ["bad_quality", "high"]
        put(driver, None)
        run_line(driver, 10, 31.0)
        assert told(driver) == [(machine, "high", "cleared") for machine in MACHINES]
        assert set(stands(driver).values()) == {"active"}
        assert len(stands(driver)) == 2
        driver.crash()
        assert len(stands(driver)) == 2


def test_a_store_that_was_put_back_from_before_has_the_rules_of_before() -> None:
    with Driver(partitions=2) as driver:
        put(driver, COLD)
        run_line(driver, 0, 20.0)
        kept = copy.deepcopy(driver.store)
        put(driver, HOT)
        driver.swap_store(kept)
        driver.crash()
        driver.merge()
        run_line(driver, 10, 31.0)
        assert rules_of(driver) == [COLD, COLD]
        assert told(driver) == []


def test_who_missed_more_versions_than_are_kept_has_missed_no_end_of_rules() -> None:
    with Driver(partitions=2) as driver:
        put(driver, HOT)
        run_line(driver, 0, 31.0)
        driver._loop.run(apply(driver.store, LINE, None))
        for turn in range(250):
            driver._loop.run(apply(driver.store, OFFERS, OfferRules(limits=Limits(daily_cap=turn))))
        driver.merge()
        run_line(driver, 10, 31.0)
        assert rules_of(driver) == [NO_LINE_RULES, NO_LINE_RULES]
        assert [state for *_, state in told(driver)] == ["active"] * 2 + ["cleared"] * 2


def test_other_rules_are_logged(logged: list[dict[str, Any]]) -> None:
    with Driver(partitions=2) as driver:
        put(driver, HOT)
        put(driver, HOT)
        put(driver, None)
    changed = [each["lines"] for each in logged if each["event"] == "line rules changed"]
    assert changed == [["l1"], []]


async def test_what_is_in_force_can_be_asked() -> None:
    store = MemoryStore()
    assert await applied(store, LINE) is None
    await apply(store, LINE, HOT)
    assert await applied(store, LINE) == HOT
    assert await applied(store, OFFERS) is None
    await apply(store, LINE, None)
    assert await applied(store, LINE) is None


async def test_what_cannot_be_read_is_said_with_what_to_do() -> None:
    store = MemoryStore()
    await store.publish_view(OPERATORS_PART, {LINE_RULES: b'{"lines": 3}'})
    with pytest.raises(StoreError, match="tailorline line apply"):
        await applied(store, LINE)


# -- commands -------------------------------------------------------------------------------------


def a_shift(driver: Driver, between: Callable[[int], None]) -> None:
    """All that may happen on a line; ``between`` is called before each step with its number."""
    steps: list[Callable[[], None]] = [
        lambda: run_line(driver, 0, 20.0),
        lambda: put(driver, HOT),
        lambda: run_line(driver, 1, 31.0),
        lambda: say(driver, Acknowledge, 2, reason="seen"),
        lambda: run_line(driver, 3, 20.0, 31.0),
        lambda: say(driver, Shelve, 5, sensor="t", for_s=60.0, reason="hot day"),
        lambda: say(driver, Shelve, 5, sensor="t", for_s=60.0, reason="hot day"),  # sent twice
        lambda: say(driver, TakeOutOfService, 6, machine="m2", reason="away"),
        lambda: put(driver, COLD),
        lambda: run_line(driver, 7, 31.0, 14.0),
        lambda: say(driver, CallNormal, 9, reason="another recipe"),
        lambda: say(driver, Acknowledge, 10, machine="m7"),
        lambda: run_line(driver, 120, 14.0),
    ]
    for number, step in enumerate(steps):
        between(number)
        step()


@pytest.mark.parametrize("boundary", [None, *BOUNDARIES])
@pytest.mark.parametrize("snapshots", [False, True])
def test_a_crash_anywhere_changes_nothing(boundary: Boundary | None, snapshots: bool) -> None:
    with Driver(partitions=2) as calm:
        a_shift(calm, lambda _: None)
        state, sent, tally = state_of(calm), outputs(calm), calm.tally()
    assert {"acknowledged", "shelved", "out_of_service", "cleared", "active"} <= {
        msgspec.json.decode(value, type=Alert).state for value in sent.values()
    }
    assert tally["commands:rejected:unknown_alarm"] == 1
    assert tally["commands:duplicate"] == 1
    with Driver(partitions=2) as driver:

        def between(number: int) -> None:
            if snapshots and number % 3 == 1:
                driver.snapshot()
            if boundary is None:
                driver.crash()
            else:
                driver.crash_at(boundary)

        a_shift(driver, between)
        driver.crash()
        assert driver.crashes > 5
        assert state_of(driver) == state
        assert outputs(driver) == sent


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_a_command_published_before_a_crash_is_carried_out_once(boundary: Boundary) -> None:
    with Driver(partitions=2) as driver:
        put(driver, HOT)
        run_line(driver, 0, 31.0)
        before = outputs(driver)
        driver.crash_at(boundary)
        say(driver, Acknowledge, 1, reason="seen")
        assert driver.crashes == 1
        (own,) = outputs(driver).keys() - before.keys()
        told_of = msgspec.json.decode(outputs(driver)[own], type=Alert)
        assert (told_of.state, told_of.by, told_of.reason) == ("acknowledged", "kim", "seen")
        driver.crash()
        run_line(driver, 2, 31.0)
        assert outputs(driver).keys() == {*before, own}
        assert driver.tally()["commands:accepted"] == 1


def test_a_command_comes_where_kafka_says_among_samples() -> None:
    """Of both topics together, whatever the batch: a replay hears it at the same place."""
    event = Acknowledge(
        event_id="c", occurred_at=moment(2.5), line="l1", machine="m1", by="kim", reason="seen"
    )
    key = b"l1/m1"
    with Driver(partitions=2) as driver:
        put(driver, HOT)
        samples = [("sensors", sample(n, 31.0), None, START + n) for n in range(5)]
        driver.pipe_all([("commands", event, key, START + 2.5), *samples])
        found = alerts(driver)
        assert [own.state for own in found] == ["active", "acknowledged"]
        assert found[1].occurred_at == datetime.fromtimestamp(START + 2.5, UTC)
        state = state_of(driver)
        sent = outputs(driver)
        driver.crash()
        assert state_of(driver) == state
        assert outputs(driver) == sent


def test_a_command_for_what_is_not_there_is_a_dead_letter() -> None:
    with Driver(partitions=2) as driver:
        run_line(driver, 0, 20.0)
        say(driver, Acknowledge, 1, machine="m9")
        say(driver, Acknowledge, 2, sensor="x")
        say(driver, Acknowledge, 3, alarm_id="never-heard-of")
        letters = [
            DeadLetter.from_headers(dict(each.headers)) for each in driver.read("dead-letters")
        ]
        assert [each.reason for each in letters] == ["unknown_alarm"] * 3
        assert [
            next(name for name in ("machine l1/m9", "sensor l1/m1/x", "Alarm never-heard-of")
                 if name in each.message)
            for each in letters
        ] == ["machine l1/m9", "sensor l1/m1/x", "Alarm never-heard-of"]  # fmt: skip
        assert told(driver) == []

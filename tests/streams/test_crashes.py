"""Whatever happens in whatever order, the outcome is that of the pure core over the store's history.

A few short runs, always the same ones. To look for more, with other runs each time and longer ones:

    TAILORLINE_TEST_CRASHES=3000 pytest tests/streams/test_crashes.py --timeout 0
"""

from __future__ import annotations

import copy
import os
import random
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from pydantic import SecretStr

from bench.fingerprint import fingerprint
from models.floor import FloorSettings, FloorShard
from models.itemsets.counts import ItemsetSettings
from models.line.machine import WatchSettings
from models.line.sensor import SensorSettings
from models.merge import MergeSettings
from models.offers.settings import OfferSettings
from models.options.counts import OptionSettings
from models.scorers.baseline import BaselineSettings
from models.scorers.machine import MachineSettings
from models.scorers.rest import RestSettings
from models.scorers.sensor import ScorerSettings
from models.scorers.shape import ShapeSettings
from models.sequences.guess import SequenceSettings
from models.shop import ShopShard
from models.view import TRENDING, Row, Trend, View, encode
from streams.driver import Driver
from streams.encoding import Record
from streams.settings import GuardSettings, MergeTimes, Settings, SnapshotSettings, StoreSettings
from streams.store.memory import MemoryStore
from streams.topology import ShardId
from streams.views import Views
from tests.streams.events import START, add, article, cancel, made, order, sample, view
from tests.streams.unsteady import (
    CALLS,
    SHARDS,
    Installation,
    Reference,
    counts_of,
    id_of,
    is_current,
    waiting_in,
)

RUNS = int(os.environ.get("TAILORLINE_TEST_CRASHES", "0"))
TOPICS = ("clickstream", "orders", "catalogue", "sensors")
SKUS = [f"s{n}" for n in range(6)]
SETTINGS = Settings(
    _env_file=None,
    snapshots=SnapshotSettings(key=SecretStr("test"), every_s=1e9),
    store=StoreSettings(batch_changes=20, batch_s=3_600.0),
    guard=GuardSettings(max_consecutive=10**6, max_ratio=1.0, max_quarantine=10**6),
    tick_s=1e9,
    max_customers=5,
    itemsets=ItemsetSettings(window=12, max_pairs=8, max_triples=4, min_customers=1),
    options=OptionSettings(max_items=30, max_values=4, max_pairs=5),
    sequences=SequenceSettings(max_items=5, max_row=4),
    rules=MergeSettings(min_support=0.0, min_count=1.0, false_discovery_rate=0.5),
    offers=OfferSettings(min_views=1, cooldown_s=1.0, item_cooldown_s=30.0, daily_cap=10**6),
    floor=FloorSettings(
        watch=WatchSettings(
            sensor=SensorSettings(
                scorer=ScorerSettings(
                    baseline=BaselineSettings(warm_up=6, memory=20, limit_memory=20),
                    shape=ShapeSettings(window=24, short=2, long=4),
                ),
                rest=RestSettings(flat_line=4, bad_run=3),
            ),
            machine=MachineSettings(learn_rows=6, learn_per_sensor=1),
        ),
        max_sensors=3, max_skus=3, seen_ids=20,
    ),
    merging=MergeTimes(rows=4),
)  # fmt: skip
FORGETFUL = SETTINGS.model_copy(update={"max_skus": 5})
KINDS = ["view"] * 6 + ["add", "order", "order", "cancel", "sample", "sample", "made", "article"] + [
    "rubbish", "poison", "late",
]  # fmt: skip
BOUNDARIES = [(call, when) for call in CALLS for when in ("before", "after")] + [
    ("send", "before"), ("send", "after"), ("apply", "unheard"),
]  # fmt: skip


def timeless(record: Any) -> Any:
    """Return a record without when it was caused: of what time alone causes, that is the wall clock's."""
    return record._replace(caused_at=0.0)


def raising(accept: Any) -> Any:
    """Return a step that takes an event in and then raises, if the event is poison."""

    def step(self: Any, event: Any, origin: Any, effects: Any) -> Any:
        outcome = accept(self, event, origin, effects)
        if getattr(event, "sku", None) == "poison":
            raise ZeroDivisionError("poison")
        return outcome

    return step


class Crashes(RuleBasedStateMachine):
    """One installation and all that may happen to it."""

    stores = Bundle("stores")

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        # It is `what_another_owner_took_is_taken_back` that ends the rest, and no clock.
        self.patch.setattr("streams.host._CLAIMED_REST_S", 1e9)
        for core in (ShopShard, FloorShard):
            self.patch.setattr(core, "accept", raising(core.accept))
        self.lost = False
        self.number = 0
        self.now = 0.0
        self.seen = 0
        self.sent: dict[str, Record] = {}
        self.versions: dict[str, set[Record]] = {}

    def _begin_references(self) -> None:
        self.references = {shard: Reference(shard, self.all.settings) for shard in SHARDS}

    # -- what comes in ----------------------------------------------------------------------------

    @initialize(
        target=stores, settings=st.sampled_from([SETTINGS, FORGETFUL]),
        slow=st.booleans(), seed=st.integers(0, 2**16), number=st.integers(0, 60),
    )  # fmt: skip
    def it_begins(self, settings: Settings, slow: bool, seed: int, number: int) -> Any:
        self.all = Installation(settings)
        self.kafka_becomes(slow)
        self._begin_references()
        self.a_rush_comes(seed, number, 500)
        self.all.merge()
        return self.all.remember()

    @rule(seed=st.integers(0, 2**16), number=st.integers(1, 60), batch=st.sampled_from([5, 500]))
    def a_rush_comes(self, seed: int, number: int, batch: int) -> None:
        rng = random.Random(seed)
        events = [self._event(rng.choice(KINDS), rng) for _ in range(number)]
        self.all.pipe_all(events, batch=batch)

    @rule(
        kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=10),
        seed=st.integers(0, 2**16),
        batch=st.sampled_from([1, 7, 500]),
    )
    def events_come(self, kinds: list[str], seed: int, batch: int) -> None:
        rng = random.Random(seed)
        self.all.pipe_all([self._event(kind, rng) for kind in kinds], batch=batch)

    def _event(self, kind: str, rng: random.Random) -> tuple[str, Any, bytes | None, float]:
        self.number += 1
        self.now += rng.choice([0.0, 1.0, 5.0, 20.0])
        number, second, sku = self.number, self.now, rng.choice(SKUS)
        customer = f"c{rng.randrange(7)}"
        at = START + second + rng.choice([0.0, 0.0, -3.0])
        if kind == "view":
            return "clickstream", view(number, sku, customer=customer, second=second), None, at
        if kind == "add":
            return "clickstream", add(number, sku, customer=customer, second=second), None, at
        if kind == "poison":
            return "clickstream", view(number, "poison", customer=customer, second=second), None, at
        if kind == "late":
            return (
                "clickstream",
                view(number, sku, customer=customer, second=second - 4e4),
                None,
                at,
            )
        if kind == "order":
            basket = rng.sample(SKUS, rng.randint(1, 4))
            options = {"wood": rng.choice("abc"), "oil": rng.choice("xy")}
            placed = order(
                number, *basket, customer=customer, second=second,
                options=options if rng.random() < 0.5 else None,
            )  # fmt: skip
            return "orders", placed, None, at
        if kind == "cancel":
            back = cancel(rng.randint(1, number), sku, customer=customer, second=second)
            return "orders", back, None, at
        if kind == "article":
            about = article(number, sku, second=second - rng.choice([0, 0, 60]), stock=number % 3)
            return "catalogue", about, None, at
        if kind == "sample":
            value = 20 + rng.gauss(0, 1) + (30 if number % 9 == 0 else 0)
            machine = f"m{rng.randrange(4)}"
            return "sensors", sample(number, value, machine=machine, second=second), None, at
        if kind == "made":
            return "sensors", made(number, sku, 5, 1), None, at
        return rng.choice(TOPICS), rng.choice([b"{}", b"[", b""]), customer.encode(), at

    @rule(topic=st.sampled_from(TOPICS), partition=st.integers(0, 1), back=st.integers(1, 8))
    def a_producer_repeats(self, topic: str, partition: int, back: int) -> None:
        before = self.all.log.inputs.get((topic, partition), [])[-back:]
        if before:
            m = before[0]
            self.all.pipe_all([(topic, m.value or b"", m.key, START + self.now)])

    @rule(topic=st.sampled_from(TOPICS), partition=st.integers(0, 1), back=st.integers(1, 30))
    def the_transport_repeats(self, topic: str, partition: int, back: int) -> None:
        number = len(self.all.log.inputs.get((topic, partition), []))
        self.all.repeat(topic, partition, max(0, number - back))

    @rule(chunk=st.sampled_from([1, 3, 17, 500]))
    def batches_become(self, chunk: int) -> None:
        self.all.chunk = chunk

    # -- what time brings -------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.0, 1.0, 60.0, 3600.0, 10 * 86400.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.all.advance(seconds)

    @rule()
    def rows_are_published(self) -> None:
        self.all.maintain()

    @rule()
    def views_are_merged(self) -> None:
        self.all.merge()

    @rule()
    def snapshots_are_taken(self) -> None:
        self.all.snapshot()

    @rule(slow=st.booleans())
    def kafka_becomes(self, slow: bool) -> None:
        self.all.slow = self.all.sender.holds = slow
        self.all.sender.release(0 if slow else 1000)

    @rule(most=st.integers(1, 4), maintained=st.booleans())
    def kafka_takes_some(self, most: int, maintained: bool) -> None:
        self.all.sender.release(most)
        if maintained:
            self.all.maintain()

    # -- trouble ----------------------------------------------------------------------------------

    @rule(boundary=st.sampled_from(BOUNDARIES), skip=st.integers(0, 4))
    def a_crash_is_due(self, boundary: tuple[str, str], skip: int) -> None:
        self.all.faults.arm(*boundary, skip)

    @rule(skip=st.integers(0, 2))
    def the_stores_answer_will_not_be_heard(self, skip: int) -> None:
        self.all.faults.arm("apply", "unheard", skip)

    @rule()
    def it_crashes(self) -> None:
        self.all.crash()

    @rule(
        boundary=st.sampled_from(["claim", "outbox", "confirm", "load_snapshot", "view_since"]),
        when=st.sampled_from(["before", "after"]),
        skip=st.integers(0, 4),
    )
    def it_crashes_and_again_while_it_takes_over(self, boundary: str, when: str, skip: int) -> None:
        self.all.faults.arm(boundary, when, skip)
        self.all.crash()

    @rule(
        shard=st.sampled_from(SHARDS),
        seed=st.integers(0, 2**16),
        number=st.integers(0, 30),
        most=st.integers(0, 20),
        snapshot=st.booleans(),
        told=st.booleans(),
    )
    def another_owner_comes_and_is_killed(
        self, shard: ShardId, seed: int, number: int, most: int, snapshot: bool, told: bool
    ) -> None:
        rng = random.Random(seed)
        events = [self._event(rng.choice(KINDS), rng) for _ in range(number)]
        self.all.rival(shard, events, most, snapshot=snapshot, told=told)
        if not told and seed % 2:
            self.all.snapshot()

    @rule()
    def what_another_owner_took_is_taken_back(self) -> None:
        self.all.retake()

    @rule(shard=st.sampled_from(SHARDS))
    def a_shard_is_handed_over(self, shard: Any) -> None:
        self.all.hand_over(shard)

    @rule(topic=st.sampled_from(TOPICS), partition=st.integers(0, 1))
    def a_step_never_comes_back(self, topic: str, partition: int) -> None:
        self.all.quarantine(topic, partition)

    @rule(target=stores)
    def the_store_is_on_disk_up_to_here(self) -> Any:
        return self.all.remember()

    @rule(kept=stores)
    def the_store_restarts_without_its_newest_writes(self, kept: Any) -> None:
        self.lost = True
        self.all.lose(kept)
        self._begin_references()

    @rule(kept=stores)
    def power_is_cut(self, kept: Any) -> None:
        self.the_store_restarts_without_its_newest_writes(kept)
        self.all.crash()

    # -- what must hold ---------------------------------------------------------------------------

    @invariant()
    def all_is_as_the_pure_core_has_it(self) -> None:
        own = self.all
        for shard, reference in self.references.items():
            own._loop.run(
                reference.follow(own.inner, own.log.inputs, own.kept_apart.get(shard, {}))
            )
            kept = own.inner._shard(shard)
            expected = reference.store._shard(shard)
            assert kept.tally == expected.tally
            assert kept.watermarks == reference.processor.positions
            near = {key: pytest.approx(row) for key, row in reference.counts().items()}
            assert counts_of(own.inner, shard) == near
            runner = own.host.runners[shard]
            if is_current(runner, own.inner):
                assert runner.processor.positions == kept.watermarks
                assert runner.processor.versions == reference.processor.versions
                core = runner.processor.core
                assert fingerprint(core) == reference.fingerprint

    @invariant()
    def every_event_has_one_fate(self) -> None:
        for shard in SHARDS:
            kept = self.all.inner._shard(shard)
            for topic, read in kept.watermarks.items():
                fates = [kept.tally.get(f"{topic}:{fate}", 0)
                         for fate in ("accepted", "duplicate", "rejected")]  # fmt: skip
                assert kept.tally[f"{topic}:read"] == sum(fates) == read

    @invariant()
    def no_output_is_lost_and_repeats_are_the_same(self) -> None:
        outputs = self.all.log.outputs
        for record in map(timeless, outputs[self.seen :]):
            first = self.sent.setdefault(id_of(record), record)
            self.versions.setdefault(id_of(record), set()).add(record)
            assert self.lost or record == first
        self.seen = len(outputs)
        for shard, reference in self.references.items():
            waiting = waiting_in(self.all.inner, shard)
            for own_id, record in reference.outputs.items():
                # With writes lost, what was sent before may have been decided otherwise.
                known = {timeless(waiting[own_id])} if own_id in waiting else set()
                assert timeless(record) in known | self.versions.get(own_id, set())
        if not self.lost:
            due = {own_id for r in self.references.values() for own_id in r.outputs}
            assert self.sent.keys() <= due

    def teardown(self) -> None:
        try:
            self.all.faults.disarm()
            for _ in range(2):
                self.all.slow = False
                self.all.crash()
                self._hold_all()
            assert all(not waiting_in(self.all.inner, shard) for shard in SHARDS)
            for (topic, number), messages in self.all.log.inputs.items():
                flow = "floor" if topic == "sensors" else "shop"
                shard = next(s for s in SHARDS if (s.flow, s.number) == (flow, number))
                assert self.all.host.runners[shard].applied.get(topic, 0) == len(messages)
        finally:
            self.patch.undo()
            self.all.__exit__()

    def _hold_all(self) -> None:
        self.all_is_as_the_pure_core_has_it()
        self.every_event_has_one_fate()
        self.no_output_is_lost_and_repeats_are_the_same()


def test_whatever_happens_the_outcome_is_that_of_the_pure_core() -> None:
    often = hypothesis_settings(
        max_examples=RUNS or 16,
        stateful_step_count=60 if RUNS else 25,
        derandomize=not RUNS,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Crashes, settings=often)


def test_a_restored_shard_does_not_count_triples_that_were_forgotten() -> None:
    settings = SETTINGS.model_copy(
        update={"max_skus": 4, "itemsets": ItemsetSettings(min_customers=1)}
    )
    with Driver(settings) as driver:
        for n in range(6):
            driver.pipe("orders", order(n, "a", "b", "c", customer=f"c{n}", second=n))
        driver.merge()
        driver.pipe("orders", order(50, "z", second=50))
        itemsets = driver.state(ShardId("shop", 0)).itemsets
        assert itemsets.opened == {("a", "b", "c")}
        driver.pipe("orders", order(60, "x", "y", second=60))  # too many: all three are forgotten
        assert itemsets.opened == set()
        driver.snapshot()
        driver.crash()
        assert driver.counts("count:triples") == {}
        assert driver.state(ShardId("shop", 0)).itemsets.opened == set()


async def test_a_view_that_the_store_lost_is_not_gone_on_with() -> None:
    store = MemoryStore()
    await store.publish_view(0, {"a": encode(Row(count=1.0))})
    kept = copy.deepcopy(store)
    await store.publish_view(0, {"a": encode(Row(count=2.0))})
    views = Views(store, 1)
    await views.refresh()
    views._store = kept  # it was killed, and is back without its newest write
    view = await views.refresh()
    assert view.row("a") == (await Views(kept, 1).at(view.versions)).row("a")


def test_a_whole_part_without_trends_takes_the_list_away() -> None:
    view = View(1).changed(0, 1, {TRENDING: encode((Trend("a", 1.0),))})
    assert view.changed(0, 9, {"b": encode(Row(count=1.0))}, whole=True).trending == ()

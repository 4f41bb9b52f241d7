"""The whole path without broker: what goes in, what comes out, what survives a crash."""

import copy
import random

import msgspec
import orjson
import pytest

from bench.fingerprint import fingerprint
from models.itemsets.counts import ITEMS, TOTALS
from schemas.deadletters import DeadLetter
from schemas.outputs import Alert, Offer
from streams.driver import Boundary, Driver
from streams.errors import StateLost
from streams.guard import TooManyFailures
from streams.processor import Message
from streams.settings import GuardSettings
from streams.store.memory import MemoryStore
from streams.topology import ShardId
from tests.streams.events import START, article, cancel, made, order, sample, view

BOUNDARIES: list[Boundary] = ["before_apply", "after_apply", "after_send"]


def shop_events(seed: int, count: int = 120) -> list:
    """A seeded mix of clicks, orders, cancellations, samples and rubbish."""
    rng = random.Random(seed)
    skus = [f"sku-{n}" for n in range(12)]
    events = []
    for n in range(count):
        customer, second = f"c{rng.randrange(8)}", n * 20.0
        roll = rng.random()
        if roll < 0.6:
            events.append(
                ("clickstream", view(n, rng.choice(skus), customer=customer, second=second))
            )
        elif roll < 0.75:
            basket = rng.sample(skus, rng.randint(1, 4))
            events.append(("orders", order(n, *basket, customer=customer, second=second)))
        elif roll < 0.8:
            events.append(
                ("orders", cancel(rng.randrange(n + 1), customer=customer, second=second))
            )
        elif roll < 0.95:
            events.append(("sensors", sample(n, 20 + rng.gauss(0, 1), machine=f"m{n % 3}")))
        else:
            events.append(("clickstream", b'{"type":"view","sku":' + bytes([rng.randrange(256)])))
    return [(topic, event, b"k" if isinstance(event, bytes) else None, START + n * 20)
            for n, (topic, event) in enumerate(events)]  # fmt: skip


def outputs(driver: Driver) -> dict[str, tuple[str, bytes, bytes]]:
    """All outputs by id; repeats must be the same to the byte."""
    found: dict[str, tuple[str, bytes, bytes]] = {}
    for record in driver.log.outputs:
        headers = dict(record.headers)
        own_id = (headers.get("ce_id") or headers["tailorline.id"]).decode()
        content = (record.topic, record.key, record.value)
        assert found.setdefault(own_id, content) == content
    return found


def state_of(driver: Driver) -> dict:
    """All that a run leaves: the store's totals and counts, and the shards' whole state."""
    return {
        "tally": driver.tally(),
        "items": driver.counts(ITEMS),
        "totals": driver.counts(TOTALS),
        "cores": cores_of(driver),
    }


def cores_of(driver: Driver) -> dict:
    return {
        str(shard): fingerprint(runner.processor.core)
        for shard, runner in sorted(driver.host.runners.items())
    }


def test_an_event_becomes_counts_and_a_bad_one_a_dead_letter(driver: Driver):
    driver.pipe("orders", order(1, "a", "b"))
    driver.pipe("orders", b'{"type":"placed","lines":[', key=b"c1", at=START)
    assert driver.counts(ITEMS).keys() == {"a", "b"}
    (letter,) = driver.read("dead-letters")
    assert letter.value == b'{"type":"placed","lines":['
    assert letter.key == b"c1"
    told = DeadLetter.from_headers(dict(letter.headers))
    assert (told.reason, told.topic, told.offset) == ("not_json", "orders", 1)
    assert driver.tally()["orders:read"] == 2
    assert driver.tally()["orders:accepted"] == driver.tally()["orders:rejected"] == 1


def test_a_repeat_by_the_producer_is_a_duplicate(driver: Driver):
    driver.pipe("orders", order(1, "a"))
    driver.pipe("orders", order(1, "a"))
    assert driver.tally()["orders:duplicate"] == 1
    assert driver.counts(TOTALS)["n"] == 1


def test_a_repeat_by_the_transport_changes_nothing_at_all(driver: Driver):
    driver.pipe("orders", order(1, "a"))
    shard, runner = next((s, r) for s, r in driver.host.runners.items() if r.applied.get("orders"))
    again = driver.log.inputs["orders", shard.number]
    before = driver.tally()
    driver._loop.run(runner.handle(again))
    assert driver.tally() == before


def test_offers_come_out_with_reason_and_a_stable_id(driver: Driver):
    number = 0
    for customer in range(8):
        for sku in ("a", "b", "c"):
            number += 1
            driver.pipe("clickstream", view(number, sku, customer=f"k{customer}", second=number))
    records = driver.read("offers")
    assert records
    offer = msgspec.json.decode(records[-1].value, type=Offer)
    assert records[-1].key == offer.customer_id.encode()
    assert dict(records[-1].headers)["ce_id"].decode() == offer.offer_id
    assert all(item.reason.text for item in offer.items)
    assert offer.expires_at > offer.decided_at
    assert driver.read("offers") == []


def test_a_shift_of_level_raises_one_alert_and_clears_it(driver: Driver):
    rng = random.Random(3)
    for n in range(400):
        fault = 8.0 if 200 <= n < 240 else 0.0
        driver.pipe("sensors", sample(n, 20 + rng.gauss(0, 1) + fault))
    alerts = [msgspec.json.decode(record.value, type=Alert) for record in driver.read("alerts")]
    assert [alert.state for alert in alerts] == ["active", "cleared"]
    assert alerts[0].alarm_id == alerts[1].alarm_id
    assert START + 200 <= alerts[0].occurred_at.timestamp() <= START + 210


def test_production_counts_are_kept(driver: Driver):
    driver.pipe("sensors", made(1, "sofa", 5, 1))
    driver.pipe("sensors", made(2, "sofa", 2))
    assert driver.counts("count:made", "floor") == {"sofa": 7}
    assert driver.counts("count:scrapped", "floor") == {"sofa": 1}


def test_rules_of_all_shards_are_merged_and_published(driver: Driver):
    for n in range(60):
        basket = ("bread", "butter") if n % 2 else ("beer", "chips") if n % 4 else (f"x{n}",)
        driver.pipe("orders", order(n, *basket, customer=f"c{n}", second=n))
    driver.merge()
    rules = driver.host.views.latest.row("bread").rules
    assert [rule.consequent for rule in rules] == ["butter"]
    assert rules[0].confidence == pytest.approx(1.0)
    assert rules[0].n_ab == pytest.approx(30, rel=1e-3)


def test_the_same_events_give_the_same_outputs_in_batches_of_any_size(settings):
    seen = []
    for batch in (1, 7, 1000):
        with Driver(settings, partitions=2) as driver:
            driver.pipe_all(shop_events(5), batch=batch)
            seen.append((outputs(driver), driver.tally()))
    assert seen[0] == seen[1] == seen[2]
    assert any(topic == "offers" for topic, _, _ in seen[0][0].values())


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("snapshots", [False, True])
def test_a_crash_at_any_boundary_changes_nothing(settings, boundary: Boundary, snapshots: bool):
    events = shop_events(11)
    with Driver(settings, partitions=2) as calm:
        for event in events:
            calm.pipe_all([event])
        expected, expected_outputs = state_of(calm), outputs(calm)
    with Driver(settings, partitions=2) as driver:
        for n, event in enumerate(events):
            if n % 7 == 3:
                driver.crash_at(boundary)
            driver.pipe_all([event])
            if snapshots and n % 10 == 9:
                driver.snapshot()
        driver.crash()
        assert driver.crashes > 5
        assert state_of(driver) == expected
        assert outputs(driver) == expected_outputs


@pytest.mark.parametrize("snapshots", [False, True])
def test_a_restored_shard_is_the_one_that_crashed(settings, snapshots: bool):
    """With merges in between, the views that were adopted are part of what is replayed."""
    with Driver(settings, partitions=2) as driver:
        for n, event in enumerate(shop_events(12, 240)):
            driver.pipe_all([event])
            if n % 10 == 9:
                driver.merge()
            if n % 40 == 35:
                if snapshots and n % 80 == 35:
                    driver.snapshot()
                before = cores_of(driver)
                driver.crash()
                assert cores_of(driver) == before
        assert any(any(r.processor.versions) for r in driver.host.runners.values())


def test_ticks_and_views_are_replayed_in_their_place(settings):
    with Driver(settings) as driver:
        for n in range(30):
            driver.pipe("clickstream", view(n, f"s{n % 4}", customer=f"c{n % 3}", second=n))
        driver.advance(3600.0)
        driver.crash()
        assert driver.state(ShardId("shop", 0)).clock == START + 29 + 3600
        driver.merge()
        driver.pipe("clickstream", view(99, "s1", customer="c1", second=5000))
        shard = ShardId("shop", 0)
        report, versions = driver.state(shard).report(), driver.runner(shard).processor.versions
        assert any(versions)
        driver.crash()
        assert driver.state(shard).report() == report
        assert driver.runner(shard).processor.versions == versions
        assert driver.state(shard).clock == START + 5000


def test_a_step_that_raises_is_a_dead_letter_and_its_event_is_counted(driver, monkeypatch):
    original = type(driver.state(ShardId("shop", 0))).accept

    def failing(self, event, origin, effects):
        if getattr(event, "sku", "") == "poison":
            raise ZeroDivisionError("boom")
        return original(self, event, origin, effects)

    monkeypatch.setattr(type(driver.state(ShardId("shop", 0))), "accept", failing)
    driver.pipe("clickstream", view(1, "a"))
    driver.pipe("clickstream", view(2, "poison"))
    driver.pipe("clickstream", view(3, "b"))
    (letter,) = driver.read("dead-letters")
    told = DeadLetter.from_headers(dict(letter.headers))
    assert told.reason == "step_failed"
    assert "ZeroDivisionError: boom" in told.message
    assert orjson.loads(letter.value)["sku"] == "poison"
    tally = driver.tally()
    assert tally["clickstream:read"] == 3
    assert tally["clickstream:accepted"] == 2
    assert tally["clickstream:rejected:step_failed"] == 1


def test_failing_steps_stop_the_worker_and_nothing_of_the_batch_is_applied(settings, monkeypatch):
    settings = settings.model_copy(
        update={"guard": GuardSettings(max_consecutive=3, max_ratio=1.0)}
    )
    with Driver(settings) as driver:
        driver.pipe("clickstream", view(1, "a"))
        before = driver.tally()

        def failing(*_):
            raise ZeroDivisionError("boom")

        monkeypatch.setattr(type(driver.state(ShardId("shop", 0))), "accept", failing)
        with pytest.raises(TooManyFailures, match="3 steps in a row"):
            driver.pipe_all([("clickstream", view(n, "a"), None, None) for n in range(2, 12)])
        assert driver.tally() == before
        monkeypatch.undo()
        driver.crash()
        assert driver.tally()["clickstream:accepted"] == 11


def test_a_store_that_lost_its_newest_writes_is_filled_again(settings):
    events = shop_events(17)
    with Driver(settings, partitions=2) as calm:
        calm.pipe_all(events, batch=10)
        expected, expected_outputs = state_of(calm), outputs(calm)
    with Driver(settings, partitions=2) as driver:
        driver.pipe_all(events[:60], batch=10)
        driver.snapshot()
        driver.pipe_all(events[60:80], batch=10)
        lost_after = copy.deepcopy(driver.store)
        driver.pipe_all(events[80:], batch=10)
        driver.store = lost_after
        driver.crash()
        assert state_of(driver) == expected
        assert outputs(driver) == expected_outputs


def test_a_running_worker_notices_that_the_store_lost_its_newest_writes(settings):
    """A store that was killed and restarted: the shards are taken over again on the spot."""
    events = shop_events(17)
    with Driver(settings, partitions=2) as calm:
        calm.pipe_all(events, batch=10)
        calm.advance(0.0)
        expected, expected_outputs = state_of(calm), outputs(calm)
    with Driver(settings, partitions=2) as driver:
        driver.pipe_all(events[:60], batch=10)
        driver.snapshot()
        driver.pipe_all(events[60:80], batch=10)
        lost_after = copy.deepcopy(driver.store)
        driver.pipe_all(events[80:100], batch=10)
        first = dict(driver.host.runners)
        driver.swap_store(lost_after)
        driver.pipe_all(events[100:], batch=10)
        driver.advance(0.0)  # also shards to which no more events come notice it, by their ticks
        assert driver.crashes == 0
        assert any(driver.host.runners[shard] is not runner for shard, runner in first.items())
        assert driver.host.unready() == ""
        assert state_of(driver) == expected
        assert outputs(driver) == expected_outputs


def test_a_running_worker_stops_when_the_store_was_emptied(driver: Driver):
    driver.pipe("orders", order(1, "a"))
    driver.swap_store(MemoryStore())
    with pytest.raises(StateLost, match="it was emptied"):
        driver.pipe("orders", order(2, "b"))
    assert driver.tally() == {}


def test_a_shard_that_another_worker_claimed_rests_until_kafka_had_its_say(driver: Driver):
    driver.pipe("orders", order(1, "a"))
    shard = next(s for s in driver.host.runners if driver.runner(s).applied)
    driver._loop.run(driver.store.claim(shard))
    before = driver.tally()
    driver.pipe("orders", order(2, "b"))
    assert driver.tally() == before
    assert str(shard) in driver.host.unready()
    assert driver.host.due() == []
    driver._loop.run(driver.host.drop([shard]))  # Kafka says that it is the other worker's
    assert shard not in driver.host.runners
    assert driver.host.unready() == ""


def test_a_shard_that_is_lost_over_and_over_stops_the_worker(driver: Driver):
    with pytest.raises(StateLost, match="Do two groups use the same store"):  # noqa: PT012
        for number in range(20):
            driver.pipe("orders", order(number, "a"))
            shard = next(s for s in driver.host.runners if driver.runner(s).applied)
            driver._loop.run(driver.store.claim(shard))
            driver.pipe("orders", order(100 + number, "a"))
            driver._loop.run(driver.host.retake([shard]))


def test_a_quarantined_event_is_a_dead_letter_now_and_on_every_replay(driver: Driver):
    driver.pipe("orders", order(1, "a"))
    shard = next(s for s in driver.host.runners if driver.runner(s).applied)
    held = driver.runner(shard).epoch
    driver._loop.run(driver.store.quarantine(shard, held, "orders", 1, "The step never came back."))
    driver.crash()
    driver.pipe("orders", order(2, "never"))
    driver.pipe("orders", order(3, "b"))
    (letter,) = driver.read("dead-letters")
    told = DeadLetter.from_headers(dict(letter.headers))
    assert (told.reason, told.offset) == ("step_overran", 1)
    assert told.message == "The step never came back."
    assert driver.tally()["orders:accepted"] == 2
    before = cores_of(driver)
    driver.crash()
    assert cores_of(driver) == before
    assert driver.counts(ITEMS).keys() == {"a", "b"}


def test_too_many_quarantined_events_are_refused(settings):
    settings = settings.model_copy(update={"guard": GuardSettings(max_quarantine=2)})
    with Driver(settings) as driver:
        shard = ShardId("shop", 0)
        for offset in range(2):
            held = driver.runner(shard).epoch
            driver._loop.run(driver.store.quarantine(shard, held, "orders", offset, "Slow."))
        driver.crash()  # just so many are allowed
        held = driver.runner(shard).epoch
        driver._loop.run(driver.store.quarantine(shard, held, "orders", 2, "Slow."))
        with pytest.raises(StateLost, match="MAX_QUARANTINE"):
            driver.crash()


def test_messages_of_a_shard_are_taken_in_order_of_time():
    from streams.processor import in_time_order

    def message(topic: str, offset: int, at: float) -> Message:
        return Message(topic, 0, offset, at, None, b"")

    mixed = [
        message("orders", 0, 5.0), message("orders", 1, 4.0),
        message("clickstream", 0, 1.0), message("clickstream", 1, 4.5),
        message("clickstream", 2, 6.0),
    ]  # fmt: skip
    assert [(m.topic, m.offset) for m in in_time_order(mixed)] == [
        ("clickstream", 0), ("clickstream", 1), ("orders", 0), ("orders", 1), ("clickstream", 2),
    ]  # fmt: skip


def test_what_one_shard_is_told_of_an_article_all_shards_read_from_the_view(driver: Driver):
    driver.pipe("catalogue", article(1, "a", price=10.0, stock=1))
    driver.pipe("catalogue", article(2, "a", second=5.0, price=8.0, stock=0))
    driver.pipe("catalogue", article(3, "a", second=2.0, price=9.0, stock=7))
    assert driver.tally()["catalogue:accepted"] == 3
    driver.merge()
    for customer in ("c1", "c2", "c3", "c4"):
        driver.pipe("clickstream", view(int(customer[1]), "a", customer=customer, second=6.0))
    cores = [driver.state(shard) for shard in driver.host.runners if shard.flow == "shop"]
    assert len(cores) > 1
    assert sum("a" in core.articles for core in cores) == 1
    known = [core.view.article("a") for core in cores if core.view is not None]
    assert len(known) == len(cores)
    assert all((it.price, it.stock, it.changed_at) == (8.0, 0, START + 5.0) for it in known)


def test_what_an_article_is_like_outlives_a_crash(driver: Driver):
    driver.pipe("catalogue", article(1, "a", stock=1))
    driver.snapshot()
    driver.pipe("catalogue", article(2, "a", second=5.0, stock=0))
    before = cores_of(driver)
    driver.crash()
    assert cores_of(driver) == before
    driver.merge()
    driver.crash()
    driver.merge()
    assert driver.host.views.latest.article("a").stock == 0

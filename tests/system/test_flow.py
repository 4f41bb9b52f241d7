"""From nothing to offers, alerts and dead letters, on real processes."""

import json
import time

import msgspec

from schemas.deadletters import DeadLetter
from schemas.outputs import Alert, Offer
from streams.simulate.world import World
from tests.system.installation import Installation, until


def world_messages(seed: int, seconds: float, rate: float = 600.0):
    world = World(seed, rate, seconds)
    now = start = time.time() - seconds - 5
    while now < start + seconds:
        now += 0.25
        for message in world.advance(now):
            yield message.topic, message.key, message.value


def test_events_become_offers_alerts_and_dead_letters(installation: Installation):
    installation.publish(world_messages(7, 12.0))
    worker = installation.start_worker()
    until(worker.ready, "the worker to be ready")
    until(installation.applied, "all events to be applied")
    tally = installation.tally()
    assert tally["offers:sent"] > 0
    assert tally["alerts:sent"] > 0
    assert tally["dead-letters:sent"] > 0

    assert worker.get("/healthz") == (200, "ok\n")
    status, metrics = worker.get("/metrics")
    assert status == 200
    for name in ("events_total", "end_to_end_seconds_bucket", "consumer_lag", "model_metric"):
        assert f"tailorline_{name}" in metrics
    logged = [json.loads(line) for line in worker.log.read_text().splitlines() if line[:1] == "{"]
    assert any(line["event"] == "shard taken over" for line in logged)

    assert worker.terminate(30) == 0, worker.told()
    tally = installation.check_accounting()

    offers = [msgspec.json.decode(m.value(), type=Offer) for m in installation.outputs("offers")]
    assert all(offer.items[0].reason.text for offer in offers)
    alerts = [msgspec.json.decode(m.value(), type=Alert) for m in installation.outputs("alerts")]
    assert {alert.state for alert in alerts} <= {"active", "cleared"}
    for message in installation.outputs("dead-letters"):
        told = DeadLetter.from_headers(dict(message.headers()))
        assert told.size == len(message.value())
        assert told.topic in installation.sent


def test_a_new_worker_goes_on_where_the_killed_one_was(installation: Installation):
    messages = list(world_messages(11, 6.0))
    third = len(messages) // 3
    worker = installation.start_worker()
    installation.publish(messages[:third])
    until(lambda: installation.tally().total() > 0, "the first events to be applied")
    installation.publish(messages[third : 2 * third])
    worker.kill()
    second = installation.start_worker()
    installation.publish(messages[2 * third :])
    until(installation.applied, "all events to be applied")
    assert second.terminate() == 0, second.told()
    installation.check_accounting()


def test_two_workers_share_the_shards(installation: Installation):
    messages = list(world_messages(13, 6.0))
    half = len(messages) // 2
    first = installation.start_worker()
    second = installation.start_worker()
    installation.publish(messages[:half])
    until(installation.applied, "the first half to be applied")
    if installation.real:
        # The mock broker's group takes its time to share; a real one does at once.
        until(lambda: first.ready() and second.ready(), "both to have shards")
    assert first.terminate() == 0, first.told()
    installation.publish(messages[half:])
    until(installation.applied, "all events to be applied by the one that is left")
    assert second.terminate() == 0, second.told()
    installation.check_accounting()

"""What the worker does when something is wrong: it says so, and does not go on with half a state."""

import subprocess
import sys
from unittest.mock import patch

import msgspec
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewPartitions

from models.snapshot import close, freeze, unseal
from schemas.topics import INPUTS
from streams.topology import ShardId
from tests.streams.events import order
from tests.system.installation import Installation, until


def orders(first: int, count: int):
    return [
        ("orders", f"c{n % 20}".encode(), msgspec.json.encode(order(n, "a", f"b{n % 5}", customer=f"c{n % 20}", second=n)))
        for n in range(first, first + count)
    ]  # fmt: skip


def run_and_stop(installation: Installation) -> None:
    """Have some orders applied and committed, then no worker."""
    worker = installation.start_worker()
    installation.publish(orders(0, 200))
    until(installation.applied, "the orders to be applied")
    assert worker.terminate() == 0, worker.told()
    installation.forget_workers()


def other_river(blob: bytes) -> bytes:
    """The same snapshot, rightly signed, as another version of River would have written it."""
    snapshot = unseal(blob, b"system-test")
    with patch("models.snapshot.version", lambda _: "0.25.0"):
        return close(freeze(snapshot), snapshot, b"system-test")


def exit_of(installation: Installation, **settings: str) -> tuple[int, str]:
    worker = installation.start_worker(**settings)
    code = worker.wait(60)
    return code, worker.told()


def test_an_emptied_store_is_noticed_and_both_choices_are_told(installation: Installation):
    run_and_stop(installation)

    async def empty(store):
        keys = [
            key async for key in store.client.scan_iter(f"{installation.store_settings.prefix}:*")
        ]
        await store.client.delete(*keys)

    installation.store(empty)
    code, told = exit_of(installation)
    assert code == 70
    assert "TAILORLINE_STORE__ON_LOSS" in told
    assert "replay" in told
    assert "skip" in told
    assert installation.tally()["orders:read"] == 0

    installation.forget_workers()
    worker = installation.start_worker(TAILORLINE_STORE__ON_LOSS="replay")
    until(installation.applied, "the orders to be applied again")
    assert installation.counts("count:baskets")["n"] == 200
    assert worker.terminate() == 0, worker.told()


def test_a_snapshot_signed_with_another_key_is_refused(installation: Installation):
    run_and_stop(installation)
    code, told = exit_of(installation, TAILORLINE_SNAPSHOTS__KEY="another")
    assert code == 70
    assert "signature is wrong" in told
    assert "shards reset" in told


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda blob: blob[:-40] + bytes([blob[-40] ^ 1]) + blob[-39:], "signature is wrong"),
        (lambda _: b"\x80\x05N." * 20, "Not a snapshot"),
        (other_river, "river"),
    ],
    ids=["damaged", "unsigned", "other_river"],
)
def test_a_snapshot_that_cannot_be_used_is_refused_and_rebuilt(
    installation: Installation, harm, said: str
):
    if not installation.real:
        pytest.skip("the embedded broker lets nobody commit for a group that once had members")
    run_and_stop(installation)
    before = installation.counts("count:items")
    shard = ShardId("shop", 1)
    key = f"{installation.store_settings.prefix}:{{{shard}}}:snapshot"

    async def spoil(store):
        await store.client.set(key, harm(await store.load_snapshot(shard)))

    installation.store(spoil)
    code, told = exit_of(installation)
    assert code == 70
    assert said in told
    assert "shards reset shop-1" in told

    installation.forget_workers()
    reset = [sys.executable, "-m", "streams.cli.main", "shards", "reset", "shop-1", "--yes"]

    def done() -> bool:
        # Refused until Kafka has noticed that the worker is gone.
        run = subprocess.run(
            reset, env=installation.environment, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0 or "Are its workers running?" in run.stderr, run.stderr
        return run.returncode == 0

    until(done, "the shard to be reset")
    worker = installation.start_worker()
    until(installation.applied, "the shard to be rebuilt")
    assert installation.counts("count:items") == pytest.approx(before)
    assert worker.terminate() == 0, worker.told()
    installation.check_accounting()


def test_wrong_settings_are_all_named(installation: Installation):
    code, told = exit_of(
        installation, TAILORLINE_WEB__PORT="70000", TAILORLINE_KAFKA__BATCH="0",
        TAILORLINE_SNAPSHOTS__KEY="",
    )  # fmt: skip
    assert code == 2
    assert "TAILORLINE_KAFKA__BATCH" in told


def test_a_missing_signing_key_is_told(installation: Installation):
    code, told = exit_of(installation, TAILORLINE_SNAPSHOTS__KEY="")
    assert code == 2
    assert "TAILORLINE_SNAPSHOTS__KEY is not set" in told


def test_unequal_partition_counts_are_refused(installation: Installation):
    if not installation.real:
        pytest.skip("the embedded broker gives every topic 4 partitions")
    admin = AdminClient({"bootstrap.servers": installation.bootstrap})
    for future in admin.create_partitions([NewPartitions("orders", 6)]).values():
        future.result(30)
    code, told = exit_of(installation)
    assert code == 70
    assert "clickstream: 4" in told
    assert "orders: 6" in told


def test_added_partitions_are_refused_with_what_to_do(installation: Installation):
    if not installation.real:
        pytest.skip("the embedded broker gives every topic 4 partitions")
    worker = installation.start_worker()
    installation.publish(orders(0, 200))
    until(installation.applied, "the orders to be applied")
    admin = AdminClient({"bootstrap.servers": installation.bootstrap})
    wanted = [NewPartitions(topic.name, 6) for topic in INPUTS]
    for future in admin.create_partitions(wanted).values():
        future.result(30)
    # The running worker sees them at its next look at the metadata, and stops; so does every new one.
    assert worker.wait(60) == 70
    for told in (worker.told(), exit_of(installation)[1]):
        assert "has 6 partitions, and the state in the store was made with 4" in told
        assert "shards reset" in told
    installation.forget_workers()
    assert installation.counts("count:baskets")["n"] == 200


def test_offsets_that_never_came_stop_the_worker(installation: Installation):
    """Markers of a transaction stand for events that the broker lost: both are gaps."""
    if not installation.real:
        pytest.skip("the embedded broker leaves no gaps")
    producer = Producer(
        {
            "bootstrap.servers": installation.bootstrap, "transactional.id": "gaps",
            "partitioner": "murmur2_random",
        }
    )  # fmt: skip
    producer.init_transactions(30)
    for first in (0, 100):
        producer.begin_transaction()
        for topic, key, value in orders(first, 100):
            producer.produce(topic, value, key)
            installation.sent[topic] += 1
        producer.commit_transaction(30)
    code, told = exit_of(installation)
    assert code == 70
    assert "never came" in told
    assert "TAILORLINE_KAFKA__TRANSACTIONS" in told
    installation.forget_workers()
    worker = installation.start_worker(TAILORLINE_KAFKA__TRANSACTIONS="true")
    until(installation.applied, "all orders to be applied")
    assert "tailorline_offset_gaps_total" in worker.get("/metrics")[1]
    assert worker.terminate() == 0, worker.told()
    installation.check_accounting()


def test_a_worker_without_broker_stops_within_its_deadline(installation: Installation):
    if installation.real:
        pytest.skip("the broker is shared by the suite; the embedded one can be ended")
    worker = installation.start_worker(TAILORLINE_SHUTDOWN_S="2")
    installation.publish(orders(0, 50))
    until(installation.applied, "the orders to be applied")
    installation.end_broker()
    assert worker.terminate(20) in {0, 70, 75}
    installation.forget_workers()


def test_a_store_that_pauses_is_waited_for(installation: Installation):
    worker = installation.start_worker(TAILORLINE_STORE__TIMEOUT_S="0.5")
    installation.publish(orders(0, 100))
    until(installation.applied, "the first orders to be applied")
    installation.store(lambda store: store.client.execute_command("CLIENT", "PAUSE", "2500", "ALL"))
    installation.publish(orders(100, 100))
    until(installation.applied, "the orders to be applied after the pause")
    assert installation.counts("count:baskets")["n"] == 200
    assert 'tailorline_store_errors_total{op="apply"}' in worker.get("/metrics")[1]
    assert worker.terminate() == 0, worker.told()
    installation.check_accounting()


def test_events_that_retention_took_away_unread_are_not_passed_over(installation: Installation):
    if installation.real:
        pytest.skip("the embedded broker keeps 5 MB a partition, real ones much more")
    run_and_stop(installation)
    big = b'{"padding":"' + b"x" * 200_000 + b'"}'
    installation.publish(("orders", b"c1", big) for _ in range(40))
    code, told = exit_of(installation)
    assert code == 70
    assert "Retention or a new topic overtook the store" in told
    assert "orders[" in told

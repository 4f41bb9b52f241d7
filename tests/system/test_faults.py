"""What the worker does when something is wrong: it says so, and does not go on with half a state."""

import msgspec
import pytest
from confluent_kafka.admin import AdminClient, NewPartitions

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


def exit_of(installation: Installation, **settings: str) -> tuple[int, str]:
    worker = installation.start_worker(**settings)
    code = worker.process.wait(60)
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


def test_a_worker_without_broker_stops_within_its_deadline(installation: Installation):
    if installation.real:
        pytest.skip("the broker is shared by the suite; the embedded one can be ended")
    worker = installation.start_worker(TAILORLINE_SHUTDOWN_S="6")
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

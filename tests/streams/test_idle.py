"""A shard to which nothing comes: its journal stays short and its snapshot fresh."""

from streams.driver import Driver
from streams.topology import ShardId
from tests.streams.events import order, view


def test_an_idle_shard_publishes_nothing_new(driver: Driver):
    for n in range(20):
        driver.pipe("clickstream", view(n, f"s{n % 3}", second=n))
        driver.pipe("orders", order(n, "a", "b", second=n))
    for _ in range(4):
        driver.merge()
    versions = driver.host.views.latest.versions
    for _ in range(5):
        driver.merge()
    assert driver.host.views.latest.versions == versions


def test_ticks_alone_lead_to_a_snapshot_that_empties_the_journal(driver: Driver):
    driver.pipe("clickstream", view(1, "a"))
    driver.snapshot()
    for _ in range(20):
        driver.advance(60.0)
    shard = next(s for s in driver.host.runners if driver.runner(s).processor.positions)
    assert shard == ShardId("shop", shard.number)
    claim = driver._loop.run(driver.store.claim(shard, driver.runner(shard).epoch))
    assert len(claim.journal) == 20
    driver.snapshot()
    claim = driver._loop.run(driver.store.claim(shard, driver.runner(shard).epoch))
    assert claim.journal == ()
    before = driver.state(shard).clock
    driver.crash()
    assert driver.state(shard).clock == before


def test_consent_is_kept_when_an_event_says_nothing_of_it(driver: Driver):
    driver.pipe("clickstream", view(1, "a", consent=True))
    shard = next(s for s in driver.host.runners if "clickstream" in driver.runner(s).applied)
    assert len(driver.state(shard).customers) == 1
    driver.pipe("orders", order(1, "a", consent=None))
    assert driver.state(shard).customers["c1"].orders == 1
    driver.pipe("clickstream", view(2, "a", customer="c1", consent=False))
    assert len(driver.state(shard).customers) == 0
    driver.pipe("orders", order(2, "a", consent=None))
    assert len(driver.state(shard).customers) == 0

"""That customers take offers otherwise than was learnt, as the log tells it."""

from models.offers.drift import Watch
from streams.drifts import Drifts
from streams.driver import Driver
from streams.replayer import Replayer
from streams.topology import ShardId
from tests.streams.events import view
from tests.streams.test_pin import SHOP

OTHER = ShardId("shop", 1)


def report(count: int) -> dict[tuple[str, str], float]:
    return {("clicks", "drifts"): float(count)}


def test_what_is_new_is_told_once_and_of_each_shard():
    drifts = Drifts()
    assert drifts.look(SHOP, report(3)) == 0  # of before this worker had the shard
    assert drifts.look(OTHER, report(0)) == 0
    assert drifts.look(SHOP, report(5)) == 2
    assert drifts.look(SHOP, report(5)) == 0
    assert drifts.look(OTHER, report(1)) == 1


def test_a_shard_that_comes_again_is_new_and_one_that_began_anew_has_no_drift():
    drifts = Drifts()
    drifts.look(SHOP, report(1))
    drifts.forget(SHOP)
    assert drifts.look(SHOP, report(4)) == 0
    assert drifts.look(SHOP, report(0)) == 0
    assert drifts.look(SHOP, report(1)) == 1
    assert drifts.look(ShardId("floor", 0), {("alarms", "high"): 1.0}) == 0


def maintain(driver: Driver) -> None:
    driver._loop.run(driver.host.maintain())


def watch(driver: Driver) -> Watch:
    return driver.state(SHOP).offers.ranking._watch


def test_the_host_warns_of_drift_once_and_not_while_it_replays(settings, logged):
    with Driver(settings) as driver:
        driver.pipe("clickstream", view(0, "s1"))
        maintain(driver)
        for _ in range(200):
            watch(driver).take(0.1, 0.5)
        while not watch(driver).drifts:
            watch(driver).take(3.0, 0.0)
        maintain(driver)
        maintain(driver)
        told = [entry for entry in logged if entry["log_level"] == "warning"]
        assert [entry["event"] for entry in told] == ["customers take offers otherwise than before"]
        assert (told[0]["shard"], told[0]["count"]) == ("shop-0", 1)
        gauge = driver.host.metrics.model_metric.labels("clicks", "drifts", "shop-0")
        assert gauge._value.get() == 1.0
        watch(driver).drifts += 1
        driver.host.runners[SHOP]._replay = Replayer(())
        maintain(driver)
        assert [entry for entry in logged if entry["log_level"] == "warning"] == told

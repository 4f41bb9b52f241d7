"""Who serves, as the log tells it."""

from typing import Any

from models.propensity.settings import ContestSettings
from streams.champions import Champions, Change
from streams.driver import Driver
from streams.replayer import Replayer
from streams.topology import ShardId
from tests.streams.test_pin import SHOP, close_sessions

OTHER = ShardId("shop", 1)


def report(champion: str, *, pinned: bool = False) -> dict[tuple[str, str], float]:
    found = {
        (f"propensity:{name}", "champion"): float(name == champion)
        for name in ("logistic", "linear_svm")
    }
    return {**found, ("propensity", "pinned"): float(pinned), ("itemsets", "pairs"): 1.0}


def test_a_change_is_told_once_and_of_each_shard():
    champions = Champions()
    assert champions.look(SHOP, report("logistic")) is None
    assert champions.look(OTHER, report("linear_svm")) is None
    change = champions.look(SHOP, report("linear_svm"))
    assert change == Change("logistic", "linear_svm", pinned=False)
    assert champions.look(SHOP, report("linear_svm")) is None
    back = champions.look(SHOP, report("logistic", pinned=True))
    assert back == Change("linear_svm", "logistic", pinned=True)


def test_a_shard_that_comes_again_is_new_and_one_without_contest_has_nothing_to_tell():
    champions = Champions()
    champions.look(SHOP, report("logistic"))
    champions.forget(SHOP)
    assert champions.look(SHOP, report("linear_svm")) is None
    assert champions.look(ShardId("floor", 0), {("alarms", "high"): 1.0}) is None


def champion(driver: Driver) -> str:
    return driver.state(SHOP).propensity._classifier.contest.champion


def maintain(driver: Driver) -> None:
    driver._loop.run(driver.host.maintain())


def promotions(logged: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [entry for entry in logged if entry["event"] == "another classifier serves"]


def test_the_host_logs_a_promotion_once_and_exports_who_serves(settings, logged):
    settings.propensity = ContestSettings(block=2, checks=1, z=0.0, min_sessions=0)
    with Driver(settings) as driver:
        was = champion(driver)
        maintain(driver)
        sessions = 0
        while champion(driver) == was:
            close_sessions(driver, sessions, 1)
            sessions += 1
        assert promotions(logged) == []
        maintain(driver)
        maintain(driver)
        (told,) = promotions(logged)
        now = champion(driver)
        assert told.items() >= {
            "shard": "shop-0", "was": was, "now": now, "pinned": False, "log_level": "info",
        }.items()  # fmt: skip
        for name, value in ((now, 1.0), (was, 0.0)):
            gauge = driver.host.metrics.model_metric
            assert gauge.labels(f"propensity:{name}", "champion", "shop-0")._value.get() == value
        # A replay learns the promotion again, and says nothing.
        driver.crash()
        maintain(driver)
        assert champion(driver) == now
        assert len(promotions(logged)) == 1
        # And of a shard that still replays nothing is said either.
        close_sessions(driver, sessions, 1)
        driver.host.runners[SHOP]._replay = Replayer(())
        driver.state(SHOP).pin(was)
        maintain(driver)
        assert len(promotions(logged)) == 1

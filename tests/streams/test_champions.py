"""Who serves, as the log tells it."""

from typing import Any

from models.propensity.settings import ContestSettings
from streams.champions import Champions, Change
from streams.driver import Driver
from streams.replayer import Replayer
from streams.topology import ShardId
from tests.streams.test_pin import SHOP, close_sessions

OTHER = ShardId("shop", 1)


def report(
    champion: str, *, pinned: bool = False, clicks: str = "logistic"
) -> dict[tuple[str, str], float]:
    found = {
        (f"{family}:{name}", "champion"): float(name == serves)
        for family, serves in (("propensity", champion), ("clicks", clicks))
        for name in ("logistic", "linear_svm")
    }
    pins = {("propensity", "pinned"): float(pinned), ("clicks", "pinned"): 0.0}
    return {**found, **pins, ("itemsets", "pairs"): 1.0}


def test_a_change_is_told_once_and_of_each_shard():
    champions = Champions()
    assert champions.look(SHOP, report("logistic")) == []
    assert champions.look(OTHER, report("linear_svm")) == []
    change = champions.look(SHOP, report("linear_svm"))
    assert change == [Change("propensity", "logistic", "linear_svm", pinned=False)]
    assert champions.look(SHOP, report("linear_svm")) == []
    back = champions.look(SHOP, report("logistic", pinned=True))
    assert back == [Change("propensity", "linear_svm", "logistic", pinned=True)]


def test_each_family_has_a_champion_of_its_own():
    champions = Champions()
    champions.look(SHOP, report("logistic", clicks="linear_svm"))
    change = champions.look(SHOP, report("logistic", clicks="logistic"))
    assert change == [Change("clicks", "linear_svm", "logistic", pinned=False)]
    both = champions.look(SHOP, report("linear_svm", pinned=True, clicks="linear_svm"))
    assert both == [
        Change("propensity", "logistic", "linear_svm", pinned=True),
        Change("clicks", "logistic", "linear_svm", pinned=False),
    ]


def test_a_shard_that_comes_again_is_new_and_one_without_contest_has_nothing_to_tell():
    champions = Champions()
    champions.look(SHOP, report("logistic"))
    champions.forget(SHOP)
    assert champions.look(SHOP, report("linear_svm")) == []
    assert champions.look(ShardId("floor", 0), {("alarms", "high"): 1.0}) == []


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
            "shard": "shop-0", "family": "propensity", "was": was, "now": now, "pinned": False, "log_level": "info",
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
        driver.state(SHOP).pin("propensity", was)
        maintain(driver)
        assert len(promotions(logged)) == 1

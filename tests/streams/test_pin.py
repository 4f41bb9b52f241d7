"""An operator's word who serves: it holds at the next start, and a replay hears it where it was said."""

from dataclasses import replace

import pytest

from models.propensity.settings import PINS, ContestSettings
from streams.driver import Driver
from streams.store.protocol import PIN_ENTRY, Entry
from streams.topology import ShardId
from tests.streams.events import add, order, view

SHOP = ShardId("shop", 0)
EAGER = ContestSettings(block=2, checks=1, z=0.0, min_sessions=0)
"""Promotes at every opportunity."""


def close_sessions(driver: Driver, first: int, count: int) -> None:
    """Have sessions begin, be scored and end: every third with an order, most of those with a cart."""
    for n in range(first, first + count):
        who, at = {"customer": f"c{n}"}, 10.0 * n
        for k in range(4):
            driver.pipe("clickstream", view(10 * n + k, f"s{(n + k) % 5}", second=at + k, **who))
        if n % 3 == 0 or n % 7 == 0:
            driver.pipe("clickstream", add(n, f"s{n % 5}", second=at + 5, **who))
            driver.pipe("clickstream", view(10 * n + 5, "s9", second=at + 5, **who))
        if n % 3 == 0:
            driver.pipe("orders", order(n, f"s{n % 5}", second=at + 6, **who))
        else:
            # A new session ends the one before, which did not buy.
            driver.pipe(
                "clickstream", view(10 * n + 8, "s1", second=at + 8, session=f"again-{n}", **who)
            )


def contest(driver: Driver):
    return driver.state(SHOP).propensity._classifier.contest


def journal(driver: Driver) -> tuple[Entry, ...]:
    return driver._loop.run(driver.store.describe(SHOP)).journal


def restart(driver: Driver, pin: str) -> None:
    """Start the worker again with another pin, as an operator does."""
    driver.settings = driver.settings.model_copy(
        update={"propensity": replace(driver.settings.propensity, pin=pin)}
    )
    driver.crash()


@pytest.fixture
def driver(settings):
    settings.propensity = EAGER
    with Driver(settings) as own:
        yield own


@pytest.mark.parametrize("snapshot", [False, True])
def test_a_pin_holds_at_the_next_start_without_a_reset(driver: Driver, snapshot: bool):
    close_sessions(driver, 0, 20)
    before = contest(driver).champion
    other = next(name for name in EAGER.contenders if name != before)
    if snapshot:
        driver.snapshot()
    restart(driver, other)
    assert contest(driver).champion == before  # not before there is work to note it in
    driver.merge()
    assert contest(driver).champion == other
    assert journal(driver)[-1] == Entry(PIN_ENTRY, PINS.index(other), 0)
    promotions = contest(driver).promotions
    close_sessions(driver, 20, 20)
    assert (contest(driver).champion, contest(driver).promotions) == (other, promotions)
    restart(driver, "none")
    close_sessions(driver, 40, 20)
    assert not contest(driver).pinned
    assert contest(driver).promotions > promotions


def story(driver: Driver, *, crashing: bool) -> tuple:
    """Sessions, a pin in their midst, sessions, its end, sessions; maybe crashes all over."""
    others = EAGER.contenders[::-1]
    for part, pin in enumerate(["none", others[0], others[1], "none"]):
        restart(driver, pin)
        driver.merge()
        for step in range(3):
            close_sessions(driver, 30 * part + 10 * step, 10)
            if crashing and step != part % 3:
                driver.crash()
            if crashing and step == part % 3:
                driver.snapshot()
    core = driver.state(SHOP)
    offers = {
        dict(record.headers)["ce_id"]: record.value for record in driver.log.outputs
        if record.topic == "offers"
    }  # fmt: skip
    return core.report(), contest(driver)._since, offers


def test_a_replay_hears_the_pin_where_it_was_said(settings):
    settings.propensity = EAGER
    with Driver(settings.model_copy()) as calm, Driver(settings.model_copy()) as shaken:
        told = story(calm, crashing=False)
        assert told == story(shaken, crashing=True)
        assert shaken.crashes > 8
    report, _, offers = told
    assert report["propensity", "promotions"] >= 2
    assert len(offers) > 50


def test_a_pin_is_noted_once_and_what_says_nothing_new_is_not(driver: Driver):
    close_sessions(driver, 0, 3)
    assert all(entry.kind != PIN_ENTRY for entry in journal(driver))
    restart(driver, "linear_svm")
    for _ in range(3):
        driver.merge()
    close_sessions(driver, 3, 3)
    assert [entry.kind for entry in journal(driver)].count(PIN_ENTRY) == 1


def test_a_pin_is_no_change_of_the_model_settings_but_a_challenger_is(driver: Driver, logged):
    close_sessions(driver, 0, 3)
    driver.snapshot()
    restart(driver, "linear_svm")
    assert [entry for entry in logged if entry["log_level"] == "warning"] == []
    driver.settings = driver.settings.model_copy(
        update={"propensity": ContestSettings(challengers="mlp", pin="mlp")}
    )
    driver.crash()
    driver.merge()
    said = [entry["event"] for entry in logged if entry["log_level"] == "warning"]
    assert any("takes no part in this shard's contest" in event for event in said)
    assert any("model settings of its snapshot" in event for event in said)
    # It is not in the snapshot's contest, so it does not serve, and who was pinned goes on.
    assert contest(driver).champion in EAGER.contenders
    assert all(entry.kind != PIN_ENTRY for entry in journal(driver))

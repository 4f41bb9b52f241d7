"""An operator's word who serves: it holds at the next start, and a replay hears it where it was said."""

import json
from dataclasses import replace

import pytest

from models.floor import FloorSettings, FloorShard
from models.propensity.contest import Contest
from models.propensity.settings import FAMILIES, PINS, ContestSettings, Family
from streams.driver import Driver
from streams.store.protocol import PIN_ENTRY, Entry
from streams.topology import ShardId
from tests.streams.events import add, clicked, order, shown, view

SHOP = ShardId("shop", 0)
EAGER = ContestSettings(block=2, checks=1, z=0.0, min_sessions=0)
"""Promotes at every opportunity."""

families = pytest.mark.parametrize("family", FAMILIES)


def close_sessions(driver: Driver, first: int, count: int) -> None:
    """Have sessions begin, be scored and end: every third with an order, most of those with a cart.

    Offers are seen, and of every other one an article is clicked.
    """
    for n in range(first, first + count):
        who, at = {"customer": f"c{n}"}, 10.0 * n
        for k in range(4):
            driver.pipe("clickstream", view(10 * n + k, f"s{(n + k) % 5}", second=at + k, **who))
        if n % 3 == 0 or n % 7 == 0:
            driver.pipe("clickstream", add(n, f"s{n % 5}", second=at + 5, **who))
            driver.pipe("clickstream", view(10 * n + 5, "s9", second=at + 5, **who))
        offer = latest_offer(driver, f"c{n}")
        if offer is not None:
            name, skus = offer["offer_id"], [item["sku"] for item in offer["items"]]
            driver.pipe("clickstream", shown(n, name, second=at + 5.5, **who))
            if n % 2 == 0:
                sku = skus[n // 2 % len(skus)]
                driver.pipe("clickstream", clicked(n, name, sku, second=at + 5.6, **who))
        if n % 3 == 0:
            driver.pipe("orders", order(n, f"s{n % 5}", second=at + 6, **who))
        else:
            # A new session ends the one before, which did not buy.
            driver.pipe(
                "clickstream", view(10 * n + 8, "s1", second=at + 8, session=f"again-{n}", **who)
            )


def latest_offer(driver: Driver, customer: str) -> dict | None:
    outputs = reversed(driver.log.outputs)
    key = customer.encode()
    return next((json.loads(o.value) for o in outputs if (o.topic, o.key) == ("offers", key)), None)


def contest(driver: Driver, family: Family = "propensity") -> Contest:
    shard = driver.state(SHOP)
    if family == "clicks":
        return shard.offers.ranking.click.contest
    return shard.propensity._classifier.contest


def journal(driver: Driver) -> tuple[Entry, ...]:
    return driver._loop.run(driver.store.describe(SHOP)).journal


def restart(driver: Driver, pin: str, family: Family = "propensity") -> None:
    """Start the worker again with another pin, as an operator does."""
    own = replace(getattr(driver.settings, family), pin=pin)
    driver.settings = driver.settings.model_copy(update={family: own})
    driver.crash()


@pytest.fixture
def driver(settings):
    settings.propensity = settings.clicks = EAGER
    with Driver(settings) as own:
        yield own


@families
@pytest.mark.parametrize("snapshot", [False, True])
def test_a_pin_holds_at_the_next_start_without_a_reset(
    driver: Driver, snapshot: bool, family: Family
):
    close_sessions(driver, 0, 20)
    assert contest(driver, family).promotions
    before = contest(driver, family).champion
    other = next(name for name in EAGER.contenders if name != before)
    if snapshot:
        driver.snapshot()
    restart(driver, other, family)
    assert contest(driver, family).champion == before  # not before there is work to note it in
    driver.merge()
    assert contest(driver, family).champion == other
    assert journal(driver)[-1] == Entry(PIN_ENTRY, PINS.index(other), FAMILIES.index(family))
    # The other family's contest goes on.
    assert not any(contest(driver, each).pinned for each in FAMILIES if each != family)
    promotions = contest(driver, family).promotions
    close_sessions(driver, 20, 20)
    assert contest(driver, family).champion == other
    assert contest(driver, family).promotions == promotions
    restart(driver, "none", family)
    close_sessions(driver, 40, 20)
    assert not contest(driver, family).pinned
    assert contest(driver, family).promotions > promotions


def story(driver: Driver, *, crashing: bool) -> tuple:
    """Sessions, pins in their midst, sessions, their ends, sessions; maybe crashes all over."""
    others = EAGER.contenders[::-1]
    for part, pin in enumerate(["none", others[0], others[1], "none"]):
        restart(driver, pin)
        restart(driver, others[0] if part == 2 else "none", "clicks")
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
    return core.report(), [contest(driver, family)._since for family in FAMILIES], offers


def test_a_replay_hears_the_pin_where_it_was_said(settings):
    settings.propensity = settings.clicks = EAGER
    with Driver(settings.model_copy()) as calm, Driver(settings.model_copy()) as shaken:
        told = story(calm, crashing=False)
        assert told == story(shaken, crashing=True)
        assert shaken.crashes > 8
    report, _, offers = told
    for family in FAMILIES:
        assert report[family, "promotions"] >= 2
    assert len(offers) > 50


@families
def test_a_pin_is_noted_once_and_what_says_nothing_new_is_not(driver: Driver, family: Family):
    close_sessions(driver, 0, 3)
    assert all(entry.kind != PIN_ENTRY for entry in journal(driver))
    restart(driver, "linear_svm", family)
    for _ in range(3):
        driver.merge()
    close_sessions(driver, 3, 3)
    assert [entry.kind for entry in journal(driver)].count(PIN_ENTRY) == 1


def test_a_journal_of_before_there_were_families_means_the_purchase_classifiers():
    entry = Entry.decode("@pin:2:0")
    assert (PINS[entry.first], FAMILIES[entry.next]) == ("linear_svm", "propensity")


@families
def test_a_pin_is_no_change_of_the_model_settings_but_a_challenger_is(
    driver: Driver, logged, family: Family
):
    close_sessions(driver, 0, 3)
    driver.snapshot()
    restart(driver, "linear_svm", family)
    assert [entry for entry in logged if entry["log_level"] == "warning"] == []
    driver.settings = driver.settings.model_copy(
        update={family: ContestSettings(challengers="mlp", pin="mlp")}
    )
    driver.crash()
    driver.merge()
    said = [entry for entry in logged if entry["log_level"] == "warning"]
    (told,) = [e for e in said if "takes no part in this shard's contest" in e["event"]]
    assert told["setting"] == f"TAILORLINE_{family.upper()}__PIN"
    assert any("model settings of its snapshot" in entry["event"] for entry in said)
    # It is not in the snapshot's contest, so it does not serve, and who was pinned goes on.
    assert contest(driver, family).champion in EAGER.contenders
    assert all(entry.kind != PIN_ENTRY for entry in journal(driver))


def test_the_floor_has_nothing_to_pin():
    floor = FloorShard(FloorSettings())
    for family in FAMILIES:
        assert floor.can_pin(family, "none")
        assert not floor.can_pin(family, "logistic")
        assert not floor.pin(family, "none")

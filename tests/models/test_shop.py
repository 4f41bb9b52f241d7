"""The shop's shard: clicks and orders in, counts and offers out."""

from __future__ import annotations

import hashlib
import pickle
from typing import Any

import msgspec
import pytest

from models.articles import ARTICLES, Article
from models.campaigns.campaign import Campaign
from models.campaigns.document import Limits, OfferRules
from models.customers import MAX_CART
from models.decay import Levels
from models.demand import DEMAND
from models.effects import Effects, Origin
from models.itemsets.counts import ITEMS, TOTALS, ItemsetSettings
from models.offers.settings import OfferSettings
from models.options.choices import OptionChoice, OptionValue
from models.sequences.guess import SequenceSettings
from models.shop import _STEPS, COVISITS, TRENDS, ShopSettings, ShopShard
from models.snapshot import Snapshot, seal, unseal
from models.view import OFFER_RULES, TRENDING, CoPurchase, Row, Trend, View, encode
from schemas.decoding import Reject
from schemas.orders import OrderLine
from schemas.outputs import Offer
from schemas.topics import OFFERS
from tests.models.events import (
    T0,
    Feed,
    add,
    article,
    cancelled,
    clicked,
    line,
    moment,
    placed,
    remove,
    returned,
    search,
    shown,
    view,
)
from tests.models.shards import BusyShop, shop_events
from tests.models.stores import Store

EAGER = ShopSettings(offers=OfferSettings(cooldown_s=0, item_cooldown_s=0, min_views=1))
HOT = View(1, {TRENDING: encode((Trend("hot", 0.5), Trend("warm", 0.25)))})


def shop(settings: ShopSettings | None = None, seen: View | None = None) -> Feed:
    shard = ShopShard(settings or ShopSettings())
    if seen is not None:
        shard.adopt(seen, Effects())
    return Feed(shard)


def customer(feed: Feed, name: str = "c1") -> Any:
    return feed.shard.customers[name]


def offered(feed: Feed) -> list[list[str]]:
    return [[item.sku for item in offer.items] for offer in feed.sent]


# -- what is accepted -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "event",
    [
        view("a"), search(), add("a"), remove("a"), shown("o"), clicked("o"),
        placed("o", "a"), cancelled("o"), returned("o", "a"), article("a"),
    ],
    ids=lambda event: type(event).__name__,
)  # fmt: skip
@pytest.mark.parametrize("consent", [True, False])
def test_every_event_is_accepted_once(event: Any, consent: bool) -> None:
    feed = shop()
    personal = hasattr(event, "consent")
    event = msgspec.structs.replace(event, consent=consent) if personal else event
    assert feed(event, event) == ["accepted", "duplicate"]
    assert len(feed.shard.customers) == int(consent and personal)


def test_an_id_may_come_on_every_topic() -> None:
    feed = shop()
    each = [view("a", event_id="x"), placed("o", "a", event_id="x"), article("a", event_id="x")]
    assert feed(*each, *each) == ["accepted"] * 3 + ["duplicate"] * 3


def test_an_event_from_the_future_is_refused_and_changes_nothing() -> None:
    feed = shop()
    feed.sceptical = True
    feed(view("a", 0.0))
    (refused,) = feed(view("a", 4000.0, event_id="x"))
    assert isinstance(refused, Reject)
    assert refused.reason == "future_time"
    assert feed.shard.clock == T0
    assert feed(view("a", 10.0, event_id="x")) == ["accepted"], "its id was not used up"


@pytest.mark.parametrize("event", [view("a", event_id="x"), placed("o", "a", event_id="x")])
def test_an_event_whose_step_raised_is_no_duplicate_when_it_comes_again(
    event: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any) -> None:
        raise ZeroDivisionError

    feed = shop()
    with monkeypatch.context() as patch:
        patch.setitem(_STEPS, type(event), failing)
        for _ in range(2):  # neither is the second one a repeat of the first
            with pytest.raises(ZeroDivisionError):
                feed(event)
    assert feed(event, event) == ["accepted", "duplicate"]


# -- customers ------------------------------------------------------------------------------------


def test_without_consent_there_is_no_profile_and_no_offer_but_counts() -> None:
    feed = shop(EAGER, HOT)
    anonymous: dict[str, Any] = {"consent": False}
    feed(view("a", **anonymous), add("a", **anonymous), placed("o", "a b", **anonymous))
    assert len(feed.shard.customers) == 0
    assert not feed.sent
    assert feed.effects.deltas[DEMAND] == {"a": 1, "b": 1}
    assert feed.shard.sequences.trending.top(1) == [("a", 1.0)]
    assert b"c1" not in pickle.dumps(feed.shard)


def test_withdrawn_consent_takes_the_profile_along() -> None:
    feed = shop()
    feed(view("a"), placed("o", "a"))
    assert b"c1" in pickle.dumps(feed.shard)
    feed(search(1.0, consent=False))
    assert len(feed.shard.customers) == 0
    assert b"c1" not in pickle.dumps(feed.shard)
    feed(view("b", 5000.0))
    assert customer(feed).orders == 0


def test_withdrawn_consent_takes_the_current_session_along() -> None:
    feed = shop()
    feed(view("a"), view("b", 1.0), view("a", customer_id="c2"), view("c", 1.0, customer_id="c2"))
    compared = feed.shard.sequences.neighbours
    assert len(compared) == 2
    feed(search(2.0, consent=False))
    assert len(compared) == 1
    assert set(compared.scores(["a"], without=["a"])) == {"c"}


def test_an_event_that_says_nothing_of_consent_leaves_it_as_it_was() -> None:
    feed = shop()
    feed(view("a", consent=None))
    assert len(feed.shard.customers) == 0
    feed(view("a", 1.0, consent=True), view("b", 2.0, consent=None), search(3.0, consent=None))
    assert customer(feed).visit.recent == ["b", "a"]
    feed(view("a", 4.0, consent=False), view("b", 5.0, consent=None))
    assert len(feed.shard.customers) == 0


def test_the_articles_longest_not_ordered_are_forgotten_in_every_count() -> None:
    feed = shop(ShopSettings(max_skus=3))
    feed(placed("o1", "a b"), placed("o2", "a c"), placed("o3", "d"))
    assert counted(feed)[0] == {"a": 2, "c": 1, "d": 1}
    assert "b" in feed.effects.drops[DEMAND]
    assert "b" in feed.effects.drops[ITEMS]
    assert feed.effects.deltas["row:pairs:a"].keys() == {"c"}
    assert not feed.effects.deltas["row:pairs:b"]
    assert "b" in feed.effects.dirty[0], "its row of the view has to go"
    feed(returned("o1", "b"), returned("unknown", "e"))
    assert counted(feed)[0] == {"c": 1, "d": 1, "e": -1}, "what came back is not taken back twice"


def test_what_a_session_leaves_behind() -> None:
    feed = shop()
    feed(view("a"), view("b"), view("a"), search(), add("a"), add("b"), remove("a"), clicked("x"))
    one = customer(feed)
    assert (one.views, one.searches, one.carts, one.removes, one.clicks) == (3, 1, 2, 1, 1)
    assert one.visit.recent == ["a", "b"]
    assert list(one.cart) == ["b"]
    feed(placed("o", "a b", 9.0))
    assert (one.orders, one.last_order_at) == (1, T0 + 9)
    assert {sku: (had.at, had.times) for sku, had in one.bought.items()} == {
        "a": (T0 + 9, 1), "b": (T0 + 9, 1),
    }  # fmt: skip
    assert one.cart == {}
    feed(view("c", 20.0, session_id="s2"))
    assert (one.views, one.visit.recent, one.orders) == (1, ["c"], 1)


def test_carts_are_bounded() -> None:
    feed = shop()
    feed(*(add(f"s{n}") for n in range(MAX_CART + 10)))
    assert len(customer(feed).cart) == MAX_CART


def test_the_number_of_customers_is_bounded() -> None:
    feed = shop(ShopSettings(max_customers=3))
    feed(*(view("a", float(n), customer_id=f"c{n}") for n in range(9)))
    assert feed.shard.report()["customers", "profiles"] == 3
    assert feed.shard._silence.watched("session") == {"c6", "c7", "c8"}


def test_of_a_customer_there_is_no_room_for_nothing_is_left() -> None:
    feed = shop(ShopSettings(offers=EAGER.offers, max_customers=1), HOT)
    feed(add("x", customer_id="alice"))
    (offer,) = feed.sent
    feed(clicked(offer.offer_id, 1.0, sku=offer.items[0].sku, customer_id="alice"))
    feed(view("y", 2.0, customer_id="barbara"))
    left = pickle.dumps(feed.shard)
    assert b"alice" not in left, "nor in offers that wait, nor with what was wanted"
    assert b"barbara" in left


# -- labels ---------------------------------------------------------------------------------------


def labels(feed: Feed) -> tuple[int, int]:
    found = feed.shard.propensity.validation
    return found.examples, found.positives


def test_an_order_is_a_positive_label() -> None:
    feed = shop()
    feed(*(view("a", float(n)) for n in range(5)))
    assert labels(feed) == (0, 0)
    feed(placed("o", "a", 9.0))
    assert labels(feed) == (2, 2)
    feed(placed("p", "a", 10.0))
    assert labels(feed) == (2, 2)


def test_a_new_session_is_a_negative_label() -> None:
    feed = shop()
    feed(view("a"), view("b"), view("c", 5.0, session_id="s2"))
    assert labels(feed) == (1, 0)


@pytest.mark.parametrize("by", ["event", "tick"])
def test_a_silent_session_ends_with_the_window(by: str) -> None:
    feed = shop()
    feed(view("a"), view("b"), view("x", customer_id="c2"), view("x", 900.0, customer_id="c2"))
    for at, expected in ((1799.0, (0, 0)), (1800.0, (1, 0)), (2700.0, (2, 0))):
        if by == "event":
            feed(search(at, customer_id="c3"))
        else:
            feed.shard.tick(T0 + at, feed.effects)
            feed.shard.tick(T0 + 5.0, feed.effects)
        assert labels(feed) == expected
    assert customer(feed).session_id == ""
    feed(view("a", 2700.0))
    assert customer(feed).views == 1, "the same session id begins anew after the window"


# -- counts ---------------------------------------------------------------------------------------


def counted(feed: Feed) -> tuple[dict[str, float], dict[str, float]]:
    store = Store()
    store.apply(feed.effects)
    keep = {key: {k: v for k, v in store.counts(key).items() if v} for key in (DEMAND, TOTALS)}
    return keep[DEMAND], keep[TOTALS]


def test_demand_is_in_units_and_baskets_in_articles() -> None:
    feed = shop()
    feed(placed("o", {"a": 3, "b": 1}), placed("p", {"a": 2}))
    demand, totals = counted(feed)
    assert demand == {"a": 5, "b": 1}
    assert totals["n"] == 2


@pytest.mark.parametrize("take_back", [cancelled, returned])
def test_all_of_an_order_can_be_taken_back(take_back: Any) -> None:
    feed = shop()
    feed(placed("o", {"a": 3, "b": 1}), take_back("o"))
    demand, totals = counted(feed)
    assert demand == {}
    assert totals.get("n", 0) == 0
    assert feed.shard.unmatched_returns == 0
    feed(take_back("o"), take_back("o", {"a": 3}))
    assert counted(feed)[0] == {}, "nothing can be taken back twice"
    assert feed.shard.unmatched_returns == 0


def test_some_units_can_be_taken_back_and_never_more_than_there_were() -> None:
    feed = shop()
    feed(placed("o", {"a": 3, "b": 1}), returned("o", {"a": 2}))
    demand, totals = counted(feed)
    assert demand == {"a": 1, "b": 1}
    assert feed.effects.deltas[ITEMS]["a"] > 0, "one of three is still bought"
    feed(returned("o", {"a": 2, "unknown": 1}))
    assert counted(feed)[0] == {"b": 1}
    assert feed.effects.deltas[ITEMS]["a"] == 0
    feed(returned("o", {"a": 1}))
    demand, totals = counted(feed)
    assert (demand, totals["n"]) == ({"b": 1}, 1)


def test_returns_of_orders_long_gone_are_counted_as_such() -> None:
    feed = shop()
    feed(returned("unknown", {"a": 2}), cancelled("unknown"))
    assert counted(feed) == ({"a": -2}, {})
    assert feed.shard.unmatched_returns == 2
    small = shop(msgspec.convert({"itemsets": {"window": 2}}, ShopSettings))
    small(placed("o", "a"), placed("p", "a"), placed("q", "a"), cancelled("o"), cancelled("q"))
    assert small.shard.unmatched_returns == 1


@pytest.mark.parametrize("by", ["view", "tick"])
def test_counts_keep_up_with_time_also_without_orders(by: str) -> None:
    feed = shop(ShopSettings(itemsets=ItemsetSettings(half_life_s=60.0)))
    store = Store()
    feed(placed("o", "a"))
    store.apply(feed.effects)
    before, feed.effects = store.counts(ITEMS)["a"], Effects()
    if by == "view":
        feed(view("a", 2600.0))
    else:
        feed.shard.tick(T0 + 2600.0, feed.effects)
    store.apply(feed.effects)
    assert 0 < store.counts(ITEMS)["a"] < before * 1e-12


# -- offers ---------------------------------------------------------------------------------------


def test_an_offer_has_its_reason_times_and_a_deterministic_id() -> None:
    row = Row(bought_with=(CoPurchase("b", 40.0, 50.0),), count=100.0, baskets=1000.0)
    seen = View(1, {"a": encode(row)})
    feed, again = shop(EAGER, seen), shop(EAGER, seen)
    event = add("a", 7.0)
    for each in (feed, again):
        each(event)
    (output,) = feed.effects.outputs
    offer = output.value
    assert isinstance(offer, Offer)
    assert (output.topic, output.key, output.id) == (OFFERS.name, b"c1", offer.offer_id)
    assert offer == again.sent[0]
    assert (offer.customer_id, offer.session_id, offer.trigger) == ("c1", "s1", "add_to_cart")
    assert offer.decided_at.timestamp() == T0 + 7
    assert (offer.expires_at - offer.decided_at).total_seconds() == 1800
    assert offer.propensity == 0.5
    (item,) = offer.items
    assert item.sku == "b"
    assert item.reason.because_of == "a"
    assert "in 40 of 100 orders" in item.reason.text
    # What consumers validate by must fit what is sent.
    assert msgspec.json.decode(msgspec.json.encode(offer), type=Offer) == offer


def test_views_make_offers_once_there_are_enough_of_them() -> None:
    feed = shop(seen=HOT)
    feed(view("a"))
    assert not feed.sent
    feed(view("b"))
    assert [offer.trigger for offer in feed.sent] == ["view"]


def test_who_is_held_out_gets_no_offer_and_is_counted() -> None:
    held = ShopSettings(offers=OfferSettings(min_views=1, holdout=1.0))
    feed = shop(held, HOT)
    feed(view("a"), view("b", 1.0), placed("o", "a", 2.0))
    assert not feed.sent
    assert customer(feed).offer_times == []
    report = feed.shard.report()
    assert report["offers", "held_out_sessions"] == report["offers", "held_out_bought"] == 1.0
    everybody = ShopSettings(offers=OfferSettings(min_views=1, holdout=0.0))
    feed = shop(everybody, HOT)
    feed(view("a"), view("b", 1.0), placed("o", "a", 2.0))
    assert feed.sent
    assert feed.shard.report()["offers", "offered_bought"] == 1.0


@pytest.mark.parametrize("group", ["offered", "held_out"])
class TestWhatOffersAdd:
    """Which sessions count, and which of them have bought: alike in both groups."""

    def counted(self, group: str, *events: Any, triggers: dict[str, bool] | None = None) -> Any:
        chosen = OfferSettings(min_views=1, holdout=1.0 if group == "held_out" else 0.0)
        rows = {TRENDING: encode((Trend("hot", 0.5), Trend("warm", 0.25)))}
        feed = shop(ShopSettings(offers=chosen), ruled(rows, triggers=triggers or {}))
        feed(*events)
        assert bool(feed.sent) == (group == "offered"), "or it shows nothing"
        report = feed.shard.report()
        return report["offers", f"{group}_sessions"], report["offers", f"{group}_bought"]

    def test_an_offer_that_an_order_makes_cannot_have_led_to_it(self, group: str) -> None:
        assert self.counted(group, placed("o", "a", session_id="s1")) == (0, 0)
        again = placed("o", "a", session_id="s1"), placed("p", "b", 1.0, session_id="s1")
        assert self.counted(group, *again) == (0, 0)

    def test_a_session_counts_until_it_has_bought(self, group: str) -> None:
        before = view("a"), placed("o", "a", 1.0), placed("p", "a", 2.0)
        assert self.counted(group, *before) == (1, 1)
        # The session goes on: nobody was silent for half an hour.
        after = placed("o", "a", session_id="s1"), view("a", 1e3), placed("p", "a", 2e3)
        assert self.counted(group, *after) == (0, 0)
        next_one = view("a", 1e3, session_id="s2"), placed("p", "a", 2e3)
        assert self.counted(group, placed("o", "a", session_id="s1"), *next_one) == (1, 1)

    def test_an_order_in_a_later_session_is_not_of_the_one_that_counts(self, group: str) -> None:
        later = view("a"), search(1.0, session_id="s2"), placed("o", "a", 2.0)
        assert self.counted(group, *later) == (1, 0)

    def test_what_offers_do_to_a_customers_limits_does_not_decide_who_counts(
        self, group: str
    ) -> None:
        """The order made an offer to the one, who is left alone for two minutes for it."""
        soon = placed("o", "a", session_id="s1"), view("a", 10.0, session_id="s2")
        assert self.counted(group, *soon) == (1, 0)


@pytest.mark.parametrize("within", [True, False])
def test_what_is_told_outside_of_a_session_does_not_count(within: bool) -> None:
    on = {"add_to_cart": False, "price_drop": True}
    first = ruled({"a": encode(Row(article=Article(price=20.0)))}, triggers=on)
    feed = shop(EAGER, first)
    feed(add("a"))
    if not within:
        feed(search(1e5, customer_id="c2"))
    cheaper = {"a": encode(Row(article=Article(price=10.0)))}
    feed.shard.adopt(first.changed(0, 1, cheaper), feed.effects)
    assert [offer.trigger for offer in feed.sent] == ["price_drop"]
    assert feed.shard.report()["offers", "offered_sessions"] == within


def test_a_shop_that_makes_no_offers_counts_nothing() -> None:
    none = ruled({TRENDING: encode((Trend("hot", 1.0),))}, limits=Limits(daily_cap=0))
    feed = shop(EAGER, none)
    feed(add("a"))
    assert feed.shard.report()["offers", "offered_sessions"] == 0


def test_no_offer_without_anything_to_offer() -> None:
    feed = shop(EAGER)
    feed(add("a"))
    assert not feed.sent
    assert customer(feed).offer_times == []


def test_what_was_just_seen_carted_offered_or_bought_is_not_offered() -> None:
    feed = shop(
        ShopSettings(offers=OfferSettings(cooldown_s=0, min_views=1, item_cooldown_s=60)), HOT
    )
    feed(placed("o", "warm"), add("x", 1.0))
    assert offered(feed) == [["hot"]]
    feed(add("y", 2.0))
    assert len(feed.sent) == 1, "hot was offered a second ago"
    feed(add("z", 61.0))
    assert offered(feed) == [["hot"], ["hot"]]
    feed(add("hot", 200.0))
    assert len(feed.sent) == 2


def test_cooldown_and_daily_cap() -> None:
    settings = ShopSettings(
        offers=OfferSettings(cooldown_s=100, item_cooldown_s=0, daily_cap=3, min_views=1)
    )
    feed = shop(settings, HOT)
    for at in (0, 50, 100, 250, 400, 40_000, 86_399, 86_400, 86_450):
        feed(add("x", float(at)))
    times = [offer.decided_at.timestamp() - T0 for offer in feed.sent]
    assert times == [0, 100, 250, 86_400]


def test_what_is_clicked_and_bought_is_learnt() -> None:
    feed = shop(EAGER, HOT)
    feed(add("x"))
    (offer,) = feed.sent
    sku, offers = offer.items[0].sku, feed.shard.offers
    feed(shown(offer.offer_id, 1.0), clicked(offer.offer_id, 2.0, sku=sku))
    feed(shown("unknown", 3.0), clicked(offer.offer_id, 3.0, sku="another"))
    feed(shown(offer.offer_id, 3.0, customer_id="c2"))
    report = feed.shard.report()
    assert (report["offers", "shown"], report["offers", "clicked"]) == (1, 1)
    assert report["offers", "unmatched"] == 3
    assert offers.ranking.click.linear.examples == 0, "the offer is not decided yet"
    feed(placed("o", sku, 4.0))
    assert feed.shard.report()["offers", "bought"] == 1
    assert offers.ranking.buy.examples == 1
    feed(view("y", 5.0, session_id="s2"))
    assert offers.ranking.click.linear.examples == len(offer.items)
    assert feed.shard.report()["clicks", "positives"] == 1


def test_an_offer_that_nobody_saw_says_nothing() -> None:
    feed = shop(EAGER, HOT)
    feed(add("x"), view("y", 5.0, session_id="s2"))
    feed.shard.tick(T0 + 1e5, feed.effects)
    assert feed.shard.report()["offers", "pending"] == 0
    assert feed.shard.offers.ranking.click.linear.examples == 0


def test_no_click_in_time_is_learnt_as_none() -> None:
    feed = shop(EAGER, HOT)
    feed(add("x"))
    (offer,) = feed.sent
    feed(shown(offer.offer_id, 1.0))
    feed.shard.tick(T0 + 1.0 + EAGER.offers.click_window_s, feed.effects)
    report = feed.shard.report()
    assert (report["clicks", "examples"], report["clicks", "positives"]) == (len(offer.items), 0)
    assert customer(feed).ignored == {item.sku: 1 for item in offer.items}


def test_only_the_last_offers_wait_for_clicks() -> None:
    settings = ShopSettings(
        offers=OfferSettings(cooldown_s=0, item_cooldown_s=0, min_views=1, pending=2)
    )
    feed = shop(settings, HOT)
    feed(*(add("x", float(n)) for n in range(3)))
    feed(shown(feed.sent[0].offer_id, 5.0))
    report = feed.shard.report()
    assert (report["offers", "displaced"], report["offers", "unmatched"]) == (1, 1)


def test_who_withdraws_consent_leaves_nothing_that_waits() -> None:
    feed = shop(EAGER, HOT)
    feed(add("x"))
    (offer,) = feed.sent
    feed(clicked(offer.offer_id, 1.0, sku=offer.items[0].sku), search(2.0, consent=False))
    assert b"c1" not in pickle.dumps(feed.shard)
    assert feed.shard.report()["offers", "pending"] == 0


# -- what makes an offer --------------------------------------------------------------------------


def ruled(rows: dict[str, bytes] | None = None, **said: Any) -> View:
    return View(1, {OFFER_RULES: encode(OfferRules(**said)), **(rows or {})})


def test_an_order_makes_an_offer_of_what_goes_with_it() -> None:
    row = Row(bought_with=(CoPurchase("b", 40.0, 50.0),), count=100.0, baskets=1000.0)
    feed = shop(EAGER, View(1, {"a": encode(row)}))
    feed(view("x"), placed("o", "a", 1.0))
    offer = feed.sent[-1]
    assert (offer.trigger, [item.sku for item in offer.items]) == ("order_placed", ["b"])


def test_a_trigger_that_is_off_makes_none() -> None:
    feed = shop(EAGER, ruled({TRENDING: encode((Trend("hot", 1.0),))}, triggers={"view": False}))
    feed(view("a"))
    assert not feed.sent
    feed(add("b", 1.0))
    assert [offer.trigger for offer in feed.sent] == ["add_to_cart"]


@pytest.mark.parametrize("by", ["event", "tick"])
@pytest.mark.parametrize("trigger", ["session_end", "cart_left"])
def test_silence_makes_an_offer_once(trigger: str, by: str) -> None:
    on = {"view": False, "add_to_cart": False, trigger: True}
    feed = shop(EAGER, ruled({TRENDING: encode((Trend("hot", 1.0),))}, triggers=on))
    feed(view("a"), add("a", 1.0) if trigger == "cart_left" else view("b", 1.0))
    wait = getattr(EAGER.offers, f"{trigger}_s")
    for at in (wait, wait + 1.0, wait + 60.0):
        if by == "event":
            feed(search(at, customer_id="c2"))
        else:
            feed.effects.begin(Origin("@tick", 0, int(at), T0 + at))
            feed.shard.tick(T0 + at, feed.effects)
        assert [offer.trigger for offer in feed.sent] == [trigger] * (at > wait)
    (offer,) = feed.sent
    assert offer.decided_at.timestamp() == T0 + wait + 1.0
    if trigger == "cart_left":
        assert offer.items[0].sku == "a"
        assert offer.items[0].reason.text == "Left in the cart."


def test_silence_that_was_long_ago_makes_no_offer() -> None:
    feed = shop(
        EAGER, ruled({TRENDING: encode((Trend("hot", 1.0),))}, triggers={"session_end": True})
    )
    feed(view("a"))
    made = len(feed.sent)
    feed(search(1e6, customer_id="c2"))
    assert len(feed.sent) == made


@pytest.mark.parametrize(
    ("before", "after", "trigger", "why"),
    [
        (Article(price=20.0), Article(price=15.0), "price_drop", "Now 15.00 instead of 20.00."),
        (Article(stock=0), Article(stock=3), "back_in_stock", "Can be had again."),
        (Article(price=20.0), Article(price=25.0), None, None),
    ],
)
def test_news_of_what_was_left_in_a_cart(
    before: Article, after: Article, trigger: str | None, why: str | None
) -> None:
    on = {"add_to_cart": False, "price_drop": True, "back_in_stock": True}
    first = ruled({"a": encode(Row(article=before))}, triggers=on)
    feed = shop(EAGER, first)
    feed(
        add("a"),
        add("b", 1.0),
        add("a", 1.0, customer_id="c2"),
        placed("o", "a", 2.0, customer_id="c2"),
    )
    sent = len(feed.sent)
    feed.shard.adopt(first.changed(0, 1, {"a": encode(Row(article=after))}), feed.effects)
    news = feed.sent[sent:]
    assert [(offer.trigger, offer.customer_id) for offer in news] == (
        [(trigger, "c1")] if trigger else []
    )
    if trigger:
        assert news[0].items[0].sku == "a"
        assert news[0].items[0].reason.text == why


# -- offer rules ----------------------------------------------------------------------------------


def test_what_cannot_be_sold_is_not_offered() -> None:
    trends = encode((Trend("gone", 0.5), Trend("off", 0.3), Trend("hot", 0.2)))
    feed = shop(
        EAGER,
        View(1, {
            TRENDING: trends, "gone": encode(Row(article=Article(stock=0))),
            "off": encode(Row(article=Article(available=False))),
        }),
    )  # fmt: skip
    feed(add("x"))
    assert offered(feed) == [["hot"]]


def test_rules_take_the_place_of_settings() -> None:
    rows = {TRENDING: encode((Trend("hot", 0.5), Trend("warm", 0.25)))}
    none = ruled(rows, limits=Limits(daily_cap=0))
    feed = shop(EAGER, none)
    feed(add("x"))
    assert not feed.sent
    feed.shard.adopt(ruled(rows, sources={"trending": False}), Effects())
    feed(add("x", 1.0))
    assert not feed.sent, "nobody else proposes anything"
    feed.shard.adopt(ruled(rows), Effects())
    feed(add("x", 2.0))
    assert feed.sent


def test_a_campaign_is_in_the_offer_and_paid_for_by_the_order() -> None:
    sale = Campaign(
        name="sale", items=("hot",), discount=0.25, budget=100.0, boost=10.0,
        starts=moment(T0 - 50.0), ends=moment(T0 + 50.0), cap_per_customer=1,
    )  # fmt: skip
    rows = {TRENDING: encode((Trend("warm", 0.5), Trend("hot", 0.1)))}
    feed = shop(EAGER, ruled(rows, campaigns=(sale,)))
    feed(add("x"))
    first = feed.sent[0].items[0]
    assert (first.sku, first.campaign, first.discount) == ("hot", "sale", 0.25)
    spent = feed.shard.offers.deals.pacing.spent
    assert (spent(sale, T0).offers, spent(sale, T0).money) == (1, 0)
    line = OrderLine(sku="hot", quantity=2, unit_price=30.0)
    feed(msgspec.structs.replace(placed("o", "hot", 1.0), lines=(line,)))
    assert spent(sale, T0 + 1).money == pytest.approx(15.0)
    feed(add("y", 2.0))
    assert all(item.campaign is None for item in feed.sent[-1].items), (
        "one offer of it to a customer"
    )


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize(("back", "left"), [(cancelled("o"), 0.0), (returned("o", "hot"), 7.5)])
def test_what_an_order_took_of_a_budget_is_given_back_once(
    back: Any, left: float, restarts: bool
) -> None:
    sale = Campaign(name="sale", items=("hot",), discount=0.25, boost=10.0)
    view = ruled({TRENDING: encode((Trend("hot", 0.1),))}, campaigns=(sale,))
    feed = shop(EAGER, view)
    line = OrderLine(sku="hot", quantity=2, unit_price=30.0)
    feed(add("x"), placed("o", (line,), 1.0))

    def spent() -> float:
        if restarts:
            kept = unseal(seal(Snapshot(feed.shard, {}, ()), b"k" * 32), b"k" * 32)
            feed.shard = kept.state
            feed.shard.resume(view)
        money: float = feed.shard.offers.deals.pacing.spent(sale, T0 + 1).money
        return money

    assert spent() == pytest.approx(15.0)
    assert feed(back, back) == ["accepted", "duplicate"]
    assert spent() == pytest.approx(left)
    feed(cancelled("o", at=3.0, consent=False))
    assert spent() == 0.0
    feed(returned("o", "hot", 4.0))
    assert spent() == 0.0


def test_what_was_spent_goes_with_its_campaign_though_no_offer_is_made() -> None:
    sale = Campaign(name="sale", items=("hot",), discount=0.25)
    feed = shop(EAGER, ruled({TRENDING: encode((Trend("hot", 0.1),))}, campaigns=(sale,)))
    feed(add("x"))
    spent = feed.shard.offers.deals.pacing.spent
    assert spent(sale, T0).offers == 1
    feed.shard.adopt(ruled(), Effects())
    feed.shard.adopt(ruled(campaigns=(sale,)), Effects())
    assert spent(sale, T0).offers == 0


def test_an_offer_proposes_how_the_article_is_configured() -> None:
    wood = OptionChoice("wood", 100.0, 0.0, 2, (OptionValue("oak", 90.0), OptionValue("ash", 10.0)))
    table = encode(Row(options=(wood,), configured=1.0))
    feed = shop(EAGER, View(1, {"hot": table, TRENDING: encode((Trend("hot", 1.0),))}))
    feed(add("x"))
    (item,) = feed.sent[0].items
    assert item.options == {"wood": "oak"}
    assert item.option_reasons[0].text == "Chosen 90 of 100 times."


def test_an_offer_proposes_an_article_as_the_customer_had_it_before() -> None:
    wood = OptionChoice("wood", 100.0, 0.0, 2, (OptionValue("oak", 90.0), OptionValue("ash", 10.0)))
    table = encode(Row(options=(wood,), configured=1.0))
    seen = View(1, {"hot": table, TRENDING: encode((Trend("hot", 1.0),))})
    soon = ShopSettings(
        offers=OfferSettings(cooldown_s=0, item_cooldown_s=0, min_views=1, rebuy_after_s=10.0)
    )
    feed = shop(soon, seen)
    ordered = line("hot", wood="ash", engraving="For Eve")
    feed(placed("o", (ordered, line("hot"), line("other", wood="elm"))))
    feed(placed("p", (line("hot", wood="ash"),), consent=False, customer_id="c2"))
    kept = unseal(seal(Snapshot(feed.shard, {}, ()), b"k" * 32), b"k" * 32)
    feed.shard = kept.state
    feed.shard.resume(seen)
    feed(add("x", 20.0), add("x", 20.0, customer_id="c3"))
    feed(add("x", 20.0, customer_id="c2"))
    told = {offer.customer_id: offer.items[0] for offer in feed.sent}
    assert {name: item.options for name, item in told.items()} == {
        "c1": {"wood": "ash"}, "c2": {"wood": "oak"}, "c3": {"wood": "oak"},
    }  # fmt: skip
    assert told["c1"].option_reasons[0].text == "Chosen before."
    feed(search(21.0, consent=False))
    assert b"For Eve" not in pickle.dumps(feed.shard.customers)
    feed(add("x", 22.0))
    assert feed.sent[-1].items[0].options == {"wood": "oak"}, "it was forgotten"


# -- views and publishing -------------------------------------------------------------------------


def test_frequent_triangles_of_a_view_are_counted() -> None:
    rows = {"a": encode(Row(partners=("b", "c"))), "b": encode(Row(partners=("c",)))}
    feed = shop()
    feed(placed("o", "a b c d"))
    effects = Effects()
    feed.shard.adopt(View(1, rows), effects)
    assert effects.deltas["count:triples"] == {"a\x1fb\x1fc": pytest.approx(_weight(feed))}
    effects = Effects()
    feed.shard.adopt(View(1, rows), effects)
    assert not effects.deltas


def _weight(feed: Feed) -> float:
    return feed.effects.deltas[ITEMS]["a"]


def test_what_changed_is_published_piece_by_piece_and_what_went_is_dropped() -> None:
    settings = ShopSettings(sequences=SequenceSettings(max_items=3), publish_rows=2)
    feed = shop(settings)
    feed(view("a"), view("b"))
    effects = Effects()
    feed.shard.publish(effects)
    rows = {
        sku: msgspec.json.decode(blob, type=Levels).weights
        for sku, blob in effects.puts[COVISITS].items()
    }
    assert rows["a"]["b"] == pytest.approx(2 * rows["b"]["a"])
    trends = msgspec.json.decode(effects.puts[TRENDS]["top"], type=Levels)
    assert set(trends.weights) == {"a", "b"}
    assert effects.dirty == {0: {"a", "b", TRENDING}}
    feed(view("c", 1.0), view("d", 1.0))
    dropped = feed.effects.drops[COVISITS]
    assert dropped == {"a"}
    assert not dropped & set(feed.shard.sequences.covisits._rows)
    assert "a" in feed.effects.dirty[0]
    left, puts = [], set[str]()
    for _ in range(4):
        effects = Effects()
        feed.shard.publish(effects)
        left.append(len(effects.puts.get(COVISITS, {})))
        puts |= effects.puts.get(COVISITS, {}).keys()
    assert left == [2, 1, 0, 0]
    assert puts == set("bcd")


def test_trends_are_published_only_if_they_moved() -> None:
    feed = shop()
    feed(view("a"))
    for expected in (True, False):
        effects = Effects()
        feed.shard.publish(effects)
        assert (TRENDS in effects.puts) == expected


def test_what_the_catalogue_says_is_published_and_makes_no_profile() -> None:
    feed = shop()
    feed(article("a", 1.0, price=9.5, stock=2), article("b", 2.0, available=False))
    effects = Effects()
    feed.shard.publish(effects)
    told = {s: msgspec.json.decode(b, type=Article) for s, b in effects.puts[ARTICLES].items()}
    assert told == {
        "a": Article(price=9.5, stock=2, changed_at=T0 + 1.0),
        "b": Article(available=False, changed_at=T0 + 2.0),
    }
    assert effects.dirty == {0: {"a", "b"}}
    assert len(feed.shard.customers) == 0
    assert feed.shard.clock == T0 + 2.0


def test_an_article_that_is_told_of_again_keeps_its_mark_though_it_had_left() -> None:
    feed = shop(ShopSettings(max_skus=2))
    feed(*(article(sku, float(at)) for at, sku in enumerate("abcd")))
    assert "a" not in feed.shard.articles
    assert {"a", "b"} <= feed.effects.dirty[0], "the merge has to look at what left"
    feed.effects = Effects()
    # A third one leaves, so the mark of the first to leave is to go; but that one is back.
    feed(article("a", 10.0))
    assert "a" in feed.shard.articles
    assert "c" in feed.effects.dirty[0]
    feed(article("e", 11.0))
    assert {name for key, own in feed.effects.drops.items() if "dirty" in key for name in own} == {
        "b"
    }


def test_a_new_shard_publishes_nothing() -> None:
    effects = Effects()
    ShopShard(ShopSettings()).publish(effects)
    assert not effects.puts


# -- replay ---------------------------------------------------------------------------------------


def digest(busy: BusyShop) -> str:
    sent = [(output.id, encode(output.value)) for output in busy.sent]
    return hashlib.sha256(repr((sent, busy.outcomes, busy.store.hashes)).encode()).hexdigest()


@pytest.mark.parametrize("seed", range(3))
def test_the_same_events_give_the_same_outputs_and_counts(seed: int) -> None:
    one, other = BusyShop(), BusyShop()
    for busy in (one, other):
        busy.run(shop_events(seed))
    kinds = {outcome if isinstance(outcome, str) else outcome.reason for outcome in one.outcomes}
    assert kinds == {"accepted", "duplicate", "future_time"}
    assert len(one.sent) > 50
    assert {i.reason.kind for output in one.sent for i in output.value.items} >= {
        "viewed_next", "trending", "bought_together",
    }  # fmt: skip
    assert digest(one) == digest(other)
    assert len({output.id for output in one.sent}) == len(one.sent)


@pytest.mark.parametrize("cut", [1, 77, 160, 333, 599])
def test_a_snapshot_anywhere_gives_the_same_rest(cut: int) -> None:
    events = shop_events(5)
    whole, halves = BusyShop(), BusyShop()
    for part in (events[:cut], events[cut:]):  # the store adds floats up in the same order
        whole.run(part)
    halves.run(events[:cut])
    shard: Any = halves.feed.shard
    blob = seal(Snapshot(shard, {}, ()), b"k")
    halves.feed.shard = restored = unseal(blob, b"k").state
    if halves.view is not None:
        restored.adopt(halves.view, halves.feed.effects)
    halves.run(events[cut:])
    assert digest(halves) == digest(whole)
    assert restored.report() == whole.feed.shard.report()


def test_the_report_names_its_models() -> None:
    feed = shop()
    feed(view("a"), view("b"), placed("o", "a b"))
    report = feed.shard.report()
    assert report["propensity", "examples"] == 1
    assert report["itemsets", "pairs"] == 1
    assert report["itemsets", "open_triples"] == 0
    assert report["sequences", "rows"] == 2
    assert report["customers", "profiles"] == 1

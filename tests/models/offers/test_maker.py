"""Making offers, and what is learnt from what becomes of them."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from models.articles import Article
from models.campaigns.document import Limits, OfferRules
from models.customers import Customer, Customers
from models.effects import Effects, Origin
from models.itemsets.completion import BasketCompletion, CompletionSettings
from models.offers.candidates import SOURCES, Knowledge
from models.offers.maker import _LASTING, TRIGGERS, Bounds, Offers, Trigger
from models.offers.next_order import NextOrder
from models.offers.settings import OfferSettings
from models.propensity.settings import ContestSettings
from models.sequences.guess import Sequences, SequenceSettings
from models.view import OFFER_RULES, TRENDING, Row, Trend, View, encode
from schemas.outputs import Offer, Reason
from tests.models.events import placed
from tests.models.offers.world import ALONE

EAGER = OfferSettings(
    cooldown_s=0, item_cooldown_s=0, holdout=0, exploration="none", goal="clicks", size=3
)
DAY = 86_400.0


class Stand:
    """One shard's offers, and the customers it makes them to; "a" is viewed most, then "b" and "c"."""

    def __init__(self, clicks: ContestSettings = ALONE, **settings: Any) -> None:
        chosen = {name: getattr(EAGER, name) for name in EAGER.__slots__} | settings
        self.settings = OfferSettings(**chosen)
        self.offers = Offers(self.settings, clicks, Bounds(100, 3600.0))
        self.customers = Customers(100)
        self.effects = Effects()
        self._sequences = Sequences(SequenceSettings())
        for place, sku in enumerate(("c", "b", "a"), 1):
            for _ in range(place * 3):
                self._sequences.trending.learn(sku, 0.0)
        self._offset = 0

    def customer(self, name: str) -> Customer:
        return self.customers.touch(name)[0]

    def offer(
        self, at: float = 0.0, *, to: str = "c1", trigger: Trigger = "view",
        view: View | None = None, wanted: dict[str, Reason] | None = None,
    ) -> Offer | None:  # fmt: skip
        """Return the offer that was made, if one was."""
        self._offset += 1
        self.effects.begin(Origin("clickstream", 0, self._offset, at))
        before = len(self.effects.outputs)
        completion = BasketCompletion(CompletionSettings())
        knows = Knowledge(
            self._sequences, completion, NextOrder(), self.offers.shelves, view, wanted or {}
        )
        self.offers.offer(to, self.customer(to), trigger, knows, at, lambda: 0.25, self.effects)
        made = self.effects.outputs[before:]
        return made[0].value if made else None

    def made(self, at: float = 0.0, **more: Any) -> Offer:
        offer = self.offer(at, **more)
        assert offer is not None
        return offer

    def shown(
        self, offer: Offer | str, sku: str | None = None, *, to: str = "c1", after: float = 0.0
    ) -> None:
        at = after + (0.0 if isinstance(offer, str) else offer.decided_at.timestamp())
        self.offers.shown(_id(offer), to, self.customer(to), sku, at)

    def clicked(
        self, offer: Offer | str, sku: str | None = None, at: float = 0.0, *, to: str = "c1"
    ) -> None:
        self.offers.clicked(_id(offer), to, self.customer(to), sku, at)

    def ordered(
        self, *skus: str, at: float = 0.0, to: str = "c1", view: View | None = None
    ) -> None:
        self.offers.ordered(to, self.customer(to), placed("o", " ".join(skus), at), view, at)

    def pass_time(self, at: float) -> None:
        self.offers.pass_time(at, self.customers)

    def counts(self, *names: str) -> list[int]:
        report = self.offers.report()
        return [int(report["offers", name]) for name in names]

    def examples(self) -> tuple[int, int]:
        """How many articles' outcomes were learnt, and how many clicks among them."""
        report = self.offers.report()
        return int(report["clicks", "examples"]), int(report["clicks", "positives"])


def _id(offer: Offer | str) -> str:
    return offer if isinstance(offer, str) else offer.offer_id


def skus_of(offer: Offer) -> list[str]:
    return [item.sku for item in offer.items]


# -- making ---------------------------------------------------------------------------------------


def test_an_offer_says_how_it_was_chosen() -> None:
    offer = Stand().made(100.0)
    assert skus_of(offer) == ["a", "b", "c"]
    assert [item.position for item in offer.items] == [1, 2, 3]
    assert [item.propensity for item in offer.items] == [1.0] * 3
    assert [item.sources for item in offer.items] == [("trending",)] * 3
    assert offer.items[0].reason.kind == "trending"
    assert (offer.policy, offer.model) == ("none", "logistic-0-0")
    assert (offer.propensity, offer.session_id, offer.trigger) == (0.25, None, "view")
    chances = [item.click_probability or 0.0 for item in offer.items]
    assert chances == sorted(chances, reverse=True)
    assert offer.items[0].score == pytest.approx(chances[0])
    assert (offer.expires_at - offer.decided_at).total_seconds() == EAGER.expires_after_s


def test_what_is_wanted_comes_first_with_its_own_reason() -> None:
    why = Reason(kind="cart", text="Left in the cart.")
    offer = Stand().made(trigger="add_to_cart", wanted={"z": why})
    assert offer.items[0].sku == "z"
    assert offer.items[0].reason == why


def test_the_model_is_told_to_have_learnt_since() -> None:
    stand = Stand()
    offer = stand.made()
    stand.clicked(offer, "a")
    stand.ordered("a")
    stand.pass_time(1e6)
    assert stand.made(1e6).model == "logistic-1-1"


def test_the_catalogue_tells_categories_and_money() -> None:
    def article(**known: Any) -> bytes:
        return encode(Row(article=Article(**known)))

    trends = encode(tuple(Trend(sku, 0.2) for sku in "abc"))
    view = View(
        1,
        {
            TRENDING: trends, "a": article(category="hats", price=10.0, cost=9.0),
            "b": article(category="hats", price=10.0, cost=5.0),
            "c": article(category="bags", price=10.0, cost=8.0),
        },
    )  # fmt: skip
    assert skus_of(Stand(goal="margin", category_quota=3).made(view=view)) == ["b", "c", "a"]
    assert skus_of(Stand(goal="clicks", category_quota=1).made(view=view)) == ["a", "c", "b"]


def test_without_a_catalogue_views_tell_categories() -> None:
    stand = Stand(category_quota=1, size=2)
    for sku, category in (("a", "hats"), ("b", "hats"), ("c", "bags")):
        stand.offers.viewed(sku, category, None, 0.0)
        stand.offers.shelves.tried(sku)
    assert skus_of(stand.made()) == ["a", "c"]


def test_views_are_counted_for_the_segment_of_those_who_agreed_only() -> None:
    shelves = (stand := Stand()).offers.shelves
    stand.offers.viewed("a", None, None, 0.0)
    assert shelves.of_segment("new", 9) == []
    stand.offers.viewed("b", None, Customer(orders=1, last_order_at=0.0), 5.0)
    assert shelves.of_segment("regular", 9) == [("b", 1.0)]
    assert shelves.newest((), 9) == ["b", "a"]


# -- the tally ------------------------------------------------------------------------------------


def test_the_tally_adds_up() -> None:
    stand = Stand()
    one, two, three = (stand.made(float(n), to=f"c{n}") for n in range(3))
    for number, offer in enumerate((one, two)):
        stand.shown(offer, to=f"c{number}")
        stand.shown(offer, to=f"c{number}")
    stand.clicked(one, "b", 2.0, to="c0")
    stand.clicked(one, "c", 2.0, to="c0")
    stand.clicked(one, "c", 2.0, to="c0")
    stand.ordered("c", "x", at=3.0, to="c0")
    assert stand.counts("made", "shown", "decided", "clicked", "bought", "pending") == [
        3, 2, 0, 2, 1, 3,
    ]  # fmt: skip
    stand.pass_time(1e6)
    assert stand.counts("made", "shown", "decided", "clicked", "bought", "pending") == [
        3, 2, 2, 2, 1, 0,
    ]  # fmt: skip
    assert stand.counts("unmatched", "displaced") == [0, 0]
    assert stand.examples() == (6, 2)
    report = stand.offers.report()
    shown = {source: report[f"source:{source}", "shown"] for source in SOURCES}
    assert shown == dict.fromkeys(SOURCES, 0.0) | {"trending": 6.0}
    assert report["source:trending", "clicked"] == 2.0
    assert stand.offers.ranking.buy.examples == 2, "c was bought, b was not in time"
    assert report["purchases", "positives"] == 1.0
    stand.shown(three, to="c2")
    assert stand.counts("unmatched") == [1], "its time is over"


def test_what_is_not_of_the_offer_is_unmatched() -> None:
    stand = Stand()
    offer = stand.made()
    stand.shown("unknown")
    stand.shown(offer, to="another")
    stand.shown(offer, "not in it")
    stand.clicked("unknown", "a")
    stand.clicked(offer, "a", to="another")
    stand.clicked(offer, "not in it")
    assert stand.counts("unmatched", "shown", "clicked") == [6, 0, 0]
    stand.pass_time(1e6)
    assert stand.examples() == (0, 0)


def test_impressions_of_single_articles_add_up_to_one_of_the_offer() -> None:
    stand = Stand()
    offer = stand.made()
    for sku in ("b", "c", "b"):
        stand.shown(offer, sku)
    assert stand.counts("shown") == [1]
    stand.pass_time(1e6)
    assert stand.examples() == (2, 0), "a was not on the screen"
    assert stand.customer("c1").ignored == {"b": 1, "c": 1}
    assert stand.offers.ranking.records.expected("a") == 0.0


def test_what_was_clicked_counts_as_shown_and_nothing_else_does() -> None:
    stand = Stand()
    offer = stand.made()
    stand.clicked(offer, "b")
    assert stand.counts("shown", "clicked") == [1, 1]
    stand.shown(offer)
    assert stand.counts("shown", "clicked") == [1, 1]
    other = stand.made(to="c2")
    stand.clicked(other, "c", to="c2")
    stand.pass_time(1e6)
    assert stand.examples() == (3 + 1, 2)


def test_a_click_that_does_not_say_on_what_is_one_on_the_first_article() -> None:
    stand = Stand()
    offer = stand.made()
    stand.shown(offer)
    stand.clicked(offer)
    assert stand.customer("c1").clicked == ["a"]
    stand.pass_time(1e6)
    found = stand.offers.ranking.records.of("abc")
    assert found["a"] > 0 > max(found["b"], found["c"])
    assert stand.customer("c1").ignored == {"b": 1, "c": 1}


# -- when an offer is decided ---------------------------------------------------------------------


def test_the_next_offer_on_the_screen_decides_those_before() -> None:
    stand = Stand()
    one, two = stand.made(0.0), stand.made(10.0)
    stand.shown(one)
    assert stand.examples() == (0, 0)
    stand.shown(two)
    assert stand.examples() == (3, 0)
    stand.clicked(one, "a")
    assert stand.counts("unmatched", "decided", "pending") == [1, 1, 1]


def test_word_of_an_article_of_the_last_offer_leaves_the_next_one_open() -> None:
    stand = Stand()
    one, two = stand.made(0.0), stand.made(10.0)
    stand.shown(one, "a")
    stand.shown(one, "b")
    stand.shown(two)
    stand.clicked(two, "a")
    assert stand.counts("shown", "clicked", "unmatched") == [2, 1, 0]
    assert stand.examples() == (2, 0)


def test_the_click_window_begins_when_something_is_first_seen_and_ends_to_the_second() -> None:
    stand = Stand(click_window_s=100.0, expires_after_s=60.0)
    offer = stand.made(5.0)
    stand.pass_time(45.0)
    stand.shown(offer, "a", after=40.0)
    stand.shown(offer, "b", after=90.0)
    stand.pass_time(144.9)
    assert stand.counts("decided", "pending") == [0, 1]
    stand.pass_time(145.0)
    assert stand.counts("decided", "pending") == [1, 0]
    assert stand.examples() == (2, 0)


def test_a_click_that_nobody_reported_seeing_begins_the_window() -> None:
    stand = Stand(click_window_s=100.0, expires_after_s=60.0)
    offer = stand.made(0.0)
    stand.clicked(offer, "b", 50.0)
    stand.pass_time(149.9)
    stand.clicked(offer, "c", 149.9)
    assert stand.counts("clicked", "decided", "unmatched") == [2, 0, 0]
    stand.pass_time(150.0)
    assert stand.examples() == (2, 2)


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_what_is_not_seen_while_it_holds_is_waited_for_no_longer(trigger: Trigger) -> None:
    stand = Stand(click_window_s=1e6, expires_after_s=60.0, message_expires_after_s=500.0)
    on = OfferRules(triggers=dict.fromkeys(TRIGGERS, True))
    view = View(1, {TRENDING: encode((Trend("a", 1.0),)), OFFER_RULES: encode(on)})
    offer = stand.made(5.0, view=view, trigger=trigger)
    holds = 500.0 if trigger in _LASTING else 60.0
    assert (offer.expires_at - offer.decided_at).total_seconds() == holds
    stand.pass_time(4.9 + holds)
    assert stand.counts("pending") == [1]
    stand.pass_time(5.0 + holds)
    assert stand.counts("pending", "decided") == [0, 0]
    stand.shown(offer)
    assert stand.counts("unmatched") == [1]


def test_a_message_waits_to_be_read_whatever_the_page_shows_meanwhile() -> None:
    stand = Stand(click_window_s=100.0)
    on = OfferRules(triggers=dict.fromkeys(TRIGGERS, True))
    view = View(1, {TRENDING: encode((Trend("a", 1.0),)), OFFER_RULES: encode(on)})
    message = stand.made(0.0, view=view, trigger="session_end")
    stand.offers.end_session(stand.customer("c1"))
    stand.pass_time(20_000.0)
    stand.shown(stand.made(20_000.0))
    stand.shown(message, after=20_010.0)
    stand.clicked(message, "a", 20_020.0)
    assert stand.counts("shown", "clicked", "unmatched") == [2, 1, 0]
    stand.pass_time(20_110.0)
    assert stand.counts("decided", "pending") == [2, 0]
    assert stand.examples() == (3 + 1, 1)


def test_the_end_of_the_session_decides_but_what_is_met_on_coming_back() -> None:
    stand = Stand()
    on = OfferRules(triggers=dict.fromkeys(TRIGGERS, True))
    view = View(1, {TRENDING: encode((Trend("a", 1.0),)), OFFER_RULES: encode(on)})
    for number, trigger in enumerate(TRIGGERS):
        name = f"c{number}"
        stand.shown(stand.made(view=view, trigger=trigger, to=name), to=name)
        before = stand.counts("decided")[0]
        stand.offers.end_session(stand.customer(name))
        during = trigger in {"view", "add_to_cart", "order_placed"}
        assert stand.counts("decided")[0] - before == during
    assert stand.counts("pending") == [len(TRIGGERS) - 3]


def test_what_has_to_be_switched_on_makes_no_offer_before() -> None:
    made = {trigger for trigger in TRIGGERS if Stand().offer(trigger=trigger) is not None}
    assert made == {"view", "add_to_cart", "order_placed"}


def test_an_offer_there_is_no_room_to_wait_for_is_decided_as_it_is() -> None:
    stand = Stand(pending=1)
    first = stand.made(0.0)
    stand.clicked(first, "a")
    stand.made(1.0, to="c2")
    assert stand.counts("displaced", "decided", "pending") == [1, 1, 1]
    assert stand.examples() == (1, 1)


def test_offers_ignored_in_a_row_are_counted_until_one_is_clicked() -> None:
    stand = Stand()
    for number in range(3):
        stand.shown(stand.made(float(number)))
    stand.pass_time(1e5)
    customer = stand.customer("c1")
    assert customer.ignored_offers == 3
    assert customer.ignored == {"a": 3, "b": 3, "c": 3}
    stand.clicked(stand.made(1e5), "b")
    stand.pass_time(2e5)
    assert customer.ignored_offers == 0
    assert customer.ignored == {"a": 3, "c": 3}


def test_of_a_customer_who_is_not_known_any_more_clicks_are_learnt_all_the_same() -> None:
    stand = Stand()
    stand.shown(stand.made())
    stand.customers.forget("c1")
    stand.pass_time(1e6)
    assert stand.examples() == (3, 0)
    assert "c1" not in stand.customers


def test_who_is_forgotten_leaves_nothing_to_learn_from() -> None:
    stand = Stand()
    offer = stand.made(to="alice")
    stand.clicked(offer, "a", to="alice")
    stand.offers.interest.note("b", "alice", stand.customer("alice"))
    stand.offers.forget("alice", stand.customer("alice"))
    stand.pass_time(1e6)
    assert stand.examples() == (0, 0)
    assert stand.offers.ranking.buy.examples == 0
    assert b"alice" not in pickle.dumps(stand.offers)


# -- orders ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("after", "bought"), [(999.0, 1), (1_000.0, 0)])
def test_a_purchase_is_put_down_to_a_click_within_the_window(after: float, bought: int) -> None:
    stand = Stand(attribution_s=1_000.0)
    stand.clicked(stand.made(0.0), "a", 10.0)
    stand.pass_time(10.0 + after)
    stand.ordered("a", at=10.0 + after)
    assert stand.counts("bought") == [bought]
    report = stand.offers.report()
    assert (report["purchases", "examples"], report["purchases", "positives"]) == (1.0, bought)


def test_an_article_clicked_in_two_offers_is_bought_once() -> None:
    stand = Stand()
    for at in (0.0, 10.0):
        stand.clicked(stand.made(at), "a", at)
    stand.ordered("a", at=20.0)
    report = stand.offers.report()
    assert stand.counts("clicked", "bought") == [2, 1]
    assert (report["purchases", "examples"], report["purchases", "positives"]) == (2.0, 1.0)


def test_what_is_bought_again_teaches_after_how_long() -> None:
    stand = Stand()
    customer = stand.customer("c1")
    for number in range(7):
        stand.ordered("milk", at=number * 3 * DAY)
        customer.remember_purchase("milk", number * 3 * DAY)
    assert stand.offers.repurchase.wait_s("milk", None, DAY) == pytest.approx(3 * DAY)


def test_when_something_is_bought_again_goes_by_the_catalogues_category() -> None:
    rows = {sku: encode(Row(article=Article(category="wines"))) for sku in ("red", "a")}
    long = Limits(category_rebuy_after_s={"wines": 30 * DAY})
    rules = {OFFER_RULES: encode(OfferRules(limits=long))}
    rows[TRENDING] = encode((Trend("a", 0.5), Trend("b", 0.5)))
    stand, view = Stand(), View(1, rows)
    customer = stand.customer("c1")
    for number in range(6):
        stand.ordered("red", at=number * 3 * DAY, view=view, to="c2")
        stand.customer("c2").remember_purchase("red", number * 3 * DAY)
    waits = stand.offers.repurchase.wait_s
    assert waits("white", "wines", DAY) == pytest.approx(3 * DAY), "learnt for the category"
    # What views call it does not count while the catalogue has a word for it.
    stand.offers.viewed("a", "gifts", None, 0.0)
    customer.remember_purchase("a", 20 * DAY)
    assert skus_of(stand.made(22 * DAY, view=view)) == ["b"]
    assert skus_of(stand.made(24 * DAY, view=view)) == ["a", "b"]
    ruled = View(1, rows | rules)
    assert skus_of(stand.made(49 * DAY, view=ruled)) == ["b"]
    assert skus_of(stand.made(51 * DAY, view=ruled)) == ["a", "b"]


def test_who_has_bought_an_article_wants_it_no_longer() -> None:
    stand = Stand()
    stand.offers.interest.note("a", "c1", stand.customer("c1"))
    stand.ordered("b")
    assert stand.offers.interest.asking("a") == ["c1"]
    stand.ordered("a")
    assert stand.offers.interest.asking("a") == []


# -- new articles ---------------------------------------------------------------------------------


def test_an_article_is_new_until_it_was_shown_so_often_that_a_click_was_to_be_expected() -> None:
    stand = Stand(size=1)
    stand.offers.viewed("a", None, None, 0.0)
    shelves, records = stand.offers.shelves, stand.offers.ranking.records
    for number in range(500):
        assert (shelves.newest((), 9) == ["a"]) == (records.expected("a") < 1.0)
        if not shelves.newest((), 9):
            break
        stand.clicked(stand.made(number * DAY), "a", number * DAY)
        stand.pass_time(number * DAY + 2 * EAGER.click_window_s)
    assert shelves.newest((), 9) == []

"""Offers that wait for what customers do with them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.customers import Customer
from models.offers.pending import _CLICKS, Click, Decision, Pending, packed

WINDOW_S, KEEP_S, VALID_S, LASTING_S = 100.0, 1_000.0, 300.0, 5_000.0


def decision(
    at: float = 0.0, *, lasting: bool = False, name: str = "c", skus: str = "a b"
) -> Decision:
    each = tuple(skus.split())
    rows = [float(number) for number in range(3 * len(each))]
    chances = (0.1,) * len(each)
    sources = ("trending",) * len(each)
    return Decision(name, at, each, packed(rows), chances, (), sources, lasting)


def click(at: float = 0.0, offer_id: str = "o") -> Click:
    return Click(at, offer_id, packed([1.0]))


class Waiting:
    """Open offers by name, and the customers they are for."""

    def __init__(self, capacity: int = 100) -> None:
        self.pending = Pending(capacity, WINDOW_S, KEEP_S, valid_s=VALID_S, lasting_s=LASTING_S)
        self.customers: dict[str, Customer] = defaultdict(Customer)
        self._names: dict[int, str] = {}
        self._kept: list[Decision] = []

    def open(self, offer_id: str, at: float = 0.0, *, lasting: bool = False, to: str = "c") -> str:
        made = decision(at, lasting=lasting, name=to)
        self._kept.append(made)
        self._names[id(made)] = offer_id
        gone = self.pending.open(offer_id, made, self.customers[to])
        return "" if gone is None else self._names[id(gone)]

    def names(self, decided: Any) -> list[str]:
        return [self._names[id(each)] for each in decided]

    def still_open(self, *offer_ids: str, to: str = "c") -> list[str]:
        return [o for o in offer_ids if self.pending.find(o, to) is not None]

    def click(
        self, sku: str, at: float = 0.0, *, to: str = "c", offer_id: str = "o"
    ) -> Click | None:
        return self.pending.click(self.customers[to], to, sku, click(at, offer_id))

    def bought(self, sku: str, *, to: str = "c") -> Click | None:
        return self.pending.bought(self.customers[to], to, sku)

    def unbought(self, at: float) -> list[float]:
        return [each.at for each in self.pending.unbought(at)]


# -- offers ---------------------------------------------------------------------------------------


def test_an_offer_is_found_by_whom_it_was_made_for() -> None:
    waiting = Waiting()
    waiting.open("one")
    assert waiting.still_open("one", "two") == ["one"]
    assert waiting.still_open("one", to="another") == []


def test_a_decision_keeps_each_articles_features() -> None:
    kept = decision(skus="a b c")
    assert [kept.row(place) for place in range(3)] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def test_the_oldest_offer_goes_if_there_is_no_room() -> None:
    waiting = Waiting(capacity=2)
    assert [waiting.open(name, to=name) for name in ("one", "two", "three")] == ["", "", "one"]
    assert len(waiting.pending) == 2
    assert waiting.pending.find("one", "one") is None


@pytest.mark.parametrize(("lasting", "wait"), [(False, VALID_S), (True, LASTING_S)])
def test_what_nobody_sees_expires_in_the_order_it_was_made(lasting: bool, wait: float) -> None:
    waiting = Waiting()
    for name, at in (("one", 0.0), ("two", 1.0), ("three", 50.0)):
        waiting.open(name, at, lasting=lasting)
    assert waiting.names(waiting.pending.expired(wait - 0.1)) == []
    assert waiting.names(waiting.pending.expired(wait)) == ["one"]
    assert waiting.names(waiting.pending.expired(wait + 50.0)) == ["two", "three"]
    assert len(waiting.pending) == 0


@pytest.mark.parametrize("lasting", [False, True])
def test_what_is_seen_waits_for_a_click_from_then_on(lasting: bool) -> None:
    waiting = Waiting()
    for name in ("one", "two", "three"):
        waiting.open(name, 0.0, lasting=lasting)
    assert [waiting.pending.see("two", at) for at in (10.0, 90.0)] == [True, False]
    assert waiting.pending.see("one", 250.0)
    assert waiting.names(waiting.pending.expired(109.9)) == []
    assert waiting.names(waiting.pending.expired(110.0)) == ["two"]
    assert waiting.names(waiting.pending.expired(349.9)) == ([] if lasting else ["three"])
    assert waiting.names(waiting.pending.expired(350.0)) == ["one"]


def test_nothing_is_seen_before_it_was_made_and_late_word_delays_nothing_but_itself() -> None:
    waiting = Waiting()
    for name, at in (("one", 50.0), ("two", 60.0)):
        waiting.open(name, at)
    waiting.pending.see("two", 70.0)
    waiting.pending.see("one", 10.0)
    assert waiting.names(waiting.pending.expired(169.9)) == []
    assert waiting.names(waiting.pending.expired(170.0)) == ["two", "one"]


def test_a_customer_remembers_none_but_offers_that_were_open_at_the_last_one() -> None:
    waiting = Waiting()
    for number in range(30):
        waiting.open(f"o{number}", 60.0 * number)
        list(waiting.pending.expired(60.0 * number))
    assert waiting.customers["c"].waiting == [f"o{number}" for number in range(24, 30)]


def test_an_offer_that_is_shown_takes_the_place_of_those_before_it() -> None:
    waiting = Waiting()
    for name in ("one", "two", "three"):
        waiting.open(name)
    waiting.open("other", to="other")
    customer = waiting.customers["c"]
    assert waiting.names(waiting.pending.replace(customer, "three")) == ["one", "two"]
    assert waiting.still_open("one", "two", "three") == ["three"]
    assert customer.waiting == ["three"]
    assert waiting.names(waiting.pending.replace(customer, "three")) == []
    assert waiting.still_open("other", to="other") == ["other"]


def test_what_the_page_shows_takes_the_place_of_no_message() -> None:
    waiting = Waiting()
    for name in ("one", "mail", "two", "three"):
        waiting.open(name, lasting=name == "mail")
    customer = waiting.customers["c"]
    assert waiting.names(waiting.pending.replace(customer, "two")) == ["one"]
    assert customer.waiting == ["mail", "two", "three"]
    assert waiting.names(waiting.pending.replace(customer, "mail")) == []
    assert waiting.names(waiting.pending.replace(customer, "three")) == ["two"]
    assert customer.waiting == ["mail", "three"]


def test_a_late_word_of_an_earlier_offer_does_not_decide_a_later_one() -> None:
    waiting = Waiting()
    for name in ("one", "two", "three"):
        waiting.open(name)
    customer = waiting.customers["c"]
    assert waiting.names(waiting.pending.replace(customer, "two")) == ["one"]
    assert customer.waiting == ["two", "three"], "nobody can have seen it yet"
    assert waiting.names(waiting.pending.replace(customer, "three")) == ["two"]


def test_an_offer_made_before_a_profile_was_begun_anew_decides_none_of_the_later_ones() -> None:
    waiting = Waiting()
    waiting.open("one")
    waiting.customers["c"] = Customer()
    waiting.open("two")
    customer = waiting.customers["c"]
    assert waiting.names(waiting.pending.replace(customer, "one")) == []
    assert waiting.still_open("one", "two") == ["one", "two"]


def test_the_end_of_a_session_decides_what_does_not_last() -> None:
    waiting = Waiting()
    for name in ("one", "mail", "two"):
        waiting.open(name, lasting=name == "mail")
    customer = waiting.customers["c"]
    assert waiting.names(waiting.pending.end_session(customer)) == ["one", "two"]
    assert customer.waiting == ["mail"]
    assert waiting.names(waiting.pending.end_session(customer)) == []
    assert waiting.names(waiting.pending.expired(LASTING_S)) == ["mail"]
    assert waiting.names(waiting.pending.end_session(customer)) == []
    assert customer.waiting == []


def test_what_expired_is_not_decided_twice() -> None:
    waiting = Waiting()
    waiting.open("one", 0.0)
    waiting.open("two", 50.0)
    customer = waiting.customers["c"]
    assert waiting.names(waiting.pending.expired(VALID_S)) == ["one"]
    assert waiting.names(waiting.pending.replace(customer, "two")) == []
    assert waiting.names(waiting.pending.end_session(customer)) == ["two"]


# -- clicks and purchases -------------------------------------------------------------------------


def test_a_purchase_goes_back_to_its_click_once() -> None:
    waiting = Waiting()
    waiting.click("a", 5.0)
    assert waiting.bought("b") is None
    assert waiting.bought("a", to="another") is None
    found = waiting.bought("a")
    assert found is not None
    assert found.at == 5.0
    assert waiting.bought("a") is None
    assert waiting.unbought(1e9) == []
    assert waiting.customers["c"].clicked == []


def test_what_is_not_bought_in_time_comes_up_in_order_and_is_not_bought_later() -> None:
    waiting = Waiting()
    waiting.click("a", 0.0)
    waiting.click("b", 10.0)
    assert waiting.unbought(KEEP_S - 0.1) == []
    assert waiting.unbought(KEEP_S) == [0.0]
    assert waiting.bought("a") is None
    assert waiting.bought("b") is not None
    assert waiting.unbought(1e9) == []


def test_of_two_clicks_on_an_article_the_last_one_waits() -> None:
    waiting = Waiting()
    assert waiting.click("a", 0.0) is None
    gone = waiting.click("a", 10.0, offer_id="next")
    assert gone is not None
    assert gone.at == 0.0
    assert waiting.customers["c"].clicked == ["a"]
    assert waiting.unbought(KEEP_S) == []
    found = waiting.bought("a")
    assert found is not None
    assert found.offer_id == "next"


def test_an_article_clicked_again_after_its_time_waits_anew() -> None:
    waiting = Waiting()
    waiting.click("a", 0.0)
    assert waiting.unbought(KEEP_S) == [0.0]
    assert waiting.click("a", 2_000.0) is None
    assert waiting.bought("a") is not None


def test_the_oldest_click_goes_if_there_is_no_room() -> None:
    waiting = Waiting(capacity=2)
    assert [waiting.click("a", float(n), to=f"c{n}") for n in range(2)] == [None, None]
    gone = waiting.click("a", 2.0, to="c2")
    assert gone is not None
    assert gone.at == 0.0
    assert waiting.bought("a", to="c0") is None
    assert waiting.bought("a", to="c2") is not None


def test_of_one_customer_only_so_many_clicks_wait_and_the_others_were_not_bought() -> None:
    waiting = Waiting()
    assert [waiting.click(f"a{n}", float(n)) for n in range(_CLICKS)] == [None] * _CLICKS
    gone = waiting.click("more", 99.0)
    assert gone is not None
    assert gone.at == 0.0
    assert len(waiting.customers["c"].clicked) == _CLICKS
    assert waiting.bought("a0") is None
    assert waiting.bought("a1") is not None


def test_who_is_forgotten_leaves_nothing_and_others_all() -> None:
    waiting = Waiting()
    waiting.open("one")
    waiting.open("two", to="other")
    for name in ("c", "other"):
        waiting.click("a", 0.0, to=name)
    customer = waiting.customers["c"]
    waiting.pending.forget(customer, "c")
    assert customer == Customer()
    assert waiting.still_open("one") == []
    assert waiting.still_open("two", to="other") == ["two"]
    assert waiting.bought("a", to="other") is not None
    assert waiting.unbought(1e9) == []


steps = st.lists(
    st.tuples(
        st.sampled_from(["open", "open", "see", "click", "click", "replace", "end", "bought", "pass", "forget"]),
        st.integers(0, 2), st.integers(0, 60), st.floats(0, 30),
    ),
    max_size=150,
)  # fmt: skip


@given(steps)
def test_nothing_grows_without_end_and_all_that_waits_is_decided_once(
    given: list[tuple[str, int, int, float]],
) -> None:
    waiting, at, made, decided = Waiting(capacity=5), 0.0, list[str](), list[str]()
    for step, number, article, gap in given:
        at += gap
        name = f"c{number}"
        customer = waiting.customers[name]
        match step:
            case "open":
                made.append(f"o{len(made)}")
                decided += filter(None, [waiting.open(made[-1], at, lasting=article > 30, to=name)])
            case "see" if open_ := [o for o in made if waiting.still_open(o, to=name)]:
                waiting.pending.see(open_[article % len(open_)], at)
            case "click":
                waiting.click(f"a{article}", at, to=name)
            case "replace" if customer.waiting:
                shown = customer.waiting[article % len(customer.waiting)]
                decided += waiting.names(waiting.pending.replace(customer, shown))
            case "end":
                decided += waiting.names(waiting.pending.end_session(customer))
            case "bought":
                waiting.bought(f"a{article}", to=name)
            case "pass":
                decided += waiting.names(waiting.pending.expired(at))
                waiting.unbought(at)
            case "forget":
                decided += [o for o in made if waiting.still_open(o, to=name)]
                waiting.pending.forget(customer, name)
        assert len(waiting.pending) <= 5
        pending = waiting.pending
        queued = [*pending._seen, *pending._unseen, *pending._lasting]
        assert sorted(queued) == sorted(pending._open)
        assert len(waiting.pending._clicks) <= 5
        assert len(customer.waiting) <= 5 + 1
        assert len(customer.clicked) <= _CLICKS
    decided += waiting.names(waiting.pending.expired(1e9))
    assert sorted(decided) == sorted(made)
    assert len(waiting.pending) == 0

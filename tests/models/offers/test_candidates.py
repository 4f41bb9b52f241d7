"""What each source proposes, and why."""

from __future__ import annotations

from itertools import pairwise

import pytest

from models.articles import Article
from models.customers import Customer, Purchase
from models.itemsets.completion import BasketCompletion, CompletionSettings
from models.offers.candidates import SOURCES, Knowledge, Proposal, proposals
from models.offers.next_order import NextOrder
from models.offers.shelves import Shelves
from models.sequences.guess import Sequences, SequenceSettings
from models.sequences.visit import Visit
from models.view import TRENDING, CoPurchase, Neighbour, Row, Trend, View, encode
from schemas.outputs import Reason


def by_source(
    customer: Customer, view: View | None = None, blocked: str = "", per_source: int = 20,
    shelves: Shelves | None = None, wanted: dict[str, Reason] | None = None,
) -> dict[str, Proposal]:  # fmt: skip
    sequences = Sequences(SequenceSettings(second_step=0, like_sessions=0))
    for earlier, sku in pairwise(["a", "b", "c"]):
        sequences.learn(Visit([earlier]), sku, 0.0)
    completion = BasketCompletion(CompletionSettings())
    knows = Knowledge(
        sequences, completion, NextOrder(), shelves or Shelves(3600.0, 100), view, wanted or {}
    )
    found = proposals(customer, knows, blocked.split(), 10.0, per_source=per_source)
    return {one.source: one for one in found}


def test_without_a_view_the_shard_knows_what_it_has_seen_itself() -> None:
    found = by_source(Customer(visit=Visit(["b"])), blocked="b")
    assert found["viewed_next"].scores == {"c": pytest.approx(2 / 3), "a": pytest.approx(1 / 3)}
    assert found["trending"].scores == {"c": 1.0}
    assert not found.keys() & {"bought_together", "next_order", "new", "category", "segment"}
    reason = found["viewed_next"].reason("c")
    assert (reason.kind, reason.because_of) == ("viewed_next", "b")
    assert reason.text == "Often viewed next by those who viewed b."
    assert found["trending"].reason("c").text == "Viewed a lot right now."


def test_a_new_customer_gets_what_is_trending() -> None:
    found = by_source(Customer())
    assert "viewed_next" not in found
    assert found["trending"].scores == {"b": 1.0, "c": 1.0}


def test_the_strongest_co_purchase_is_the_reason() -> None:
    def bought(**pairs: float) -> bytes:
        with_it = tuple(CoPurchase(sku, n_ab, 50) for sku, n_ab in pairs.items())
        return encode(Row(bought_with=with_it, count=100, baskets=1000))

    view = View(1, {"a": bought(x=40, y=20), "b": bought(x=30, weak=6)})
    found = by_source(Customer(cart={"b": None}, visit=Visit(["a"])), view)["bought_together"]
    assert list(found.scores) == ["x", "y", "weak"]
    assert sum(found.scores.values()) == pytest.approx(1.0)
    reason = found.reason("x")
    assert reason.text == (
        "Bought together with a in 40 of 100 orders, 8.0 times as often as by chance."
    )
    assert (reason.because_of, reason.together, reason.of) == ("a", 40, 100)
    assert (reason.confidence, reason.lift) == (0.4, 8.0)
    assert found.reason("weak").because_of == "b"


def test_the_merged_view_tells_what_is_trending() -> None:
    view = View(1, {TRENDING: encode((Trend("t1", 0.4), Trend("t2", 0.1)))})
    assert by_source(Customer(), view)["trending"].scores == {"t1": 1.0, "t2": 0.25}


def test_what_was_bought_before_is_proposed_again() -> None:
    customer = Customer(
        bought={
            "once": Purchase(0.0, 1, 1.0), "twice": Purchase(0.0, 2, 2.0),
            "often": Purchase(0.0, 8, 8.0),
        },
        orders=8,
    )  # fmt: skip
    found = by_source(customer)["next_order"]
    assert list(found.scores) == ["often", "twice", "once"]
    assert found.reason("often").text == "Bought 8 times before."
    assert found.reason("once").text == "Bought once before."
    assert found.reason("once").kind == "bought_again"


def test_what_goes_with_the_last_order_is_proposed() -> None:
    with_it = (CoPurchase("x", 40, 50),)
    view = View(1, {"a": encode(Row(bought_with=with_it, count=100, baskets=1000))})
    customer = Customer(bought={"a": Purchase(5.0, 1, 1.0)}, orders=1, last_order_at=5.0)
    found = by_source(customer, view)["next_order"]
    assert set(found.scores) == {"a", "x"}
    reason = found.reason("x")
    assert (reason.kind, reason.because_of) == ("bought_together", "a")
    assert reason.text == (
        "Bought together with the last order's a in 40 of 100 orders, "
        "8.0 times as often as by chance."
    )


def test_what_is_blocked_takes_no_place_of_what_is_not() -> None:
    row = Row(next=tuple(Neighbour(f"n{n}", 0.1) for n in range(9)))
    view = View(
        1, {"a": encode(row), TRENDING: encode(tuple(Trend(f"n{n}", 0.1) for n in range(9)))}
    )
    found = by_source(Customer(visit=Visit(["a"])), view, "n0 n1 n2", per_source=3)
    assert list(found["viewed_next"].scores) == ["n3", "n4", "n5"]
    assert list(found["trending"].scores) == ["n3", "n4", "n5"]


def busy_shelves() -> Shelves:
    shelves = Shelves(3600.0, 100)
    for sku, category, times in [
        ("a", "hats", 1),
        ("h1", "hats", 3),
        ("h2", "hats", 1),
        ("b1", "bags", 9),
    ]:
        for _ in range(times):
            shelves.learn(sku, category, "new", 0.0)
    return shelves


def test_what_is_viewed_in_the_category_stands_in_for_an_article_that_is_not_known() -> None:
    found = by_source(Customer(visit=Visit(["a"])), blocked="a", shelves=busy_shelves())
    assert "viewed_next" in found
    assert list(found["category"].scores) == ["h1", "h2"]
    reason = found["category"].reason("h1")
    assert reason.text == "Viewed a lot in hats, the category of a."
    assert reason.because_of == "a"


def test_what_others_of_the_segment_view() -> None:
    shelves = busy_shelves()
    shelves.learn("regulars'", None, "regular", 0.0)
    found = by_source(Customer(), shelves=shelves)
    assert next(iter(found["segment"].scores)) == "b1"
    assert found["segment"].reason("b1").text == "Viewed a lot by new customers right now."
    regular = Customer(orders=1, last_order_at=5.0)
    assert list(by_source(regular, shelves=shelves)["segment"].scores) == ["regulars'"]


def test_new_articles_are_proposed_those_of_the_category_first() -> None:
    found = by_source(Customer(visit=Visit(["h1"])), blocked="h1", shelves=busy_shelves())
    assert list(found["new"].scores) == ["h2", "a", "b1"]
    assert found["new"].reason("h2").text == "New: few have seen it yet."


def test_what_the_offer_is_made_for_is_proposed_though_it_is_blocked_everywhere_else() -> None:
    why = Reason(kind="cart", text="Left in the cart.")
    found = by_source(Customer(), blocked="c", wanted={"c": why})
    assert found["wanted"].scores == {"c": 1.0}
    assert found["wanted"].reason("c") == why
    assert "c" not in found["trending"].scores


def test_what_cannot_be_sold_takes_no_place() -> None:
    trends = tuple(Trend(f"t{n}", 0.5 - n / 10) for n in range(4))
    gone = encode(Row(article=Article(stock=0)))
    view = View(1, {TRENDING: encode(trends), "t0": gone, "t2": gone})
    assert list(by_source(Customer(), view, per_source=2)["trending"].scores) == ["t1", "t3"]


def test_sources_can_be_left_out() -> None:
    shelves = busy_shelves()
    sequences = Sequences(SequenceSettings())
    completion = BasketCompletion(CompletionSettings())
    knows = Knowledge(sequences, completion, NextOrder(), shelves, None)
    customer = Customer(visit=Visit(["a"]))
    for source in ("category", "segment", "new"):
        chosen = proposals(customer, knows, (), 0.0, sources=[source])
        assert [one.source for one in chosen] == [source]
        others = [name for name in SOURCES if name != source]
        assert source not in {
            one.source for one in proposals(customer, knows, (), 0.0, sources=others)
        }

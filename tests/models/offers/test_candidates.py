"""What each source proposes, and why."""

from __future__ import annotations

from itertools import pairwise

import pytest

from models.customers import Customer
from models.itemsets.rules import Rule
from models.offers.candidates import Proposal, proposals
from models.sequences.guess import Sequences, SequenceSettings
from models.sequences.visit import Visit
from models.view import TRENDING, Neighbour, Row, Trend, View, encode


def rule(a: str, b: str, n_ab: float, n_b: float = 50) -> Rule:
    return Rule(antecedent=a, consequent=b, n=1000, n_a=100, n_b=n_b, n_ab=n_ab)


def by_source(
    customer: Customer, view: View | None = None, blocked: str = "", per_source: int = 20
) -> dict[str, Proposal]:
    sequences = Sequences(SequenceSettings(second_step=0, like_sessions=0))
    for earlier, sku in pairwise(["a", "b", "c"]):
        sequences.learn(Visit([earlier]), sku, 0.0)
    found = proposals(customer, sequences, view, blocked.split(), per_source=per_source)
    return {one.source: one for one in found}


def test_without_a_view_the_shard_knows_what_it_has_seen_itself() -> None:
    found = by_source(Customer(visit=Visit(["b"])), blocked="b")
    assert found["viewed_next"].scores == {"c": pytest.approx(2 / 3), "a": pytest.approx(1 / 3)}
    assert found["trending"].scores == {"c": 1.0}
    assert "bought_together" not in found
    reason = found["viewed_next"].reason("c")
    assert (reason.kind, reason.because_of) == ("viewed_next", "b")
    assert reason.text == "Often viewed next by those who viewed b."
    assert found["trending"].reason("c").text == "Viewed a lot right now."


def test_a_new_customer_gets_what_is_trending() -> None:
    found = by_source(Customer())
    assert not found["viewed_next"].scores
    assert found["trending"].scores == {"b": 1.0, "c": 1.0}


def test_the_strongest_rule_is_the_reason() -> None:
    rows = {
        "a": encode(Row(rules=(rule("a", "x", 40), rule("a", "y", 20)))),
        "b": encode(Row(rules=(rule("b", "x", 30), rule("b", "weak", 5)))),
    }
    found = by_source(Customer(cart={"b": None}, visit=Visit(["a"])), View(1, rows))[
        "bought_together"
    ]
    assert list(found.scores) == ["x", "y"], "weak is no better than chance"
    assert found.scores["x"] == rule("a", "x", 40).score
    reason = found.reason("x")
    assert reason.text == (
        "Bought together with a in 40 of 100 orders, 8.0 times as often as by chance."
    )
    assert (reason.because_of, reason.together, reason.of) == ("a", 40, 100)
    assert (reason.confidence, reason.lift) == (0.4, 8.0)


def test_the_merged_view_tells_what_is_trending() -> None:
    view = View(1, {TRENDING: encode((Trend("t1", 0.4), Trend("t2", 0.1)))})
    assert by_source(Customer(), view)["trending"].scores == {"t1": 1.0, "t2": 0.25}


def test_what_was_bought_twice_is_proposed_again() -> None:
    customer = Customer(bought={"once": (0.0, 1), "twice": (0.0, 2), "often": (0.0, 8)})
    found = by_source(customer)["bought_again"]
    assert found.scores == {"often": 0.8, "twice": 0.5}
    assert list(found.scores) == ["often", "twice"]
    assert found.reason("often").text == "Bought 8 times before."


def test_what_is_blocked_takes_no_place_of_what_is_not() -> None:
    row = Row(next=tuple(Neighbour(f"n{n}", 0.1) for n in range(9)))
    view = View(
        1, {"a": encode(row), TRENDING: encode(tuple(Trend(f"n{n}", 0.1) for n in range(9)))}
    )
    found = by_source(Customer(visit=Visit(["a"])), view, "n0 n1 n2", per_source=3)
    assert list(found["viewed_next"].scores) == ["n3", "n4", "n5"]
    assert list(found["trending"].scores) == ["n3", "n4", "n5"]

"""The ring of baskets, against a plain list."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from models.itemsets.window import BasketWindow, Kept

ITEMS = "abcdef"


class WindowMachine(RuleBasedStateMachine):
    """Pushes, takes and rescales, beside a list that does the same naively."""

    def __init__(self) -> None:
        super().__init__()
        self.window = BasketWindow(8)
        self.ring: list[Kept | None] = []
        self.count = 0
        self.lost: set[str] = set()

    @rule(items=st.sets(st.sampled_from(ITEMS), min_size=1), again=st.booleans())
    def push(self, items: set[str], again: bool) -> None:
        self.count += not again
        basket = Kept(f"o{self.count}", tuple(sorted(items)), float(self.count % 5 + 1), 1)
        self.window.push(basket)
        self.lost.discard(basket.order_id)
        self.ring = [*self.ring, basket][-8:]

    @rule(back=st.integers(0, 12))
    def take(self, back: int) -> None:
        order_id = f"o{self.count - back}"
        found = [n for n, kept in enumerate(self.ring) if kept and kept.order_id == order_id]
        expected = self.ring[found[-1]] if found else None
        taken = self.window.take(order_id)
        # Of an order that was placed twice only the later basket can be taken.
        if order_id in {kept.order_id for kept in self.ring if kept} - self.lost:
            assert taken == expected
            self.ring[found[-1]] = None
            self.lost.add(order_id)
        else:
            assert taken is None

    @rule(factor=st.sampled_from([0.5, 2.0]))
    def rescale(self, factor: float) -> None:
        self.window.rescale(factor)
        self.ring = [kept and kept._replace(weight=kept.weight * factor) for kept in self.ring]

    @invariant()
    def same_weights(self) -> None:
        for items in (("a",), ("a", "b"), ("b", "c", "d"), ("e", "x")):
            expected = sum(k.weight for k in self.ring if k and set(items) <= set(k.items))
            assert self.window.weight_of(items) == expected

    @invariant()
    def no_more_than_it_holds(self) -> None:
        assert len(self.window) <= 8
        held: Any = self.window._postings
        first = self.window._first
        present = {item for kept in self.ring if kept for item in kept.items}
        assert set(held) == present
        assert all(list(own) == sorted(own) and own[-1] >= first for own in held.values())


TestWindow = WindowMachine.TestCase
TestWindow.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)


def test_old_postings_are_cut_in_bulk() -> None:
    window = BasketWindow(50)
    for number in range(1000):
        window.push(Kept(f"o{number}", ("a", "b" if number % 2 else "c"), 1.0, 1))
        assert window.weight_of(("a",)) == min(number + 1, 50)
    assert len(window._postings["a"]) <= 101
    assert window.weight_of(("a", "b")) == 25


@pytest.mark.parametrize("capacity", [33, 34, 40])
def test_the_last_posting_of_many_old_ones(capacity: int) -> None:
    window = BasketWindow(capacity)
    for number in range(3 * capacity):
        window.push(Kept(f"o{number}", ("a",), 1.0, 1))
    for number in range(2 * capacity + 1, 3 * capacity):
        assert window.take(f"o{number}")
    for number in range(capacity):
        window.push(Kept(f"p{number}", ("z",), 1.0, 1))
    assert set(window._postings) == {"z"}


def test_an_article_whose_last_basket_is_taken_leaves_nothing_behind() -> None:
    window = BasketWindow(3)
    for number, item in enumerate("abac"):
        window.push(Kept(f"o{number}", (item,), 1.0, 1))
    assert window.take("o2")
    assert set(window._postings) == {"b", "c"}

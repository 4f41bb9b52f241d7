"""Rows and totals of a stream, and the plan of what is to be done."""

from streams.dlq.listing import Listing
from streams.dlq.marks import (
    DEFAULT_RETENTION_S,
    FOREVER_S,
    SEGMENT_S,
    Mark,
    batches,
    mark_ttl_s,
)
from streams.dlq.planning import Plan
from tests.dlq.letters import letter

DONE = Mark("replayed", 5.0, 1)


def test_the_newest_are_kept_and_all_are_counted():
    listing = Listing(2, handled=False)
    for n in (3, 1, 4, 2):
        listing.add(letter(f"l{n}", n, at=float(n)), Mark())
    listing.add(letter("equal", 0, at=4.0), Mark())
    assert [row.id for row, _ in listing.rows()] == ["equal", "l4"]
    assert (listing.matched, listing.by_reason) == (5, {"invalid": 5})


def test_no_rows_are_no_trouble():
    listing = Listing(0, handled=False)
    listing.add(letter(), Mark())
    assert (listing.rows(), listing.matched) == ([], 1)


def test_what_was_handled_is_hidden_unless_asked_for():
    for handled, matched, hidden in [(False, 1, {"replayed": 1}), (True, 2, {})]:
        listing = Listing(9, handled=handled)
        listing.add(letter("a"), DONE)
        listing.add(letter("b", 1), Mark(claimed_for_s=9))
        assert (listing.matched, listing.hidden) == (matched, hidden)


def test_a_plan_sorts_what_it_is_given():
    given = [
        (letter("cut", 1, told_truncated=True), Mark()), (letter("done", 2), DONE),
        (letter("a", 9, partition=1), Mark()), (letter("b", 4, partition=1), Mark()),
        (letter("c", 6), Mark()),
    ]  # fmt: skip
    plan = Plan(9)
    plan.fill(given, again=False, sending=True)
    assert plan.letters == {(1, 9): "a", (1, 4): "b", (0, 6): "c"}
    assert plan.bounds() == {1: (4, 10), 0: (6, 7)}
    assert ([name for name, _ in plan.refused], plan.passed) == (["cut"], {"replayed": 1})
    again = Plan(9)
    again.fill(given, again=True, sending=False)
    assert (len(again.letters), again.refused, again.passed) == (5, [], {})


def test_marks_outlive_their_letters_and_not_for_ever():
    assert mark_ttl_s(None) == DEFAULT_RETENTION_S + SEGMENT_S
    assert mark_ttl_s("86400000") == 86_400 + SEGMENT_S
    assert mark_ttl_s("-1") == mark_ttl_s("9" * 18) == FOREVER_S


def test_batches():
    assert list(batches(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(batches([], 2)) == []

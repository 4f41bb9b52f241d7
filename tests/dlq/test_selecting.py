"""Filters, and the times they are given in."""

import pytest

from streams.dlq.selecting import Chosen, Selection, moment
from tests.dlq.letters import letter

NOW = 1_767_605_400.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("45s", NOW - 45), ("30m", NOW - 1800), ("6h", NOW - 21_600), (" 2d ", NOW - 172_800),
        ("1w", NOW - 604_800), ("2026-01-05T09:30:00Z", NOW), ("2026-01-05T09:30", NOW),
        ("2026-01-05T10:30:00+01:00", NOW), ("2026-01-05", NOW - 9.5 * 3600),
    ],
)  # fmt: skip
def test_moments(text, seconds):
    assert moment(text, NOW) == seconds


@pytest.mark.parametrize("text", ["", "yesterday", "5", "2 d", "-2d", "1.5h", "2026-13-01", "d"])
def test_what_is_no_moment(text):
    with pytest.raises(ValueError, match="is no time"):
        moment(text, NOW)


def test_a_selection_that_says_nothing_is_empty_and_takes_all():
    assert not Selection()
    assert Selection().takes(letter())


@pytest.mark.parametrize(
    "said",
    [
        {"ids": frozenset("a")}, {"topic": "clickstream"}, {"partition": 3}, {"reason": "invalid"},
        {"since": 1000.0}, {"until": 1000.5}, {"key": "c1"}, {"contains": "{"},
    ],
)  # fmt: skip
def test_each_filter_takes_what_fits_and_nothing_else(said):
    other = letter("b", key=b"c10", value=b"x", told_topic="orders", told_partition=30,
                   told_reason="empty", at=999.9 if "since" in said else 1000.5)  # fmt: skip
    assert Selection(**said)
    assert Selection(**said).takes(letter())
    assert not Selection(**said).takes(other)


def test_zero_and_the_empty_key_are_said_too():
    assert Selection(partition=0)
    assert not Selection(partition=0).takes(letter())
    assert Selection(key="").takes(letter(key=None))
    assert not Selection(key="").takes(letter())


def test_all_that_is_said_must_hold():
    assert not Selection(topic="clickstream", key="c2").takes(letter())


def test_text_is_found_plain_escaped_and_as_bytes():
    for value in (b'"Gr\xc3\xb6\xc3\x9fe"', b'"Gr\\u00f6\\u00dfe"'):
        assert Selection(contains="Größe").takes(letter(value=value))
    assert Selection(contains="\udcff").takes(letter(value=b"a\xff"))


def test_repeats_are_dropped_and_what_was_asked_for_and_not_met_is_known():
    chosen = Chosen(Selection(ids=frozenset({"a", "z"})))
    stream = [letter("a"), letter("b"), letter("a", 5)]
    assert [each.offset for each in chosen.of(stream)] == [0]
    assert (chosen.repeats, chosen.lacking()) == (1, ["z"])

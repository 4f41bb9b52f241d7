"""What a message of the topic says, and whether it can go back."""

import pytest

from streams.dlq.letters import read_letter, replay_headers
from tests.dlq.letters import letter


def test_a_letter_is_read_from_its_headers():
    found = letter("x", 7, value=b"\x00", partition=2)
    assert (found.id, found.source, found.told.reason) == ("x", "clickstream[3]@1200", "invalid")
    assert (found.partition, found.offset, found.value, found.key) == (2, 7, b"\x00", b"c1")
    assert found.without_value() == letter("x", 7, value=b"", partition=2, told_size=1)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("tailorline.id", b"\xff")],
        [(name, None if name == "tailorline.id" else raw) for name, raw in letter().headers],
        [(name, b"x" if name == "tailorline.size" else raw) for name, raw in letter().headers],
        [(name, b"odd" if name == "tailorline.reason" else raw) for name, raw in letter().headers],
    ],
)
def test_other_messages_are_no_letters(headers):
    assert read_letter(b"k", b"v", headers, 0.0, 0, 0) is None


def test_headers_of_others_do_no_harm():
    more = (("trace", b"\xff"), ("nothing", None), ("tailorline.replays", b"3"))
    assert letter(more=more).replays() == 3


@pytest.mark.parametrize("raw", [b"", b"-1", b"x", b"9" * 5000, None])
def test_a_wrong_count_counts_as_none(raw):
    assert letter(more=(("tailorline.replays", raw),)).replays() == 0


def test_a_replay_says_which_letter_it_was():
    assert replay_headers(letter("x"), 2) == [
        ("tailorline.replay_of", b"x"), ("tailorline.replays", b"2"),
    ]  # fmt: skip


def test_what_is_cut_or_from_no_input_is_refused():
    assert letter().refusal() is None
    assert "cut (9,999 bytes came in)" in (
        letter(told_truncated=True, told_size=9999).refusal() or ""
    )
    for topic in ("offers", "dead-letters", "__consumer_offsets"):
        assert "no input topic" in (letter(told_topic=topic).refusal() or "")

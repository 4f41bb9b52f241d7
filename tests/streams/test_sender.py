"""What is too large for its topic is cut, or its shard would never get past it."""

from streams.encoding import Record
from streams.runtime.sender import _can_be_cut, cut


def letter(size: int) -> Record:
    headers = (("tailorline.id", b"x"), ("tailorline.truncated", b"false"))
    return Record("dead-letters", b"k" * size, b"v" * size, headers, 0.0)


def test_a_cut_dead_letter_says_so_and_keeps_its_id():
    small = cut(letter(1_000_000))
    assert len(small.key) + len(small.value) <= 2048
    assert dict(small.headers) == {"tailorline.id": b"x", "tailorline.truncated": b"true"}
    assert not _can_be_cut(small)


def test_only_dead_letters_are_cut():
    assert _can_be_cut(letter(1_000_000))
    assert not _can_be_cut(letter(1_000_000)._replace(topic="offers"))

"""Names are bounded, and what is counted under a name stays there."""

from __future__ import annotations

from models.bounded import OTHER, BoundedNames


def test_the_first_names_keep_their_own_count() -> None:
    named = BoundedNames(2)
    assert [named(name) for name in "abacbca"] == ["a", "b", "a", OTHER, "b", OTHER, "a"]


def test_there_may_be_no_room_at_all() -> None:
    assert BoundedNames(0)("a") == OTHER

"""Which ids were seen lately."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from models.cleaning.seen import SeenIds


@settings(deadline=None)
@given(st.integers(1, 10), st.lists(st.integers(0, 40), max_size=200))
def test_at_least_the_last_and_at_most_twice_as_many(capacity: int, ids: list[int]) -> None:
    seen, accepted = SeenIds(capacity), list[int]()
    for one in ids:
        new = str(one) not in seen
        if new:
            seen.add(str(one))
        if one in accepted[-capacity:]:
            assert not new
        if one not in accepted[-2 * capacity :]:
            assert new
        if new:
            accepted.append(one)
        assert len(seen._new) + len(seen._old) <= 2 * capacity


def test_a_repeat_is_not_new() -> None:
    seen = SeenIds(10)
    seen.add("a")
    assert ["a" in seen, "b" in seen, "b" in seen] == [True, False, False]

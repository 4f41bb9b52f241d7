"""Names are bounded: those met last stay."""

from __future__ import annotations

import pickle

from models.bounded import RecentNames


def met(names: RecentNames, *some: str) -> list[str]:
    gone = []
    for name in some:
        names.touch(name)
        gone += names.cut()
    return gone


def test_the_name_longest_not_met_goes_first() -> None:
    names = RecentNames(3)
    assert met(names, *"abcad") == ["b"]
    assert list(names) == ["c", "a", "d"]
    assert "a" in names
    assert "b" not in names
    assert met(names, "b") == ["c"]


def test_a_cut_makes_room_for_some() -> None:
    names = RecentNames(32)
    gone = met(names, *(f"n{number}" for number in range(33)))
    assert gone == ["n0", "n1", "n2"]
    assert len(names) == 30
    assert met(names, "n33", "n34") == []
    assert met(names, "n35") == ["n3", "n4", "n5"]


def test_the_order_outlives_a_snapshot() -> None:
    names = RecentNames(3)
    met(names, *"abca")
    assert met(pickle.loads(pickle.dumps(names)), "d") == ["b"]


def test_there_may_be_no_room_at_all() -> None:
    assert met(RecentNames(0), "a") == ["a"]

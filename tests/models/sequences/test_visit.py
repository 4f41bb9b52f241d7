"""The memory of a session."""

from __future__ import annotations

from models.sequences.visit import Visit


def test_the_last_distinct_views_are_remembered() -> None:
    visit = Visit()
    for sku in ("a", "b", "c", "a", "d"):
        visit.see(sku, 3)
    assert visit.recent == ["d", "a", "c"]


def test_a_new_session_has_seen_nothing() -> None:
    visit = Visit(["a"], 7)
    visit.begin()
    assert visit == Visit()

"""Times that cannot be."""

from __future__ import annotations

from models.cleaning.timeliness import too_early


def test_late_events_and_small_differences_of_clocks_are_fine() -> None:
    assert too_early(1000.0, 1e9) is None
    assert too_early(1000.0, 1000.0) is None
    assert too_early(1300.0, 1000.0) is None


def test_an_event_from_the_future_is_refused() -> None:
    refused = too_early(5000.0, 1000.0)
    assert refused is not None
    assert (refused.reason, refused.where) == ("future_time", "$.occurred_at")
    assert "4,000 s after" in refused.message
    assert too_early(1300.001, 1000.0) is not None

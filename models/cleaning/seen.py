"""Which event ids were seen lately: two generations of sets, so that memory is bounded."""

from __future__ import annotations


class SeenIds:
    """Remembers at least the last ``capacity`` ids and at most twice as many.

    Asking and remembering are two calls: an event is seen once its step is through. One whose step
    raised becomes a dead letter, and must not be taken for a repeat when it is sent again.
    """

    __slots__ = ("_new", "_old", "capacity")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._new: set[str] = set()
        self._old: set[str] = set()

    def __contains__(self, event_id: str) -> bool:
        return event_id in self._new or event_id in self._old

    def add(self, event_id: str) -> None:
        """Remember an id."""
        self._new.add(event_id)
        if len(self._new) >= self.capacity:
            self._old, self._new = self._new, set()

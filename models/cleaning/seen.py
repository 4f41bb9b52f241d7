"""Which event ids were seen lately: two generations of sets, so that memory is bounded."""

from __future__ import annotations


class SeenIds:
    """Remembers at least the last ``capacity`` ids and at most twice as many."""

    __slots__ = ("_new", "_old", "capacity")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._new: set[str] = set()
        self._old: set[str] = set()

    def first_time(self, event_id: str) -> bool:
        """Return whether the id is new, and remember it."""
        if event_id in self._new or event_id in self._old:
            return False
        self._new.add(event_id)
        if len(self._new) >= self.capacity:
            self._old, self._new = self._new, set()
        return True

"""A bound on names: counts by article must not grow with whatever producers send."""

from __future__ import annotations

OTHER = "(other)"


class BoundedNames:
    """The first ``capacity`` names that come; later ones are counted together as `OTHER`."""

    __slots__ = ("_known", "capacity")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._known: set[str] = set()

    def __call__(self, name: str) -> str:
        """Return the name to count under."""
        if name in self._known:
            return name
        if len(self._known) >= self.capacity:
            return OTHER
        self._known.add(name)
        return name

"""Bounds that forget: what grows with whatever producers send is cut, the least useful first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from itertools import islice

_SHARE = 16
"""A cut takes this part of what may be kept, so that its cost is shared by the names that lead to
the next one: a look at all pairs, for example, is then a few microseconds for each new article."""


def left_after_cut(capacity: int) -> int:
    """Return how many stay when more than ``capacity`` have come together."""
    return capacity - capacity // _SHARE


class RecentNames:
    """The names met last, at most ``capacity`` once `cut` was called.

    Whoever counts under a name touches it, and forgets all that it counts under what is cut.
    """

    __slots__ = ("_names", "capacity")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._names: OrderedDict[str, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        """Yield the names, the longest not met first."""
        return iter(self._names)

    def touch(self, name: str) -> None:
        """Note that a name was met."""
        self._names[name] = None
        self._names.move_to_end(name)

    def cut(self) -> list[str]:
        """Forget the names longest not met if there are too many; return them, oldest first."""
        if len(self._names) <= self.capacity:
            return []
        gone = list(islice(self._names, len(self._names) - left_after_cut(self.capacity)))
        for name in gone:
            del self._names[name]
        return gone

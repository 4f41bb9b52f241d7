"""How often alarms came whose records are gone: when they come again, their numbers go on."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

Key = TypeVar("Key")
MOST = 10_000


class Occurrences(Generic[Key]):
    """The numbers of alarms that nothing else is kept of, at most ``capacity`` of them.

    A record that is made anew counts from one. With what is `before` it, the number of an alarm never
    goes back. It is exact for those remembered; of all others it is known what none of them exceeded.
    """

    __slots__ = ("_came", "_most", "capacity")

    def __init__(self, capacity: int = MOST) -> None:
        self.capacity = capacity
        self._came: OrderedDict[Key, int] = OrderedDict()
        self._most = 0
        """What the numbers of those forgotten here, too, came to at most."""

    def before(self, key: Key) -> int:
        """Return how often an alarm came before the record that there is of it now."""
        return self._came.get(key, self._most)

    def keep(self, key: Key, number: int) -> None:
        """Remember an alarm whose record, which counted to ``number``, goes."""
        if not number:
            return
        self._came[key] = self.before(key) + number
        self._came.move_to_end(key)
        while len(self._came) > self.capacity:
            _, came = self._came.popitem(last=False)
            self._most = max(self._most, came)

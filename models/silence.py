"""Who has been silent for how long: timers in event time, one for each wait."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator


class Silence:
    """When each of many was heard last, and who has been silent for each of a few waits.

    Everybody comes up once for each wait, and again after having been heard again.
    """

    __slots__ = ("_queues",)

    def __init__(self, waits: dict[str, float]) -> None:
        """Watch for ``waits``: seconds by name."""
        self._queues: dict[str, tuple[float, OrderedDict[str, float]]] = {
            name: (wait, OrderedDict()) for name, wait in waits.items()
        }

    def heard(self, who: str, at: float) -> None:
        """Note that somebody was heard at ``at`` (unix seconds)."""
        for _, queue in self._queues.values():
            queue[who] = at
            queue.move_to_end(who)

    def forget(self, who: str) -> None:
        """Wait for somebody no longer."""
        for _, queue in self._queues.values():
            queue.pop(who, None)

    def over(self, wait: str, now: float) -> Iterator[tuple[str, float]]:
        """Yield who has been silent for a wait by ``now``, and when it was over; each one once."""
        seconds, queue = self._queues[wait]
        while queue:
            who, last = next(iter(queue.items()))
            if last + seconds > now:
                return
            del queue[who]
            yield who, last + seconds

    def watched(self, wait: str) -> frozenset[str]:
        """Return who may come up for a wait yet."""
        return frozenset(self._queues[wait][1])

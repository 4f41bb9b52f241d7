"""Whether customers take offers otherwise than was learnt: reports count it, the log tells it."""

from __future__ import annotations

from collections.abc import Mapping

from streams.topology import ShardId

_METRIC = ("clicks", "drifts")


class Drifts:
    """How often there was drift when a shard was looked at last."""

    def __init__(self) -> None:
        self._seen: dict[ShardId, int] = {}

    def look(self, shard: ShardId, report: Mapping[tuple[str, str], float]) -> int:
        """Return how often there was drift since the last look; the first one finds none."""
        count = int(report.get(_METRIC, 0.0))
        before = self._seen.get(shard, count)
        self._seen[shard] = count
        return max(count - before, 0)

    def forget(self, shard: ShardId) -> None:
        """Begin anew with a shard: it goes to another worker."""
        self._seen.pop(shard, None)

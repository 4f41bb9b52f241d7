"""Which classifier serves in each shard, as reports tell it: a change is worth a line in the log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from streams.topology import ShardId

_METRIC = "champion"


class Change(NamedTuple):
    """Another classifier serves."""

    was: str
    now: str
    pinned: bool
    """By an operator's word, and not because it was better."""


class Champions:
    """Who served when a shard was looked at last."""

    def __init__(self) -> None:
        self._seen: dict[ShardId, str] = {}

    def look(self, shard: ShardId, report: Mapping[tuple[str, str], float]) -> Change | None:
        """Return what has changed since the last look; the first one finds no change."""
        for (model, metric), value in report.items():
            if metric == _METRIC and value:
                family, _, now = model.partition(":")
                was = self._seen.get(shard, now)
                self._seen[shard] = now
                pinned = bool(report.get((family, "pinned")))
                return None if was == now else Change(was, now, pinned)
        return None

    def forget(self, shard: ShardId) -> None:
        """Begin anew with a shard: it goes to another worker."""
        self._seen.pop(shard, None)

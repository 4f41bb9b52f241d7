"""Which classifiers serve in each shard, as reports tell it: a change is worth a line in the log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from streams.topology import ShardId

_METRIC = "champion"


class Change(NamedTuple):
    """Another classifier serves."""

    family: str
    """What it foretells."""
    was: str
    now: str
    pinned: bool
    """By an operator's word, and not because it was better."""


class Champions:
    """Who served when a shard was looked at last, by family."""

    def __init__(self) -> None:
        self._seen: dict[ShardId, dict[str, str]] = {}

    def look(self, shard: ShardId, report: Mapping[tuple[str, str], float]) -> list[Change]:
        """Return what has changed since the last look; the first one finds no change."""
        seen = self._seen.setdefault(shard, {})
        found = []
        for (model, metric), value in report.items():
            if metric == _METRIC and value:
                family, _, now = model.partition(":")
                was = seen.get(family, now)
                seen[family] = now
                if was != now:
                    pinned = bool(report.get((family, "pinned")))
                    found.append(Change(family, was, now, pinned))
        return found

    def forget(self, shard: ShardId) -> None:
        """Begin anew with a shard: it goes to another worker."""
        self._seen.pop(shard, None)

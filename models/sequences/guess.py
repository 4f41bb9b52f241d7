"""The session recommender as served and as measured: co-visits, repeats, trending as a fallback."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.sequences.covisits import CoVisits, next_scores
from models.sequences.repeats import RepeatLags
from models.sequences.trending import Trending
from models.view import View


@dataclass(frozen=True, slots=True)
class SequenceSettings:
    """How views are learnt from. Times in seconds."""

    memory: int = 6
    covisit_half_life_s: float = 5 * 86400.0
    trending_half_life_s: float = 3600.0
    max_row: int = 200
    max_items: int = 50_000


class Sequences:
    """What one shard has learnt from the order of views."""

    __slots__ = ("covisits", "repeats", "settings", "trending")

    def __init__(self, settings: SequenceSettings) -> None:
        self.settings = settings
        self.covisits = CoVisits(settings.covisit_half_life_s, settings.max_row, settings.max_items)
        self.repeats = RepeatLags(settings.memory)
        self.trending = Trending(settings.trending_half_life_s)

    def learn(self, recent: Sequence[str], item: str, at: float) -> None:
        """Learn a view after the session's ``recent`` distinct views (latest first)."""
        self.trending.learn(item, at)
        if recent:
            self.repeats.learn(recent, item)
            self.covisits.learn(recent, item, at)

    def scores(self, recent: Sequence[str], view: View | None = None) -> dict[str, float]:
        """Score the articles that may come next; shares of the merged view where it has any."""
        shares = {}
        for item in recent:
            merged = view.row(item).next if view is not None else ()
            shares[item] = (
                [(near.sku, near.share) for near in merged]
                if merged
                else self.covisits.shares(item)
            )
        scores = next_scores(recent, shares)
        for lag, item in enumerate(recent):
            scores[item] = self.repeats.share(lag) * 2 + scores.get(item, 0.0) * (
                self.repeats.share(lag) > 0.01
            )
        return scores


def remember(recent: list[str], item: str, memory: int) -> None:
    """Put ``item`` in front of the session's distinct recent views, in place."""
    if item in recent:
        recent.remove(item)
    recent.insert(0, item)
    del recent[memory:]

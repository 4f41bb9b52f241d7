"""The session recommender as served and as measured: co-visits, repeats, trending as a fallback."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.sequences.covisits import CoVisits
from models.sequences.repeats import RepeatLags
from models.sequences.trending import Trending
from models.view import View

POSITION_WEIGHT = 0.6
"""How much less each earlier view of the session counts when the next is guessed."""


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

    def learn(self, recent: Sequence[str], item: str, at: float) -> Sequence[str]:
        """Learn a view after the session's ``recent`` distinct views (latest first).

        Returns the articles whose rows of co-visits had to go.
        """
        self.trending.learn(item, at)
        if not recent:
            return ()
        self.repeats.learn(recent, item)
        return self.covisits.learn(recent, item, at)

    def next(self, recent: Sequence[str], view: View | None = None) -> dict[str, float]:
        """Score what is viewed near ``recent``, by the merged view's rows where it has any."""
        scores: dict[str, float] = {}
        position = 1.0
        for item in recent:
            merged = view.row(item).next if view is not None else ()
            if merged and not scores:
                scores = {near.sku: position * near.share for near in merged}
            elif merged:
                for near in merged:
                    scores[near.sku] = scores.get(near.sku, 0.0) + position * near.share
            elif row := self.covisits.row(item):
                factor = position / self.covisits.total(item)
                for other, weight in row.items():
                    scores[other] = scores.get(other, 0.0) + factor * weight
            position *= POSITION_WEIGHT
        return scores

    def scores(self, recent: Sequence[str], view: View | None = None) -> dict[str, float]:
        """Score the articles that may come next, those of the session among them.

        In shops where views repeat, how often counts most; where they do not, such a view is out.
        """
        scores = self.next(recent, view)
        for lag, item in enumerate(recent):
            share = self.repeats.share(lag)
            scores[item] = 2 * share + (scores.get(item, 0.0) if share > 0.01 else 0.0)
        return scores


def remember(recent: list[str], item: str, memory: int) -> None:
    """Put ``item`` in front of the session's distinct recent views, in place."""
    if item in recent:
        recent.remove(item)
    recent.insert(0, item)
    del recent[memory:]

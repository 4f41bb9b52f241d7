"""The session recommender as served and as measured: co-visits, a second step, like sessions, repeats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest

from models.sequences.covisits import CoVisits
from models.sequences.neighbours import NeighbourSettings, SessionNeighbours
from models.sequences.repeats import RepeatLags
from models.sequences.trending import Trending
from models.sequences.visit import Visit
from models.view import View

POSITION_WEIGHT = 0.6
"""How much less each earlier view of the session counts when the next is guessed."""
_ENOUGH = 60
"""With so many articles near a session the second step is left out: it only fills short lists."""
_BRANCHES = 10


@dataclass(frozen=True, slots=True)
class SequenceSettings:
    """How views are learnt from. Times in seconds."""

    memory: int = 6
    covisit_half_life_s: float = 5 * 86400.0
    trending_half_life_s: float = 3600.0
    max_row: int = 200
    max_items: int = 50_000
    second_step: float = 0.3
    like_sessions: float = 1.0
    neighbours: NeighbourSettings = field(default_factory=NeighbourSettings)


class Sequences:
    """What one shard has learnt from the order of views."""

    __slots__ = ("covisits", "neighbours", "repeats", "settings", "trending")

    def __init__(self, settings: SequenceSettings) -> None:
        self.settings = settings
        self.covisits = CoVisits(settings.covisit_half_life_s, settings.max_row, settings.max_items)
        self.neighbours = SessionNeighbours(settings.neighbours)
        self.repeats = RepeatLags(settings.memory)
        self.trending = Trending(settings.trending_half_life_s)

    def learn(self, visit: Visit, item: str, at: float) -> Sequence[str]:
        """Learn a view of the session, and remember it as part of it.

        Returns the articles whose rows of co-visits had to go.
        """
        gone: Sequence[str] = ()
        self.trending.learn(item, at)
        if visit.recent:
            self.repeats.learn(visit.recent, item)
            gone = self.covisits.learn(visit.recent, item, at)
            if self.settings.like_sessions:
                visit.trail = self.neighbours.learn(visit.trail, visit.recent, item)
        visit.see(item, self.settings.memory)
        return gone

    def next(self, visit: Visit, view: View | None = None) -> dict[str, float]:
        """Score what may be viewed next and was not yet in this session.

        By the merged view's rows of co-visits where it has any; what is near to what is near fills
        up, and the sessions that are most like this one have their say.
        """
        scores = self._blend(visit, view)
        for item in visit.recent:
            scores.pop(item, None)
        return scores

    def scores(self, visit: Visit, view: View | None = None) -> dict[str, float]:
        """Score the articles that may come next, those of the session among them.

        In shops where views repeat, how often counts most; where they do not, such a view is out.
        """
        scores = self._blend(visit, view)
        for lag, item in enumerate(visit.recent):
            share = self.repeats.share(lag)
            scores[item] = 2 * share + (scores.get(item, 0.0) if share > 0.01 else 0.0)
        return scores

    def _blend(self, visit: Visit, view: View | None) -> dict[str, float]:
        settings = self.settings
        scores = self._near(visit.recent, view)
        if settings.second_step and len(scores) < _ENOUGH:
            _add(scores, self._second_step(scores, view), settings.second_step)
        if settings.like_sessions:
            alike = self.neighbours.scores(visit.recent, visit.trail, visit.recent)
            _add(scores, alike, settings.like_sessions)
        return scores

    def _near(self, recent: Sequence[str], view: View | None) -> dict[str, float]:
        scores: dict[str, float] = {}
        position = 1.0
        for item in recent:
            for other, share in self._shares(item, view):
                scores[other] = scores.get(other, 0.0) + position * share
            position *= POSITION_WEIGHT
        return scores

    def _second_step(self, scores: Mapping[str, float], view: View | None) -> dict[str, float]:
        """Score what is viewed near the best of ``scores``, by the same rows."""
        best = nsmallest(_BRANCHES, [(-score, item) for item, score in scores.items()])
        whole = -sum(score for score, _ in best)
        further: dict[str, float] = {}
        for score, item in best:
            for other, share in self._shares(item, view):
                further[other] = further.get(other, 0.0) - score / whole * share
        return further

    def _shares(self, item: str, view: View | None) -> Iterator[tuple[str, float]]:
        merged = view.row(item).next if view is not None else ()
        if merged:
            for near in merged:
                yield near.sku, near.share
        elif row := self.covisits.row(item):
            total = self.covisits.total(item)
            for other, weight in row.items():
                yield other, weight / total


def _add(scores: dict[str, float], more: Mapping[str, float], weight: float) -> None:
    for item, score in more.items():
        scores[item] = scores.get(item, 0.0) + weight * score

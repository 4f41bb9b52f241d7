"""What sessions like this one viewed: VMIS-kNN, kept up with every view instead of built at night.

After Kersbergen, Sprangers, Schelter (SIGMOD 2022), "Serenade": of the latest sessions that share an
article with this one, those that share the most and the latest ones are its neighbours; their other
articles score by how alike they are and how rare the article is. An index from article to its latest
sessions makes that cheap, and it is brought up to date by each view.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import log

_FORGOTTEN = 0.1
"""By how much less a neighbour counts for each view since the last article shared with it."""


@dataclass(frozen=True, slots=True)
class NeighbourSettings:
    """How sessions are compared. With ``sessions`` 0 none are."""

    sessions: int = 20_000
    length: int = 20
    per_item: int = 100
    compared: int = 200
    neighbours: int = 50


class SessionNeighbours:
    """The latest sessions of a shard, nameless, by the articles that they viewed."""

    __slots__ = ("_items", "_last", "_sessions", "settings")

    def __init__(self, settings: NeighbourSettings) -> None:
        self.settings = settings
        self._sessions: dict[int, list[str]] = {}
        """The distinct articles of each session, oldest session first."""
        self._items: dict[str, dict[int, None]] = {}
        """The latest sessions that viewed an article, latest last."""
        self._last = 0

    def __len__(self) -> int:
        """Return the number of sessions held."""
        return len(self._sessions)

    def learn(self, trail: int, recent: Sequence[str], item: str) -> int:
        """Learn a view after ``recent`` (distinct, latest first); return the session's number.

        A session is held from its second article on: one alone has no neighbours to teach.
        """
        if not self.settings.sessions or not recent or item == recent[0]:
            return trail
        viewed = self._sessions.get(trail)
        if viewed is None:
            trail, viewed = self._open()
            for earlier in reversed(recent):
                self._add(trail, viewed, earlier)
        if item in viewed:
            viewed.remove(item)
            viewed.append(item)
        else:
            self._add(trail, viewed, item)
        return trail

    def forget(self, trail: int) -> None:
        """Forget a session."""
        for item in self._sessions.pop(trail, ()):
            self._leave(trail, item)

    def scores(
        self, recent: Sequence[str], trail: int = 0, without: Collection[str] = ()
    ) -> dict[str, float]:
        """Score what the neighbours of a session viewed, ``without`` some; the scores add up to 1.

        The session itself is no neighbour, if its number is given.
        """
        alike: dict[int, float] = {}
        weight, step = 1.0, 1.0 / max(len(recent), 1)
        for item in recent:
            for other in self._items.get(item, ()):
                alike[other] = alike.get(other, 0.0) + weight
            weight -= step
        alike.pop(trail, None)
        latest = sorted(alike, reverse=True)[: self.settings.compared]
        # Of those as much alike the latest, for sorting keeps them in order.
        nearest = sorted(latest, key=alike.__getitem__, reverse=True)[: self.settings.neighbours]
        scores: dict[str, float] = {}
        for other in nearest:
            viewed = self._sessions[other]
            since = next(place for place, item in enumerate(recent) if item in viewed)
            worth = alike[other] * (1.0 - _FORGOTTEN * since)
            for item in viewed:
                scores[item] = scores.get(item, 0.0) + worth
        for item in without:
            scores.pop(item, None)
        known = len(self._sessions)
        for item in scores:
            row = self._items.get(item)
            scores[item] *= log(1.0 + known / len(row)) if row else log(1.0 + known)
        whole = sum(scores.values())
        return {item: score / whole for item, score in scores.items()} if whole > 0 else {}

    def _open(self) -> tuple[int, list[str]]:
        self._last += 1
        viewed = self._sessions[self._last] = []
        if len(self._sessions) > self.settings.sessions:
            self.forget(next(iter(self._sessions)))
        return self._last, viewed

    def _add(self, trail: int, viewed: list[str], item: str) -> None:
        viewed.append(item)
        if len(viewed) > self.settings.length:
            self._leave(trail, viewed.pop(0))
        row = self._items.setdefault(item, {})
        row[trail] = None
        if len(row) > self.settings.per_item:
            del row[next(iter(row))]

    def _leave(self, trail: int, item: str) -> None:
        row = self._items.get(item)
        if row is not None and trail in row:
            del row[trail]
            if not row:
                del self._items[item]

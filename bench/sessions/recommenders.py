"""Who guesses the next click: the system's own recommender, and baselines that learn online too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import nlargest
from math import sqrt
from typing import Protocol

from models.decay import ForwardDecay
from models.sequences.guess import Sequences, SequenceSettings
from models.sequences.neighbours import NeighbourSettings, SessionNeighbours
from models.sequences.visit import Visit

_DAY_S = 86_400.0
_SESSION = 50
"""Most distinct articles of a session that baselines look at: a robot's visit has thousands."""


_VMIS_MEMORY = 9
"""Further back than nine articles VMIS-kNN counts nothing."""


class Recommender(Protocol):
    """Guesses, then learns. Keeps what it must know of the sessions itself."""

    def guess(self, session: str, cut: int, without: frozenset[str]) -> list[str]:
        """Return at most ``cut`` articles, best first, none of those in ``without``."""

    def learn(self, session: str, item: str, at: float) -> None:
        """Learn from a view, and remember it as part of its session."""

    def see(self, session: str, item: str) -> None:
        """Remember a view as part of its session, and learn nothing from it."""


def best(scores: Mapping[str, float], cut: int, without: Iterable[str] = ()) -> list[str]:
    """Return the articles with the highest scores; ties by name, so that runs are alike."""
    top = nlargest(cut + len(list(without)), scores.items(), key=lambda pair: (pair[1], pair[0]))
    return [item for item, score in top if score > 0 and item not in without][:cut]


class Ours:
    """`models.sequences.guess.Sequences`, with the memory of a session that shards keep."""

    def __init__(self, settings: SequenceSettings | None = None) -> None:
        self.settings = settings or SequenceSettings()
        self.model = Sequences(self.settings)
        self._visits: defaultdict[str, Visit] = defaultdict(Visit)

    def guess(self, session: str, cut: int, without: frozenset[str]) -> list[str]:
        """Guess as an offer's candidates are guessed."""
        return best(self.model.scores(self._visits[session]), cut, without)

    def learn(self, session: str, item: str, at: float) -> None:
        """Learn as a shard does."""
        self.model.learn(self._visits[session], item, at)

    def see(self, session: str, item: str) -> None:
        """Keep the last distinct views."""
        self._visits[session].see(item, self.settings.memory)


class _Sessions:
    """The distinct articles of each session, latest first."""

    def __init__(self) -> None:
        self._visits: defaultdict[str, Visit] = defaultdict(Visit)

    def of(self, session: str) -> Sequence[str]:
        return self._visits[session].recent

    def see(self, session: str, item: str) -> None:
        self._visits[session].see(item, _SESSION)


class Popularity:
    """What was viewed most; with a half-life, what is viewed most now."""

    def __init__(self, half_life_s: float = 0.0, kept: int = 100) -> None:
        self._decay = ForwardDecay(half_life_s)
        self._counts: dict[str, float] = {}
        self._top: dict[str, float] = {}
        self._least = 0.0
        self._kept = kept

    def guess(self, session: str, cut: int, without: frozenset[str]) -> list[str]:
        """Guess the same for everybody."""
        del session
        return best(self._top, cut, without)

    def learn(self, session: str, item: str, at: float) -> None:
        """Count; the list of the best is kept up to date, for sorting all counts is slow."""
        del session
        factor = self._decay.advance(at)
        if factor is not None:
            self._counts = {name: count * factor for name, count in self._counts.items()}
            self._top = {name: self._counts[name] for name in self._top}
            self._least *= factor
        count = self._counts[item] = self._counts.get(item, 0.0) + self._decay.weight(at)
        # Counts only grow between landmarks, so nobody enters the list but by a view of its own.
        if item in self._top or count > self._least or len(self._top) < self._kept:
            self._top[item] = count
            if len(self._top) > 2 * self._kept:
                self._top = dict(nlargest(self._kept, self._top.items(), key=lambda pair: pair[1]))
                self._least = min(self._top.values())

    def see(self, session: str, item: str) -> None:
        """Nothing to remember."""


class OwnSession:
    """What the session has already seen, latest first: what a shop shows as recently viewed."""

    def __init__(self) -> None:
        self._sessions = _Sessions()

    def guess(self, session: str, cut: int, without: frozenset[str]) -> list[str]:
        """Guess what was seen."""
        return [item for item in self._sessions.of(session) if item not in without][:cut]

    def learn(self, session: str, item: str, at: float) -> None:
        """Remember."""
        del at
        self.see(session, item)

    def see(self, session: str, item: str) -> None:
        """Remember."""
        self._sessions.see(session, item)


class CoVisitation:
    """In how many sessions two articles met; ``cosine`` divides by how common each is (item-kNN)."""

    def __init__(self, *, cosine: bool) -> None:
        self._sessions = _Sessions()
        self._met: dict[str, dict[str, float]] = {}
        self._counts: dict[str, float] = {}
        self._cosine = cosine

    def guess(self, session: str, cut: int, without: frozenset[str]) -> list[str]:
        """Guess from the last article of the session."""
        recent = self._sessions.of(session)
        if not recent:
            return []
        row = self._met.get(recent[0], {})
        if not self._cosine:
            return best(row, cut, without)
        counts = self._counts
        return best({item: met / sqrt(counts[item]) for item, met in row.items()}, cut, without)

    def learn(self, session: str, item: str, at: float) -> None:
        """Count the article and its pairs once per session."""
        del at
        recent = self._sessions.of(session)
        if item not in recent:
            self._counts[item] = self._counts.get(item, 0.0) + 1
            mine = self._met.setdefault(item, {})
            for other in recent:
                mine[other] = mine.get(other, 0.0) + 1
                theirs = self._met.setdefault(other, {})
                theirs[item] = theirs.get(item, 0.0) + 1
        self.see(session, item)

    def see(self, session: str, item: str) -> None:
        """Remember."""
        self._sessions.see(session, item)


class Vmis:
    """VMIS-kNN alone, with the numbers of its paper: 500 latest sessions, 100 neighbours.

    As in Serenade the last article is not guessed again, the session's others may be.
    """

    def __init__(self) -> None:
        self._model = SessionNeighbours(
            NeighbourSettings(sessions=10**7, per_item=500, compared=500, neighbours=100)
        )
        self._visits: defaultdict[str, Visit] = defaultdict(Visit)

    def guess(self, session: str, cut: int, without: frozenset[str]) -> list[str]:
        """Guess from the sessions most like this one."""
        visit = self._visits[session]
        scores = self._model.scores(visit.recent, visit.trail, visit.recent[:1])
        return best(scores, cut, without)

    def learn(self, session: str, item: str, at: float) -> None:
        """Keep the index up to date."""
        del at
        visit = self._visits[session]
        visit.trail = self._model.learn(visit.trail, visit.recent, item)
        self.see(session, item)

    def see(self, session: str, item: str) -> None:
        """Remember."""
        self._visits[session].see(item, _VMIS_MEMORY)


BASELINES: dict[str, Callable[[], Recommender]] = {
    "popularity": Popularity,
    "popularity_1d": lambda: Popularity(_DAY_S),
    "own_session": OwnSession,
    "covisitation": lambda: CoVisitation(cosine=False),
    "vmis_knn": Vmis,
    "item_knn_cosine": lambda: CoVisitation(cosine=True),
}

"""A shop whose customers are known: what they click is drawn from a truth that nobody else knows."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from math import log

import numpy as np

from models.customers import Customer
from models.offers.candidates import SOURCES, Proposal, Source
from models.offers.features import NAMES, PRIORS, candidates_of
from models.propensity.contenders.contender import sigmoid
from schemas.outputs import Reason

EXAMINED = (1.0, 0.6, 0.4, 0.3, 0.25)
"""How likely each place of an offer is looked at."""
_FOR_ALL: frozenset[Source] = frozenset({"trending", "segment", "new"})
"""Sources that have something for everybody; each of the others for six customers in ten."""
_KNOWS = 0.6
_UNTRUE = ("record", "ignored", *(name for name in NAMES if name.startswith("place_")))
"""Features that nothing depends on: places are looked at by `EXAMINED`, articles have their charm."""


class World:
    """A shop as sources see it: the same trends for everybody, the same neighbours of each article.

    The truth is not the prior: the weight of each source is drawn anew, and articles have a charm of
    their own that no feature tells, so that only who shows an article finds out.
    """

    def __init__(
        self, seed: int, *, articles: int = 200, surprise: float = 0.7, charm: float = 0.7
    ) -> None:
        """Open a shop; ``surprise`` and ``charm`` are standard deviations, in log-odds."""
        self._rng = rng = random.Random(seed)
        truth = {name: PRIORS[name] + rng.gauss(0, surprise) * (name in SOURCES) for name in NAMES}
        truth |= dict.fromkeys(_UNTRUE, 0.0)
        self._truth = np.array([truth[name] for name in NAMES])
        self._skus = [f"a{number}" for number in range(articles)]
        self._charm = {sku: rng.gauss(0, charm) for sku in self._skus}
        self._lists: dict[Source, list[dict[str, float]]] = {
            "trending": [self._ranked(20)],
            "segment": [self._ranked(20) for _ in range(4)],
            "category": [self._ranked(10) for _ in range(8)],
            "new": [self._ranked(20)],
            "viewed_next": [self._ranked(10) for _ in range(40)],
            "bought_together": [self._ranked(5) for _ in range(40)],
            "next_order": [self._ranked(5) for _ in range(200)],
        }

    @classmethod
    def window(cls, seed: int) -> World:
        """Return a shop window: nothing is known of anybody, so all may be shown the same 20 articles."""
        world = cls(seed, articles=20, charm=1.0)
        world._lists = {"trending": [dict.fromkeys(world._skus, 1.0)]}
        return world

    @classmethod
    def one_hit(cls, seed: int, *, articles: int, rest: float, hit: float) -> World:
        """Return a shop window with one article that is clicked more often than the others, all alike."""
        world = cls.window(seed)
        world.level(articles, rest, hit)
        return world

    def level(self, articles: int, rest: float, hit: float) -> None:
        """Make all alike but one, which is clicked with another chance."""
        self._truth = np.zeros(len(NAMES))
        self._skus = self._skus[:articles]
        self._lists = {"trending": [dict.fromkeys(self._skus, 1.0)]}
        self._charm = dict.fromkeys(self._skus, _log_odds(rest))
        self._charm[self._rng.choice(self._skus)] = _log_odds(hit)

    def turn(self) -> None:
        """Let tastes change: what pleased most pleases least."""
        self._charm = {sku: -charm for sku, charm in self._charm.items()}

    def visit(self) -> list[Proposal]:
        """Return what the sources propose to the next customer."""
        return [
            Proposal(source, self._rng.choice(lists), _reason)
            for source, lists in self._lists.items()
            if source in _FOR_ALL or self._rng.random() < _KNOWS
        ]

    def interest(self, found: Sequence[Proposal]) -> dict[str, float]:
        """Return the true chance of a click of each candidate, once it is looked at."""
        known = candidates_of(found, Customer(), records={}, popularity={}, discounts={})
        odds = (known.features @ self._truth).tolist()
        return {sku: sigmoid(z + self._charm[sku]) for sku, z in zip(known.skus, odds, strict=True)}

    def luck(self) -> list[float]:
        """Return what decides about the next customer's clicks, by place: the same for all policies."""
        return [self._rng.random() for _ in EXAMINED]

    def _ranked(self, length: int) -> dict[str, float]:
        skus = self._rng.sample(self._skus, k=length)
        scores = sorted((self._rng.random() for _ in skus), reverse=True)
        return dict(zip(skus, scores, strict=True))


def clicks(skus: Sequence[str], interest: Mapping[str, float], luck: Sequence[float]) -> set[int]:
    """Return the places of a slate that a customer clicks."""
    return {
        place
        for place, (sku, seen, drawn) in enumerate(zip(skus, EXAMINED, luck, strict=False))
        if drawn < seen * interest[sku]
    }


def expected(skus: Sequence[str], interest: Mapping[str, float]) -> float:
    """Return how many clicks a slate can expect."""
    return sum(seen * interest[sku] for sku, seen in zip(skus, EXAMINED, strict=False))


def _log_odds(chance: float) -> float:
    return log(chance / (1 - chance))


def _reason(sku: str) -> Reason:
    return Reason(kind="world", text=sku)

"""A shop whose customers are known: what they click is drawn from a truth that nobody else knows."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import numpy as np

from models.customers import Customer
from models.offers.candidates import SOURCES, Proposal, Source
from models.offers.choosing import Variety
from models.offers.features import NAMES, PRIORS, candidates_of
from models.offers.ranking import Facts, OfferRanking, Slate, decision_of
from models.offers.settings import OfferSettings
from models.propensity.contenders.contender import sigmoid
from models.propensity.settings import ContestSettings
from schemas.outputs import Reason

EXAMINED = (1.0, 0.6, 0.4, 0.3, 0.25)
ALONE = ContestSettings("logistic", "")
_SOURCES: tuple[Source, ...] = tuple(source for source in SOURCES if source != "cart")


def because(sku: str) -> Reason:
    return Reason(kind="world", text=sku)


@dataclass
class Played:
    """What a policy earned."""

    clicks: list[float]
    """Expected clicks of each offer under the truth."""
    best: list[float]
    """Those of the best slate."""

    @property
    def regret(self) -> float:
        return sum(self.best) - sum(self.clicks)


class World:
    """A shop as sources see it: the same trends for everybody, the same neighbours of each article.

    The truth is not the prior: the weight of each source is drawn anew, and articles have a charm of
    their own that no feature tells, so that only who shows an article finds out.
    """

    def __init__(
        self, seed: int, *, articles: int = 200, surprise: float = 0.7, charm: float = 0.7
    ) -> None:
        self.rng = rng = random.Random(seed)
        self.truth = {
            name: PRIORS[name] + rng.gauss(0, surprise) * (name in _SOURCES) for name in NAMES
        }
        self.truth |= dict.fromkeys((n for n in NAMES if n.startswith("place_")), 0.0)
        self.truth |= {"record": 0.0, "ignored": 0.0}
        skus = [f"a{number}" for number in range(articles)]
        self.charm = {sku: rng.gauss(0, charm) for sku in skus}
        self._skus = skus
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
        """A shop window: nothing is known of anybody, so everybody may be shown the same 20 articles."""
        world = cls(seed, articles=20, charm=1.0)
        world._lists = {"trending": [dict.fromkeys(world._skus, 1.0)]}
        return world

    def turn(self) -> None:
        """Let tastes change: what pleased most pleases least."""
        self.charm = {sku: -charm for sku, charm in self.charm.items()}

    def _ranked(self, length: int) -> dict[str, float]:
        skus = self.rng.sample(self._skus, k=length)
        return dict(zip(skus, sorted((self.rng.random() for _ in skus), reverse=True), strict=True))

    def visit(self) -> list[Proposal]:
        """Return what the sources propose to the next customer."""
        found = []
        for source, lists in self._lists.items():
            if source in {"trending", "segment", "new"} or self.rng.random() < 0.6:
                found.append(Proposal(source, self.rng.choice(lists), because))
        return found

    def interest(self, found: list[Proposal]) -> dict[str, float]:
        """Return the true chance of a click of each candidate that is looked at."""
        known = candidates_of(found, Customer(), records={}, popularity={}, discounts={})
        weights = np.array([self.truth[name] for name in NAMES])
        odds = (known.features @ weights).tolist()
        return {sku: sigmoid(z + self.charm[sku]) for sku, z in zip(known.skus, odds, strict=True)}

    def clicks(self, skus: list[str], interest: dict[str, float]) -> set[int]:
        return {
            place
            for place, (sku, seen) in enumerate(zip(skus, EXAMINED, strict=False))
            if self.rng.random() < seen * interest[sku]
        }


def expected(skus: list[str], interest: dict[str, float]) -> float:
    return sum(seen * interest[sku] for sku, seen in zip(skus, EXAMINED, strict=False))


NOTHING = Facts({}, {}, {}, {}, {}, Variety(99, 0.0))
SETTINGS = OfferSettings(goal="clicks", size=3)


def play(
    world: World, settings: OfferSettings, offers: int, *, seed: int = 0, stable: int = 0
) -> Played:
    """Have a policy make offers and learn from what is clicked; tastes turn every ``stable`` offers."""
    ranking = OfferRanking(settings, ALONE, 1_000)
    played = Played([], [])
    for number in range(offers):
        if stable and number and number % stable == 0:
            world.turn()
        found = world.visit()
        interest = world.interest(found)
        slate = ranking.rank(found, Customer(), NOTHING, seed * 1_000_003 + number)
        skus = [one.sku for one in slate.chosen]
        best = sorted(interest, key=lambda sku: -interest[sku])[: settings.size]
        played.clicks.append(expected(skus, interest))
        played.best.append(expected(best, interest))
        ranking.learn(outcome(slate, world.clicks(skus, interest)))
    return played


def outcome(slate: Slate, clicked: set[int]):
    decision = decision_of(slate, "c", 0.0, lasting=False)
    decision.shown.update(range(len(slate.chosen)))
    decision.clicked.update(clicked)
    return decision


def policy(**changes) -> OfferSettings:
    return replace(SETTINGS, **changes)

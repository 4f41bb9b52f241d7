"""Shops whose customers are known, as the bench of regret has them, and what tests need beside."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bench.regret import world
from bench.regret.play import play as play_policies
from bench.regret.policies import Ranked
from bench.regret.world import EXAMINED
from models.offers.choosing import Variety
from models.offers.ranking import Facts, Slate, decision_of
from models.offers.settings import OfferSettings
from models.propensity.settings import ContestSettings
from schemas.outputs import Reason

__all__ = [
    "ALONE",
    "EXAMINED",
    "NOTHING",
    "SETTINGS",
    "Played",
    "World",
    "because",
    "outcome",
    "play",
    "policy",
]

ALONE = ContestSettings("logistic", "")
NOTHING = Facts({}, {}, {}, {}, {}, Variety(99, 0.0))
SETTINGS = OfferSettings(goal="clicks", size=3)


def because(sku: str) -> Reason:
    return Reason(kind="world", text=sku)


class World(world.World):
    """A shop whose luck a test may use up."""

    @property
    def rng(self) -> random.Random:
        return self._rng

    def clicks(self, skus: Sequence[str], interest: Mapping[str, float]) -> set[int]:
        return world.clicks(skus, interest, self.luck())


@dataclass
class Played:
    """What a policy earned."""

    clicks: list[float]
    """Expected clicks of each offer under the truth."""
    best: list[float]
    """Those of the best slate."""


def play(shop: World, settings: OfferSettings, offers: int) -> Played:
    """Have a policy make offers and learn from what is clicked."""
    policy = {"it": Ranked(settings)}
    each = [
        play_policies(shop, policy, size=settings.size, offers=1, seed=number)["it"]
        for number in range(offers)
    ]
    return Played([one.earned for one in each], [one.best for one in each])


def outcome(slate: Slate, clicked: set[int]):
    decision = decision_of(slate, "c", 0.0, lasting=False)
    decision.shown.update(range(len(slate.chosen)))
    decision.clicked.update(clicked)
    return decision


def policy(**changes) -> OfferSettings:
    return replace(SETTINGS, **changes)

"""Policies that play in a world: ours with each way to explore, and two that learn nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

import numpy as np

from models.customers import Customer
from models.offers.candidates import Proposal
from models.offers.choosing import Variety
from models.offers.ranking import Facts, OfferRanking, Slate, decision_of
from models.offers.settings import OfferSettings
from models.propensity.settings import ContestSettings

_ALONE = ContestSettings("logistic", "")
_FACTS = Facts({}, {}, {}, {}, {}, Variety(99, 0.0))
_ARTICLES = 1_000


class Policy(Protocol):
    """Whoever decides what is shown."""

    def show(self, found: Sequence[Proposal], seed: int) -> list[str]:
        """Return a slate, best first; the same again for the same ``seed``."""

    def learn(self, clicked: Collection[int]) -> None:
        """Learn which places of the last slate were clicked."""


class Ranked:
    """Offers as the product ranks them, with the linear classifier alone, no rules and no limits."""

    def __init__(self, settings: OfferSettings, *, learns: bool = True) -> None:
        """Begin with the priors."""
        self._ranking = OfferRanking(settings, _ALONE, _ARTICLES)
        self._learns = learns
        self._shown: Slate | None = None

    def show(self, found: Sequence[Proposal], seed: int) -> list[str]:
        """Return the ranking's slate."""
        self._shown = self._ranking.rank(found, Customer(), _FACTS, seed)
        return [one.sku for one in self._shown.chosen]

    def learn(self, clicked: Collection[int]) -> None:
        """Learn as of an offer that was on the screen with all of its places."""
        if self._shown is not None and self._learns:
            decision = decision_of(self._shown, "", 0.0, lasting=False)
            decision.shown.update(range(len(self._shown.chosen)))
            decision.clicked.update(clicked)
            self._ranking.learn(decision)


class Uniform:
    """Shows anything, each candidate as often."""

    def __init__(self, size: int) -> None:
        """Fill ``size`` places."""
        self._size = size

    def show(self, found: Sequence[Proposal], seed: int) -> list[str]:
        """Return some of the candidates."""
        skus = sorted({sku for proposal in found for sku in proposal.scores})
        rng = np.random.Generator(np.random.PCG64(seed))
        order = rng.permutation(len(skus))[: self._size]
        return [skus[place] for place in order.tolist()]

    def learn(self, clicked: Collection[int]) -> None:
        """Learn nothing."""


def default(size: int) -> Policy:
    """Return what is shipped, but for the goal: nobody buys in these worlds."""
    return Ranked(OfferSettings(goal="clicks", size=size))


def bold(size: int) -> Policy:
    """Return Thompson sampling that is as bold as is not known, which is more than is shipped."""
    return Ranked(OfferSettings(goal="clicks", size=size, boldness=1.0))


def epsilon_greedy(size: int, share: float) -> Policy:
    """Return the best slate, one place of it filled at random in a share of the offers."""
    settings = OfferSettings(
        goal="clicks", size=size, exploration="epsilon_greedy", random_share=share
    )
    return Ranked(settings)


def greedy(size: int, *, learns: bool = True) -> Policy:
    """Return always the best slate by what is known."""
    return Ranked(OfferSettings(goal="clicks", size=size, exploration="none"), learns=learns)


OTHERS: dict[str, Callable[[int], Policy]] = {
    "epsilon_greedy_10": lambda size: epsilon_greedy(size, 0.1),
    "epsilon_greedy_2": lambda size: epsilon_greedy(size, 0.02),
    "none": greedy,
    "boldness_1": bold,
    "prior": lambda size: greedy(size, learns=False),
    "random": Uniform,
}
"""What the default is compared with, by the names that reports use."""

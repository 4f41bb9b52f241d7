"""How customers take offers: what fits is clicked more often than what merely sells well."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from heapq import nlargest

from streams.simulate.session import Session
from streams.simulate.tastes import Tastes

SHOWN = 0.85
"""The share of offers that reach a screen."""
EXAMINED = (1.0, 0.6, 0.4)
"""How likely the first, second and third article of an offer is looked at."""

_ANYTHING = 0.04
_TO_TASTE = 0.10
_FITS_BASKET = 0.30


@dataclass(slots=True)
class OfferTally:
    """What became of the offers."""

    arrived: int = 0
    without_consent: int = 0
    shown: int = 0
    clicked: int = 0
    clicks_if_popular: float = 0.0
    """The clicks to expect had as many well-selling articles been shown instead."""
    clicks_if_best: float = 0.0
    """The same of those that the customer is likeliest to click: nobody can do better."""

    def as_dict(self) -> dict[str, float]:
        """Return the counts and the click rates."""
        shown = max(self.shown, 1)
        return {
            **asdict(self),
            "click_rate": self.clicked / shown,
            "click_rate_if_popular": self.clicks_if_popular / shown,
            "click_rate_if_best": self.clicks_if_best / shown,
        }


def click_chances(tastes: Tastes, session: Session, skus: Iterable[str]) -> list[tuple[str, float]]:
    """Return what is on the screen, and how likely each of it is clicked if none before was."""
    return [
        (sku, seen * _interest(tastes, session, sku))
        for sku, seen in zip(skus, EXAMINED, strict=False)
    ]


def best_chances(tastes: Tastes, session: Session, size: int) -> list[float]:
    """Return the chances, likeliest first, had the ``size`` best articles been shown.

    Where looks fall off with the place, best first is best for the chance of any click, too.
    """
    every = (_interest(tastes, session, sku) for sku in tastes.article)
    best = nlargest(size, every)
    return [seen * interest for interest, seen in zip(best, EXAMINED, strict=False)]


def any_click(chances: Iterable[float]) -> float:
    """Return how likely something of an offer is clicked."""
    none = 1.0
    for chance in chances:
        none *= 1.0 - chance
    return 1.0 - none


def _interest(tastes: Tastes, session: Session, sku: str) -> float:
    if sku not in tastes.article or sku in session.cart:
        return 0.0
    chance = _ANYTHING
    if tastes.likes(session.segment, sku):
        chance += _TO_TASTE
    if any(tastes.goes_with(other, sku) for other in session.seen | session.before):
        chance += _FITS_BASKET
    return chance

"""What is known of each candidate when an offer is decided, as numbers of about the same size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.customers import Customer
from models.offers.candidates import SOURCES, Proposal, Source

Floats = npt.NDArray[np.float64]

PLACES = 5
"""Places of a slate that are told apart; all after it are as the last."""
_STRENGTHS: dict[Source, float] = {"viewed_next": 2.0, "bought_together": 0.5, "next_order": 0.5}
"""The sources whose scores mean the same for every customer, and what is a high one."""

NAMES: tuple[str, ...] = (
    "bias",
    *SOURCES,
    *(f"{source}_strength" for source in _STRENGTHS),
    "agreement",
    "record",
    "popularity",
    "ignored",
    "discount",
    *(f"place_{place + 1}" for place in range(1, PLACES)),
)
_AT = {name: place for place, name in enumerate(NAMES)}
_FIRST_PLACE = _AT["place_2"]
RECORD = _AT["record"]
"""The column of an article's record."""

PRIORS: Mapping[str, float] = {
    "bias": -3.0, "viewed_next": 0.6, "bought_together": 0.8, "next_order": 0.3, "trending": 0.2,
    "segment": 0.2, "category": 0.2, "new": 0.0, "wanted": 2.0, "viewed_next_strength": 0.8,
    "bought_together_strength": 0.8, "next_order_strength": 0.5, "agreement": 0.3, "record": 0.7,
    "popularity": 0.2, "ignored": -0.7, "discount": 1.0, "place_2": -0.4, "place_3": -0.7,
    "place_4": -0.9, "place_5": -1.0,
}  # fmt: skip
"""What a click is expected to depend on before there were any, as log-odds: the first offer is ranked
by it. Places below the first are looked at less (position bias; Craswell and others, 2008)."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Articles that could be shown, by name, with what is known of each."""

    skus: list[str]
    features: Floats
    """Articles by `NAMES`; as if each were in the first place."""
    found: Sequence[Proposal]

    def proposed(self, number: int) -> list[Proposal]:
        """Return who proposed an article, the one that speaks most for it first.

        Asked for the few that make the offer, not for all.
        """
        row = named(self.features[number].tolist())
        sku = self.skus[number]
        own = [proposal for proposal in self.found if sku in proposal.scores]
        return sorted(own, key=lambda proposal: -_speaks(proposal.source, row))


def candidates_of(
    found: Sequence[Proposal],
    customer: Customer,
    *,
    records: Mapping[str, float],
    popularity: Mapping[str, float],
    discounts: Mapping[str, float],
) -> Candidates:
    """Put together what the sources propose.

    Parameters
    ----------
    found:
        What each source proposes, best article first.
    customer:
        Whose earlier offers count.
    records, popularity, discounts:
        By article, where there is any: log of observed over expected clicks, views as a share of the
        most viewed article's, and discount as a share of the price.

    """
    skus = sorted({sku for proposal in found for sku in proposal.scores})
    place = {sku: number for number, sku in enumerate(skus)}
    features = np.zeros((len(skus), len(NAMES)))
    features[:, 0] = 1.0
    proposers = np.zeros(len(skus))
    for proposal in found:
        source = proposal.source
        numbers = [place[sku] for sku in proposal.scores]
        scores = np.fromiter(proposal.scores.values(), np.float64, len(numbers))
        features[numbers, _AT[source]] = scores / scores[0]
        high = _STRENGTHS.get(source)
        if high is not None:
            features[numbers, _AT[f"{source}_strength"]] = np.minimum(scores / high, 1.0)
        proposers[numbers] += 1.0
    features[:, _AT["agreement"]] = np.minimum(proposers - 1.0, 3.0) / 3.0
    features[:, _AT["record"]] = [records.get(sku, 0.0) for sku in skus]
    features[:, _AT["popularity"]] = [popularity.get(sku, 0.0) for sku in skus]
    ignored = customer.ignored
    features[:, _AT["ignored"]] = [min(ignored.get(sku, 0), 3) / 3 for sku in skus]
    features[:, _AT["discount"]] = [discounts.get(sku, 0.0) for sku in skus]
    return Candidates(skus, features, found)


def _speaks(source: Source, row: Mapping[str, float]) -> float:
    strength = f"{source}_strength"
    return PRIORS[source] * row[source] + PRIORS.get(strength, 0.0) * row.get(strength, 0.0)


def placed(features: Floats) -> Floats:
    """Return the features of a slate, best article first, each in its place."""
    shown = features.copy()
    for place in range(1, len(shown)):
        shown[place, _FIRST_PLACE + min(place, PLACES - 1) - 1] = 1.0
    return shown


def named(row: Sequence[float]) -> dict[str, float]:
    """Return one row of features by name: what River's models learn from."""
    return dict(zip(NAMES, row, strict=True))

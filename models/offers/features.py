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
_OF_SOURCE: dict[Source, tuple[str, ...]] = {
    source: (source, f"{source}_strength") if source in _STRENGTHS else (source,)
    for source in SOURCES
}
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
        row = self.features[number].tolist()
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
    starts = {sku: number * len(NAMES) for number, sku in enumerate(skus)}
    # By place in the flat table: one assignment takes a fraction of one for each column and source.
    places: list[int] = []
    values: list[float] = []

    def fill(column: int, known: Mapping[str, float]) -> None:
        places.extend([starts[sku] + column for sku in known])
        values.extend(known.values())

    sources: dict[str, int] = {}
    for proposal in found:
        source, scores = proposal.source, proposal.scores
        best = next(iter(scores.values()), 1.0)
        fill(_AT[source], {sku: score / best for sku, score in scores.items()})
        high = _STRENGTHS.get(source)
        if high is not None:
            strong = {sku: min(score / high, 1.0) for sku, score in scores.items()}
            fill(_AT[f"{source}_strength"], strong)
        for sku in scores:
            sources[sku] = sources.get(sku, 0) + 1
    fill(_AT["agreement"], {s: min(n - 1, 3) / 3 for s, n in sources.items() if n > 1})
    for column, known in (
        ("record", records), ("popularity", popularity), ("discount", discounts),
    ):  # fmt: skip
        fill(_AT[column], {sku: value for sku, value in known.items() if sku in starts})
    ignored = customer.ignored
    fill(_AT["ignored"], {sku: min(ignored[sku], 3) / 3 for sku in skus if sku in ignored})
    features = np.zeros((len(skus), len(NAMES)))
    features.ravel()[places] = values
    features[:, 0] = 1.0
    return Candidates(skus, features, found)


def _speaks(source: Source, row: Sequence[float]) -> float:
    return sum(PRIORS[name] * row[_AT[name]] for name in _OF_SOURCE[source])


def placed(features: Floats) -> Floats:
    """Return the features of a slate, best article first, each in its place."""
    shown = features.copy()
    for place in range(1, len(shown)):
        shown[place, _FIRST_PLACE + min(place, PLACES - 1) - 1] = 1.0
    return shown


def named(row: Sequence[float]) -> dict[str, float]:
    """Return one row of features by name: what River's models learn from."""
    return dict(zip(NAMES, row, strict=True))

"""Which candidates make the offer: sources weighed by how often their offers are clicked."""

from __future__ import annotations

from collections.abc import Iterable

from models.offers.candidates import SOURCES, Candidate, Source

PRIOR_WEIGHT = {
    "viewed_next": 1.0,
    "bought_together": 1.5,
    "bought_again": 0.5,
    "trending": 0.1,
}
_PRIOR_SHOWN = 50.0
_PRIOR_RATE = 0.05


class SourceFeedback:
    """Shown and clicked per source; a smoothed click rate moves the source's weight."""

    __slots__ = ("clicked", "shown")

    def __init__(self) -> None:
        self.shown: dict[str, float] = dict.fromkeys(SOURCES, 0.0)
        self.clicked: dict[str, float] = dict.fromkeys(SOURCES, 0.0)

    def rate(self, source: Source) -> float:
        """Return the source's click rate, drawn to the prior while there is little evidence."""
        hits = self.clicked[source] + _PRIOR_RATE * _PRIOR_SHOWN
        return hits / (self.shown[source] + _PRIOR_SHOWN)

    def weight(self, source: Source) -> float:
        """Return what a source's score counts: its prior times its relative click rate."""
        return PRIOR_WEIGHT[source] * self.rate(source) / _PRIOR_RATE


def rank(
    found: Iterable[Candidate], feedback: SourceFeedback, size: int
) -> list[tuple[Candidate, float]]:
    """Return the best ``size`` articles, each with its strongest candidate and summed score."""
    totals: dict[str, float] = {}
    strongest: dict[str, tuple[float, Candidate]] = {}
    weights = {source: feedback.weight(source) for source in SOURCES}
    for candidate in found:
        part = candidate.score * weights[candidate.source]
        totals[candidate.sku] = totals.get(candidate.sku, 0.0) + part
        held = strongest.get(candidate.sku)
        if held is None or held[0] < part:
            strongest[candidate.sku] = (part, candidate)
    best = sorted(totals.items(), key=lambda pair: (-pair[1], pair[0]))[:size]
    return [(strongest[sku][1], score) for sku, score in best]

"""Which candidates make the offer: sources weighed by how often their offers are clicked."""

from __future__ import annotations

from collections.abc import Iterable

from models.offers.candidates import SOURCES, Proposal, Source

PRIOR_WEIGHT: dict[Source, float] = {
    "viewed_next": 1.0,
    "bought_together": 1.5,
    "next_order": 0.5,
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
    found: Iterable[Proposal], feedback: SourceFeedback, size: int
) -> list[tuple[str, float, Proposal]]:
    """Return the best ``size`` articles: each with its summed score and its strongest proposal."""
    weighed = [(proposal, feedback.weight(proposal.source)) for proposal in found]
    totals: dict[str, float] = {}
    for proposal, weight in weighed:
        for sku, score in proposal.scores.items():
            totals[sku] = totals.get(sku, 0.0) + score * weight
    best = sorted([(-total, sku) for sku, total in totals.items()])[:size]
    return [
        (sku, -total, max(weighed, key=lambda one: one[0].scores.get(sku, -1.0) * one[1])[0])
        for total, sku in best
    ]

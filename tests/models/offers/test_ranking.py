"""Which articles make the offer."""

from __future__ import annotations

import pytest

from models.offers.candidates import SOURCES, Proposal, Source
from models.offers.ranking import PRIOR_WEIGHT, SourceFeedback, rank
from schemas.outputs import Reason


def proposal(source: Source, **scores: float) -> Proposal:
    return Proposal(source, scores, lambda sku: Reason(kind=source, text=sku))


def test_sources_start_at_their_prior_weight() -> None:
    feedback = SourceFeedback()
    assert {source: feedback.weight(source) for source in SOURCES} == pytest.approx(PRIOR_WEIGHT)


def test_clicks_raise_a_source_and_ignored_impressions_lower_it() -> None:
    feedback = SourceFeedback()
    feedback.shown["trending"] += 1000
    feedback.clicked["trending"] += 150
    feedback.shown["viewed_next"] += 1000
    assert feedback.rate("trending") == pytest.approx(152.5 / 1050)
    assert feedback.weight("trending") > 2.5 * PRIOR_WEIGHT["trending"]
    assert feedback.weight("viewed_next") < 0.1 * PRIOR_WEIGHT["viewed_next"]
    assert feedback.weight("next_order") == pytest.approx(PRIOR_WEIGHT["next_order"])


def test_scores_of_sources_add_up_and_the_strongest_says_why() -> None:
    found = [proposal("viewed_next", a=0.5, b=0.6), proposal("bought_together", a=0.4, c=0.1)]
    for order in (found, found[::-1]):
        ranked = rank(order, SourceFeedback(), 2)
        assert [(sku, score) for sku, score, _ in ranked] == [
            ("a", pytest.approx(1.1)),
            ("b", pytest.approx(0.6)),
        ]
        assert [one.source for _, _, one in ranked] == ["bought_together", "viewed_next"]


def test_what_is_clicked_changes_the_order() -> None:
    found = [proposal("viewed_next", a=0.5), proposal("trending", b=0.9)]
    feedback = SourceFeedback()
    assert [sku for sku, _, _ in rank(found, feedback, 2)] == ["a", "b"]
    feedback.shown["viewed_next"] += 500
    feedback.shown["trending"] += 100
    feedback.clicked["trending"] += 50
    assert [sku for sku, _, _ in rank(found, feedback, 2)] == ["b", "a"]


def test_ties_are_broken_by_name_and_nothing_ranks_nothing() -> None:
    found = [proposal("viewed_next", b=0.5, a=0.5, c=0.0)]
    assert [sku for sku, _, _ in rank(found, SourceFeedback(), 9)] == ["a", "b", "c"]
    assert rank([], SourceFeedback(), 5) == []

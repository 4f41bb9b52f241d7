"""What is known of candidates, as numbers."""

from __future__ import annotations

import numpy as np
import pytest

from models.customers import Customer
from models.offers.candidates import SOURCES, Proposal, Source
from models.offers.features import (
    NAMES,
    PLACES,
    PRIORS,
    RECORD,
    Candidates,
    candidates_of,
    named,
    placed,
)
from tests.models.offers.world import because


def proposal(source: Source, **scores: float) -> Proposal:
    return Proposal(source, scores, because)


def known(*found: Proposal, customer: Customer | None = None, **facts: dict[str, float]):
    nothing: dict[str, dict[str, float]] = {"records": {}, "popularity": {}, "discounts": {}}
    return candidates_of(found, customer or Customer(), **nothing | facts)  # type: ignore[arg-type]


def features(candidates: Candidates) -> dict[str, dict[str, float]]:
    """By article, what is not 0 beside the constant."""
    rows = zip(candidates.skus, candidates.features.tolist(), strict=True)
    found = {sku: named(row) for sku, row in rows}
    assert all(row["bias"] == 1.0 for row in found.values())
    return {sku: {k: v for k, v in row.items() if v and k != "bias"} for sku, row in found.items()}


def test_every_feature_has_a_prior_and_every_source_is_one() -> None:
    assert PRIORS.keys() == set(NAMES)
    assert len(set(NAMES)) == len(NAMES)
    assert set(SOURCES) <= set(NAMES)
    assert NAMES[RECORD] == "record"
    assert PRIORS["bias"] < 0, "most offers are not clicked"
    places = [0.0, *(PRIORS[f"place_{place}"] for place in range(2, PLACES + 1))]
    assert places == sorted(places, reverse=True), "the lower, the less looked at"


def test_scores_count_as_shares_of_the_best_one_of_the_source() -> None:
    found = features(known(proposal("trending", a=8.0, b=2.0), proposal("category", b=0.5)))
    assert found == {
        "a": {"trending": 1.0},
        "b": {"trending": 0.25, "category": 1.0, "agreement": pytest.approx(1 / 3)},
    }


def test_a_score_that_means_the_same_for_everybody_also_counts_as_it_is() -> None:
    found = features(known(proposal("bought_together", a=0.8, b=0.1), proposal("viewed_next", c=1)))
    assert found["a"] == {"bought_together": 1.0, "bought_together_strength": 1.0}
    assert found["b"] == {"bought_together": 0.125, "bought_together_strength": 0.2}
    assert found["c"] == {"viewed_next": 1.0, "viewed_next_strength": 0.5}


def test_agreement_counts_up_to_four_sources() -> None:
    sources: list[Source] = ["trending", "segment", "category", "new", "viewed_next"]
    for count, share in ((1, 0.0), (2, 1 / 3), (3, 2 / 3), (4, 1.0), (5, 1.0)):
        found = known(*(proposal(source, a=1.0) for source in sources[:count]))
        assert found.features[0][NAMES.index("agreement")] == pytest.approx(share)


def test_what_is_known_of_the_article_and_of_the_customer_with_it() -> None:
    customer = Customer(ignored={"a": 1, "b": 9, "c": 2})
    found = features(
        known(
            proposal("new", a=1.0, b=1.0, d=1.0), customer=customer, records={"a": -0.2, "x": 1.0},
            popularity={"b": 0.5}, discounts={"d": 0.25},
        )
    )  # fmt: skip
    assert found == {
        "a": {"new": 1.0, "record": -0.2, "ignored": pytest.approx(1 / 3)},
        "b": {"new": 1.0, "popularity": 0.5, "ignored": 1.0},
        "d": {"new": 1.0, "discount": 0.25},
    }


def test_articles_are_in_the_order_of_their_names_whoever_proposes_them_first() -> None:
    one, other = proposal("new", b=1.0, a=0.5), proposal("trending", c=1.0, a=1.0)
    found, turned = known(one, other), known(other, one)
    assert found.skus == turned.skus == ["a", "b", "c"]
    assert found.features.tolist() == turned.features.tolist()
    assert known().skus == []
    assert known().features.shape == (0, len(NAMES))


def test_who_speaks_most_for_an_article_comes_first() -> None:
    weak, strong = proposal("trending", a=1.0, b=1.0), proposal("bought_together", b=0.5, a=0.01)
    found = known(weak, strong)
    assert [[one.source for one in found.proposed(number)] for number in range(2)] == [
        ["trending", "bought_together"],
        ["bought_together", "trending"],
    ]
    assert found.proposed(0)[0] is weak


def test_what_an_offer_is_made_for_speaks_for_itself() -> None:
    found = known(proposal("viewed_next", a=5.0), proposal("wanted", a=1.0))
    assert found.proposed(0)[0].source == "wanted"


def test_each_article_of_a_slate_is_in_one_place_and_the_last_ones_in_the_last() -> None:
    rows = np.zeros((PLACES + 2, len(NAMES)))
    shown = placed(rows)
    told = [[name for name, value in named(row).items() if value] for row in shown.tolist()]
    assert told == [
        [], ["place_2"], ["place_3"], ["place_4"], ["place_5"], ["place_5"], ["place_5"],
    ]  # fmt: skip
    assert not rows.any(), "a copy"

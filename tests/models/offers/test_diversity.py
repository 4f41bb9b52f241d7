"""Diversity: the order is that of the greedy definition, and the quota is kept."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from models.offers.diversity import diversified

CATEGORY = {"a1": "a", "a2": "a", "a3": "a", "b1": "b", "b2": "b", "c1": "c"}
RANKED = [
    ("a1", 1.0),
    ("a2", 0.9),
    ("n1", 0.85),
    ("a3", 0.8),
    ("b1", 0.5),
    ("c1", 0.3),
    ("b2", 0.2),
]


def greedy(
    ranked: list[tuple[str, float]], quota: int | None, diversity: float
) -> list[str]:  # fmt: skip
    """Maximal marginal relevance as it is written in the paper, with a quota."""
    left, taken = dict(ranked), list[str]()
    best = ranked[0][1] if ranked else 0.0

    def worth(sku: str) -> float:
        same = [one for one in taken if CATEGORY.get(one, one) == CATEGORY.get(sku, sku)]
        return (1 - diversity) * left[sku] / best - diversity * bool(same)

    while left:
        if quota is not None:
            kinds = [CATEGORY.get(one) for one in taken]
            for sku in [
                one for one in left if one in CATEGORY and kinds.count(CATEGORY[one]) >= quota
            ]:
                del left[sku]
            if not left:
                break
        sku = max(left, key=worth)
        taken.append(sku)
        del left[sku]
    return taken


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*CATEGORY, "n1", "n2"]), st.integers(1, 1000).map(lambda n: n / 100),
    ),
    st.none() | st.integers(1, 3), st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.9, 1.0]),
)  # fmt: skip
def test_it_is_what_the_greedy_choice_makes(
    scores: dict[str, float], quota: int | None, diversity: float
) -> None:
    ranked = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
    assert diversified(ranked, CATEGORY.get, quota, diversity) == greedy(ranked, quota, diversity)


def test_without_either_nothing_changes() -> None:
    assert diversified(RANKED, CATEGORY.get) == [sku for sku, _ in RANKED]
    assert diversified([], CATEGORY.get, 1, 0.5) == []


def test_scores_without_worth_leave_the_order() -> None:
    assert diversified([("a1", 0.0), ("a2", 0.0), ("b1", -1.0)], CATEGORY.get, None, 0.5) == [
        "a1", "a2", "b1",
    ]  # fmt: skip


def test_full_diversity_takes_a_new_category_whenever_there_is_one() -> None:
    assert diversified(RANKED, CATEGORY.get, None, 1.0)[:4] == ["a1", "n1", "b1", "c1"]


def test_the_quota_is_kept_and_articles_without_category_have_none() -> None:
    ranked = [*RANKED, ("n2", 0.1)]
    assert diversified(ranked, CATEGORY.get, 1) == ["a1", "n1", "b1", "c1", "n2"]
    assert diversified(ranked, CATEGORY.get, 2) == ["a1", "a2", "n1", "b1", "c1", "b2", "n2"]

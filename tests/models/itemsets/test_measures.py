"""The measures of many pairs: the same as those of single rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.itemsets.measures import measures_of
from models.itemsets.rules import Rule, wilson_lower


@given(st.integers(1, 500), st.integers(0, 500), st.integers(0, 500), st.integers(0, 500))
def test_they_are_those_of_the_rule(both: int, only_a: int, only_b: int, neither: int) -> None:
    n, n_a, n_b = both + only_a + only_b + neither, both + only_a, both + only_b
    rule = Rule(antecedent="a", consequent="b", n=n, n_a=n_a, n_b=n_b, n_ab=both)
    found = measures_of(n, [n_a], [n_b], [both])
    assert found.confidence[0] == pytest.approx(rule.confidence)
    assert found.wilson[0] == pytest.approx(wilson_lower(both, n_a))
    assert found.score[0] == pytest.approx(rule.score, abs=1e-12)
    assert found.cosine[0] == pytest.approx(both / (n_a * n_b) ** 0.5)


def test_a_decayed_count_above_its_article_is_no_confidence_above_one() -> None:
    assert measures_of(10.0, [1.0], [2.0], [1.01]).confidence[0] == 1.0

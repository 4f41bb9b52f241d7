"""Is a pair together more often than chance? Against SciPy, and against pure chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, fisher_exact

from models.itemsets.significance import benjamini_hochberg, independence_p


def p_of(n: float, n_a: float, n_b: float, n_ab: float) -> float:
    return float(independence_p(*(np.array([float(x)]) for x in (n, n_a, n_b, n_ab)))[0])


def table(n: int, n_a: int, n_b: int, n_ab: int) -> list[list[int]]:
    return [[n_ab, n_a - n_ab], [n_b - n_ab, n - n_a - n_b + n_ab]]


@pytest.mark.parametrize(
    "counts", [(1000, 200, 100, 30), (1000, 200, 100, 40), (500, 250, 250, 126), (90, 30, 30, 15)]
)
def test_large_cells_take_the_g_test(counts: tuple[int, int, int, int]) -> None:
    found = chi2_contingency(table(*counts), correction=False, lambda_="log-likelihood")
    assert p_of(*counts) == pytest.approx(found.pvalue / 2, rel=1e-9)


@pytest.mark.parametrize(
    "counts",
    [(1000, 20, 30, 5), (1000, 20, 30, 20), (50, 49, 10, 10), (10_000, 5, 6, 3), (20, 20, 5, 5)],
)
def test_small_cells_take_fishers_test(counts: tuple[int, int, int, int]) -> None:
    n, n_a, n_b, n_ab = counts
    if n_ab * n > n_a * n_b:
        expected = fisher_exact(table(*counts), alternative="greater").pvalue
        assert p_of(*counts) == pytest.approx(expected, rel=1e-6)
    else:
        assert p_of(*counts) == 1.0


def test_less_often_than_by_chance_is_not_significant() -> None:
    assert p_of(1000, 500, 500, 100) == 1.0
    assert p_of(1000, 500, 500, 250) == 1.0


def test_many_at_once_equal_one_by_one() -> None:
    rng = np.random.default_rng(1)
    n_a, n_b = rng.integers(3, 200, 100), rng.integers(3, 200, 100)
    n_ab = np.minimum(np.minimum(n_a, n_b), rng.integers(0, 60, 100))
    n = np.full(100, 1000)
    together = independence_p(n, n_a, n_b, n_ab)
    alone = [p_of(*row) for row in zip(n, n_a, n_b, n_ab, strict=True)]
    assert list(together) == pytest.approx(alone, rel=1e-9)
    assert np.isfinite(together).all()
    assert ((together >= 0) & (together <= 1)).all()


def test_fractions_of_counts_are_fine() -> None:
    assert 0 < p_of(99.7, 3.2, 4.4, 3.1) < 1e-3


def naive(p_values: list[float], q: float, tests: int) -> float:
    best = 0.0
    for rank, p in enumerate(sorted(p_values), start=1):
        if p <= q * rank / max(tests, len(p_values)):
            best = p
    return best


@settings(deadline=None)
@given(
    st.lists(st.floats(0, 1) | st.floats(0, 1e-3), max_size=40),
    st.sampled_from([0.01, 0.05, 0.2]),
    st.integers(0, 100),
)
def test_benjamini_hochberg(p_values: list[float], q: float, tests: int) -> None:
    assert benjamini_hochberg(p_values, q, tests) == naive(p_values, q, tests)


def test_pairs_that_were_looked_at_but_not_kept_count_as_tests() -> None:
    assert benjamini_hochberg([0.004, 0.5], 0.01, 2) == 0.004
    assert benjamini_hochberg([0.004, 0.5], 0.01, 100) == 0.0

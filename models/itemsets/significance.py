"""Is a pair together more often than chance? Tests for many pairs at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, gammaln

Floats = npt.NDArray[np.float64]


def independence_p(n: Floats, n_a: Floats, n_b: Floats, n_ab: Floats) -> Floats:
    """Return one-sided p-values against independence, for arrays of (effective) counts.

    G-test (Sokal and Rohlf) with one degree of freedom where all expected cells are at least 5,
    Fisher's exact test elsewhere. Pairs that are together *less* often than by chance get 1.
    """
    n, n_a, n_b, n_ab = (np.asarray(x, dtype=np.float64) for x in (n, n_a, n_b, n_ab))
    observed = np.stack([n_ab, n_a - n_ab, n_b - n_ab, n - n_a - n_b + n_ab])
    observed = np.maximum(observed, 0.0)
    expected = np.stack([n_a * n_b, n_a * (n - n_b), (n - n_a) * n_b, (n - n_a) * (n - n_b)]) / n
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(observed > 0, observed * np.log(observed / expected), 0.0)
    g = np.maximum(2 * terms.sum(axis=0), 0.0)
    p = chdtrc(1, g) / 2
    positive = n_ab * n > n_a * n_b
    small = positive & (expected.min(axis=0) < 5)
    if small.any():
        p[small] = _fisher_p(*(np.rint(x[small]) for x in (n, n_a, n_b, n_ab)))
    return np.where(positive, p, 1.0)


def _fisher_p(n: Floats, n_a: Floats, n_b: Floats, n_ab: Floats) -> Floats:
    """Return the chance of at least ``n_ab`` together: the tail of the hypergeometric distribution.

    Summed from ``n_ab`` on, for all tables at once; SciPy's takes them one by one, and there are
    thousands a second. Each sum ends by itself, so that none depends on what else is tested.
    """
    k = np.maximum(n_ab, n_a + n_b - n)
    term = np.exp(_log_choose(n_a, k) + _log_choose(n - n_a, n_b - k) - _log_choose(n, n_b))
    total = term.copy()
    while (term > 1e-12 * total).any():
        term = term * (n_a - k) * (n_b - k) / ((k + 1) * (n - n_a - n_b + k + 1))
        term[term <= 1e-12 * total] = 0.0
        total += term
        k = k + 1
    return np.minimum(total, 1.0)


def _log_choose(n: Floats, k: Floats) -> Floats:
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))


def benjamini_hochberg(p_values: Sequence[float] | Floats, q: float, tests: int) -> float:
    """Return the largest p-value that may be called significant at false discovery rate ``q``.

    ``tests`` is how many hypotheses were looked at, of which ``p_values`` are those kept; 0.0 when
    none passes. Source: Benjamini and Hochberg (1995).
    """
    ordered = np.sort(np.asarray(p_values, dtype=np.float64))
    if not len(ordered):
        return 0.0
    limits = q * np.arange(1, len(ordered) + 1) / max(tests, len(ordered))
    passing = np.nonzero(ordered <= limits)[0]
    return float(ordered[passing[-1]]) if len(passing) else 0.0

"""The measures of many pairs at once, from (effective) counts; for one rule see `rules.Rule`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.itemsets.rules import Z

Floats = npt.NDArray[np.float64]


class Measures(NamedTuple):
    """Arrays of one length."""

    confidence: Floats
    wilson: Floats
    """Lower end of the 95 % Wilson interval of the confidence."""
    log_lift: Floats
    """Logarithm of the lift, 0 where the two are together less often than by chance."""
    cosine: Floats

    @property
    def score(self) -> Floats:
        """Wilson bound times log lift: what rules are ranked by."""
        return self.wilson * self.log_lift


def measures_of(
    n: npt.ArrayLike, n_a: npt.ArrayLike, n_b: npt.ArrayLike, n_ab: npt.ArrayLike
) -> Measures:
    """Return the measures of ``a -> b``; the counts are above zero."""
    n, n_a, n_b, n_ab = (np.asarray(count, dtype=np.float64) for count in (n, n_a, n_b, n_ab))
    confidence = np.minimum(n_ab / n_a, 1.0)
    square = Z * Z / n_a
    spread = Z * np.sqrt(confidence * (1 - confidence) / n_a + square / (4 * n_a))
    wilson = np.maximum((confidence + square / 2 - spread) / (1 + square), 0.0)
    log_lift = np.maximum(np.log(n_ab * n / (n_a * n_b)), 0.0)
    return Measures(confidence, wilson, log_lift, n_ab / np.sqrt(n_a * n_b))

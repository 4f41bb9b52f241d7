"""Association rules: the measures of ``a -> b``, from four counts.

Measures as in Hahsler and Hornik (2007) and the `arules` manual; Kulczynski and imbalance ratio as
in Wu, Chen, Han (2010).
"""

from __future__ import annotations

import math

import msgspec

Z = 1.959963984540054
"""97.5 % quantile of the normal distribution: Wilson bounds are 95 % two-sided."""


class Rule(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """``antecedent -> consequent`` with its (possibly decayed) counts; all measures derive."""

    antecedent: str
    consequent: str
    n: float
    n_a: float
    n_b: float
    n_ab: float
    p: float = 1.0

    @property
    def support(self) -> float:
        """Share of all baskets that hold both."""
        return self.n_ab / self.n

    @property
    def confidence(self) -> float:
        """Share of the antecedent's baskets that hold the consequent."""
        return self.n_ab / self.n_a

    @property
    def lift(self) -> float:
        """How many times more often together than by chance."""
        return self.n_ab * self.n / (self.n_a * self.n_b)

    @property
    def leverage(self) -> float:
        """Support above what independence would give."""
        return self.support - self.n_a * self.n_b / self.n**2

    @property
    def conviction(self) -> float:
        """How much more often the rule would be wrong by chance; infinite if it never is."""
        wrong = 1 - self.confidence
        return math.inf if wrong <= 0 else (1 - self.n_b / self.n) / wrong

    @property
    def kulczynski(self) -> float:
        """Mean of both directions' confidences; not moved by baskets that hold neither."""
        return (self.n_ab / self.n_a + self.n_ab / self.n_b) / 2

    @property
    def imbalance(self) -> float:
        """How unequal the two articles' counts are, 0 to 1."""
        return abs(self.n_a - self.n_b) / (self.n_a + self.n_b - self.n_ab)

    @property
    def score(self) -> float:
        """Wilson lower bound of the confidence times log lift: what rules are ranked by."""
        return wilson_lower(self.n_ab, self.n_a) * math.log(max(self.lift, 1.0))


def wilson_lower(hits: float, trials: float, z: float = Z) -> float:
    """Return the lower end of the Wilson interval of ``hits / trials``, of 95 % unless ``z`` is given."""
    if trials <= 0:
        return 0.0
    share = min(hits / trials, 1.0)
    square = z * z / trials
    centre = share + square / 2
    spread = z * math.sqrt(share * (1 - share) / trials + square / (4 * trials))
    return max((centre - spread) / (1 + square), 0.0)

"""What is known of how an article is configured, over all shards: a part of its row of the view."""

from __future__ import annotations

import msgspec

from models.itemsets.rules import Rule
from models.options.names import label


class OptionValue(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A value of an option, with the (effective) number of lines that chose it."""

    value: str
    count: float


class OptionChoice(msgspec.Struct, frozen=True, array_like=True):
    """An option of an article and what is chosen."""

    option: str
    of: float
    """(Effective) number of the article's configured lines, with this option or without."""
    without: float
    """Those of them without this option."""
    known: int
    """How many different values were chosen, published or not."""
    values: tuple[OptionValue, ...]
    """The values that enough customers chose, most often first."""

    def count(self, value: str) -> float | None:
        """Return how many lines chose a value; None if that is not known."""
        return next((own.count for own in self.values if own.value == value), None)


class OptionPair(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Values of two options of an article that were chosen in the same lines."""

    option: str
    value: str
    option2: str
    value2: str
    n: float
    n_a: float
    n_b: float
    n_ab: float
    p: float
    """Against the two having nothing to do with each other, one-sided."""
    significant: bool = False

    @property
    def rules(self) -> tuple[Rule, Rule]:
        """The pair as rules in both directions, under the values' names for people."""
        first, second = label(self.option, self.value), label(self.option2, self.value2)
        return (
            Rule(antecedent=first, consequent=second, n=self.n, n_a=self.n_a, n_b=self.n_b,
                 n_ab=self.n_ab, p=self.p),
            Rule(antecedent=second, consequent=first, n=self.n, n_a=self.n_b, n_b=self.n_a,
                 n_ab=self.n_ab, p=self.p),
        )  # fmt: skip

    def turned(self) -> OptionPair:
        """The pair the other way round."""
        return OptionPair(
            self.option2, self.value2, self.option, self.value, self.n, self.n_b, self.n_a,
            self.n_ab, self.p, self.significant,
        )  # fmt: skip

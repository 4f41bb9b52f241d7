"""Will this session buy? A linear model learnt online, scored before it learns (prequential)."""

from __future__ import annotations

from models.customers import Customer, Example
from models.propensity.classifier import Classifier
from models.propensity.signals import Signals, session_signals
from models.propensity.validation import Validation

_SCORED_AT = frozenset({2, 4, 8, 16, 32})
"""At which views of a session an example is logged: powers of two, so that a long session does not
outvote many short ones."""


class Propensity:
    """One shard's purchase classifier and its progressive validation.

    An example's features are those of the moment it was scored, its label what the stream brought
    within the session window: bought or not.
    """

    __slots__ = ("_classifier", "validation")

    def __init__(self) -> None:
        self._classifier = Classifier()
        self.validation = Validation()

    def score(self, signals: Signals) -> float:
        """Return the probability that the session buys; changes nothing."""
        return self._classifier.score(self._classifier.features(signals))

    def observe(self, customer: Customer, at: float) -> None:
        """Log an example if this view of the session is one that is scored."""
        if customer.views in _SCORED_AT:
            features = self._classifier.meet(session_signals(customer, at))
            customer.examples.append(Example(features, self._classifier.score(features)))

    def close(self, customer: Customer, *, bought: bool) -> None:
        """Learn the outcome of a session from the examples that were logged in it."""
        for example in customer.examples:
            self.validation.take(example.score, hit=bought)
            self._classifier.learn(example.features, hit=bought)
        customer.examples.clear()

    def report(self) -> dict[str, float]:
        """Return the progressive validation so far, with the base rate's loss beside it."""
        return self.validation.report()

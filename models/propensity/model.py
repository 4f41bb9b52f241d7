"""Will this session buy? Learnt online, scored before it learns (prequential)."""

from __future__ import annotations

from models.customers import Customer
from models.propensity.classifier import Classifier
from models.propensity.contenders.roster import Name
from models.propensity.settings import ContestSettings
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

    __slots__ = ("_classifier",)

    def __init__(self, settings: ContestSettings | None = None) -> None:
        self._classifier = Classifier(settings)

    @property
    def validation(self) -> Validation:
        """The progressive validation of the scores that were served."""
        return self._classifier.contest.served

    def score(self, signals: Signals) -> float:
        """Return the probability that the session buys; changes nothing."""
        return self._classifier.score(signals)

    def observe(self, customer: Customer, at: float) -> None:
        """Log an example if this view of the session is one that is scored."""
        if customer.views in _SCORED_AT:
            customer.examples.append(self._classifier.meet(session_signals(customer, at)))

    def close(self, customer: Customer, *, bought: bool) -> None:
        """Learn the outcome of a session from the examples that were logged in it."""
        self._classifier.learn(customer.examples, hit=bought)
        customer.examples.clear()

    def pin(self, name: Name | None) -> bool:
        """Have a contender serve, or (None) the contest decide again; see `Contest.pin`."""
        return self._classifier.contest.pin(name)

    def report(self) -> dict[tuple[str, str], float]:
        """Return the progressive validation of what was served, and of each contender."""
        return self._classifier.contest.report()

"""Which configuration to propose with an article: a pure function of its row of the view."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scipy.special import ndtri

from models.itemsets.rules import wilson_lower
from models.options.choices import OptionChoice, OptionPair
from models.view import Row
from schemas.outputs import OptionReason

MOSTLY = 0.5
"""An article that is less often configured than not is proposed as it comes, but as the customer had it."""
_ERROR = 0.025
"""Of one bound by itself. The best of many values looks good by luck, so they share it (Bonferroni).

Where customers have no favourite, about one option in twenty has one proposed nevertheless: Wilson's
bounds are a little bold for small shares."""


@dataclass(frozen=True, slots=True)
class ProposedOption:
    """A value to propose for an option, and why."""

    option: str
    value: str
    times: float
    """How many (effective) order lines chose it."""
    of: float
    """Out of how many: the article's configured lines, or those with what it is chosen ``with_``."""
    lower: float = 0.0
    """Lower bound of the share of those who choose it."""
    with_: tuple[str, str] | None = None
    """The option and value chosen already that speak for it."""
    own: bool = False
    """The customer chose it before; nothing was estimated."""

    @property
    def text(self) -> str:
        """The reason in words."""
        if self.own:
            return "Chosen before."
        by = f" with {self.with_[0]} {self.with_[1]}" if self.with_ else ""
        return f"Chosen {self.times:,.0f} of {self.of:,.0f} times{by}."

    def reason(self) -> OptionReason:
        """The reason as it is sent out."""
        return OptionReason(
            option=self.option, value=self.value, text=self.text, times=self.times, of=self.of,
            because_of=dict([self.with_]) if self.with_ else {},
        )  # fmt: skip


def proposed_options(
    row: Row, chosen: Mapping[str, str] | None = None
) -> tuple[ProposedOption, ...]:
    """Return a configuration of the article that a row of the view is of; nothing if too little is known.

    An option whose value customers differ about, or mostly leave out, is not in it.

    Parameters
    ----------
    row
        What is known of the article over all shards.
    chosen
        The customer's own values of its options, from an earlier order or on the page. Those that
        the article has come first, as they are, and the other options are chosen to go with them.

    Examples
    --------
    >>> from models.options.choices import OptionValue
    >>> colours = OptionValue("oak", 37.0), OptionValue("ash", 15.0)
    >>> row = Row(options=(OptionChoice("wood", 52.0, 0.0, 2, colours),), configured=1.0)
    >>> [(found.option, found.value, found.text) for found in proposed_options(row)]
    [('wood', 'oak', 'Chosen 37 of 52 times.')]
    """
    found = {own.option: own for own in _own(row, chosen or {})}
    if row.configured < MOSTLY:
        return tuple(found.values())
    open_ = [choice for choice in row.options if choice.option not in found]
    while True:
        given = {own.option: own.value for own in found.values()}
        ahead = [best for choice in open_ if (best := _best(choice, row.option_pairs, given))]
        if not ahead:
            break
        # The surest first: the others are then chosen to go with it.
        surest = max(ahead, key=lambda own: own.lower)
        found[surest.option] = surest
        open_ = [choice for choice in open_ if choice.option != surest.option]
    return tuple(found[choice.option] for choice in row.options if choice.option in found)


def _own(row: Row, chosen: Mapping[str, str]) -> Iterator[ProposedOption]:
    for choice in row.options:
        value = chosen.get(choice.option)
        times = None if value is None else choice.count(value)
        if value is not None and times is not None:
            yield ProposedOption(choice.option, value, times, choice.of, own=True)


def _best(
    choice: OptionChoice, pairs: tuple[OptionPair, ...], given: Mapping[str, str]
) -> ProposedOption | None:
    """Return the best value of an option, given those of others; None if none is clearly ahead."""
    table = _beside(choice.option, pairs, given)
    if table:
        with_ = table[0].option, table[0].value
        counts = [(pair.n_ab, pair.value2) for pair in table]
        of = table[0].n_a
        without = max(of - sum(times for times, _ in counts), 0.0)
    else:
        with_ = None
        counts = [(own.count, own.value) for own in choice.values]
        of, without = choice.of, choice.without
    times, value = min(counts, key=lambda own: (-own[0], own[1]))
    # Leaving an option out is a choice too. An option of one value is still yes or no.
    ways = max(choice.known + (choice.without > 0), 2)
    lower = wilson_lower(times, of, float(ndtri(1 - _ERROR / ways)))
    if lower <= 1 / ways or times <= without:
        return None
    return ProposedOption(choice.option, value, times, of, lower, with_)


def _beside(
    option: str, pairs: tuple[OptionPair, ...], given: Mapping[str, str]
) -> list[OptionPair]:
    """Return how an option's values are chosen beside that given value which says most about them.

    Nothing if none of them is significantly chosen more often than elsewhere.
    """
    for pair in sorted((pair for pair in pairs if pair.significant), key=lambda pair: pair.p):
        for first in (pair, pair.turned()):
            if first.option2 == option and given.get(first.option) == first.value:
                both = [own for other in pairs for own in (other, other.turned())]
                return [
                    own
                    for own in both
                    if (own.option, own.value, own.option2) == (first.option, first.value, option)
                ]
    return []

"""Budget pacing: a shard spends its part of a campaign's budget evenly between start and end.

No shard asks another what it has spent, so each has a fixed part of the budget, and what one does
not need another cannot have. Even pacing is the idea of Agarwal, Ghosh, Wei and You (2014), "Budget
pacing for targeted online advertisements at LinkedIn"; theirs follows a forecast of the traffic and
throttles by chance, ours follows the clock and is a plain yes or no, for a replay must say the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.campaigns.campaign import Campaign
from models.campaigns.document import OfferRules

ALLOWANCE = 0.05
"""Share of the budget that may be spent ahead of time: or the first minutes would offer nothing."""


@dataclass(slots=True)
class Spent:
    """What a shard has spent on a campaign."""

    money: float = 0.0
    offers: int = 0
    last: float = 0.0
    """When last, in unix seconds."""
    run: int = 0
    """Counts up over the shard's runs of campaigns: a name may come again, and is another run then."""


class BudgetPacing:
    """One shard's spending on the campaigns that there are. Times in unix seconds."""

    __slots__ = ("_number", "_runs", "_shards", "_spent")

    def __init__(self) -> None:
        self._number = 0
        self._runs = 0
        self._shards = 1
        self._spent: dict[str, Spent] = {}

    def follow(self, rules: OfferRules, number: int, shards: int) -> None:
        """Go by these rules, as shard ``number`` (from 0) of ``shards``; forget campaigns that are gone.

        A campaign is known by its name: with another budget or another end it goes on from what was
        spent; with a start after all that was spent it is a new run and begins anew. Raises `ValueError` if there is no such shard.
        """
        if not 0 <= number < shards:
            raise ValueError(f"There is no shard {number} of {shards}.")
        self._number, self._shards = number, shards
        before = self._spent
        self._spent = {
            campaign.name: before.get(campaign.name) or Spent(run=self._next_run())
            for campaign in rules.campaigns
        }

    def may_spend(self, campaign: Campaign, at: float) -> bool:
        """Return whether an offer with an article of the campaign may be made now.

        Not outside of its dates, not once this shard's part of the budget or of the offers is used
        up, nor while more of it is used than is due by now and the allowance. What an offer may cost
        is not known beforehand, so a budget may be passed by the discounts of orders under way.
        """
        if not campaign.runs(at):
            return False
        spent = self._of(campaign, at)
        due = _due(campaign, at)
        if campaign.budget is not None:
            part = campaign.budget / self._shards
            if spent.money >= part * due:
                return False
        if campaign.max_offers is not None:
            whole = self._part(campaign.max_offers)
            if spent.offers >= whole * due:
                return False
        return True

    def spend(self, campaign: Campaign, amount: float, at: float) -> int | None:
        """Note discount given, ``amount`` in money; return the run it is of, for `give_back`.

        What it costs is known when an order holds the article within the attribution window: the
        discount times the price. A campaign that is not followed is passed over: None.
        """
        spent = self._touch(campaign, at)
        if spent is None:
            return None
        spent.money += amount
        return spent.run

    def give_back(self, name: str, run: int, amount: float) -> None:
        """Take back what was spent in a run of a campaign; of one that is over nothing is left."""
        spent = self._spent.get(name)
        if spent is not None and spent.run == run:
            spent.money = max(spent.money - amount, 0.0)

    def count_offer(self, campaign: Campaign, at: float) -> None:
        """Note that an offer with an article of the campaign was made."""
        if (spent := self._touch(campaign, at)) is not None:
            spent.offers += 1

    def spent(self, campaign: Campaign, at: float) -> Spent:
        """Return what this shard has spent on a campaign in its present dates; not to be changed."""
        return self._of(campaign, at)

    def _part(self, whole: int) -> int:
        """Return this shard's part of a whole number: all parts make it up exactly."""
        first = whole * self._number // self._shards
        return whole * (self._number + 1) // self._shards - first

    def _of(self, campaign: Campaign, at: float) -> Spent:
        spent = self._spent.get(campaign.name, _NOTHING)
        if _earlier(spent, campaign, at):
            return _NOTHING
        return spent

    def _touch(self, campaign: Campaign, at: float) -> Spent | None:
        """Return the record to be added to; None if the campaign is gone."""
        spent = self._spent.get(campaign.name)
        if spent is None:
            return None
        if _earlier(spent, campaign, at):
            spent.money, spent.offers, spent.run = 0.0, 0, self._next_run()
        spent.last = max(spent.last, at)
        return spent

    def _next_run(self) -> int:
        self._runs += 1
        return self._runs


_NOTHING = Spent()


def _earlier(spent: Spent, campaign: Campaign, at: float) -> bool:
    """Return whether a record is of a run before this one: the same name with later dates.

    Not while the new run has not begun: an order may still come that an offer of the old one led to.
    """
    if campaign.starts is None:
        return False
    starts = campaign.starts.timestamp()
    return spent.last < starts <= at


def _due(campaign: Campaign, at: float) -> float:
    """Return the share of the budget that may be spent by now, with the allowance; at most 1."""
    if campaign.starts is None or campaign.ends is None:
        return 1.0
    starts, ends = campaign.starts.timestamp(), campaign.ends.timestamp()
    return min(max((at - starts) / (ends - starts), 0.0) + ALLOWANCE, 1.0)

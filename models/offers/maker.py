"""Making offers, and learning from what becomes of them: all of a shop shard's state about offers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple, get_args

from models.articles import Article
from models.campaigns.campaign import Campaign
from models.campaigns.document import NO_RULES, OfferRules
from models.campaigns.limits import LimitsInForce, limits_in_force
from models.customers import Customer, Customers
from models.effects import Effects, Output
from models.offers.candidates import SOURCES, Knowledge, Proposal, Source, proposals
from models.offers.choosing import Variety
from models.offers.deals import Deals, bill_of, money_of
from models.offers.holdout import HoldOut
from models.offers.interest import Interest
from models.offers.limits import may_offer, not_wanted, resting
from models.offers.pending import Click, Decision, Pending, packed
from models.offers.ranking import Chosen, Facts, OfferRanking, Slate, decision_of
from models.offers.repurchase import Repurchase
from models.offers.settings import OfferSettings
from models.offers.shelves import Shelves
from models.options.proposal import ProposedOption, proposed_options
from models.propensity.settings import ContestSettings
from models.segments import segment_of
from models.view import View
from schemas.orders import OrderLine, OrderPlaced
from schemas.outputs import Offer, OfferItem
from schemas.topics import OFFERS

Trigger = Literal[
    "view", "add_to_cart", "order_placed", "session_end", "cart_left", "price_drop", "back_in_stock",
]  # fmt: skip
TRIGGERS: tuple[Trigger, ...] = get_args(Trigger)
_LASTING: frozenset[Trigger] = frozenset(
    {"session_end", "cart_left", "price_drop", "back_in_stock"}
)
"""Made when the customer looks no longer: they are met on coming back."""
_TRIED_ENOUGH = 1.0
"""An article is no longer new once it was shown so often that a click was to be expected."""


class Bounds(NamedTuple):
    """Most articles and orders that are remembered, and how long views count as a trend."""

    articles: int
    trending_half_life_s: float
    orders: int = 10_000


class Tally:
    """What became of offers so far, in all and by the source that spoke most for each article."""

    __slots__ = (
        "bought",
        "clicked",
        "decided",
        "displaced",
        "made",
        "shown",
        "sources",
        "unmatched",
    )

    def __init__(self) -> None:
        self.made, self.shown, self.decided = 0, 0, 0
        self.clicked, self.bought = 0, 0
        """Articles that were clicked in an offer, and those of them that were bought."""
        self.unmatched = 0
        """Impressions and clicks of offers that are not known, or not any more."""
        self.displaced = 0
        """Offers there was no room to wait for."""
        self.sources: dict[Source, list[int]] = {source: [0, 0] for source in SOURCES}
        """Articles shown and clicked."""

    def report(self) -> dict[tuple[str, str], float]:
        """Return the counts."""
        names = ("made", "shown", "decided", "clicked", "bought", "unmatched", "displaced")
        found = {("offers", name): float(getattr(self, name)) for name in names}
        for source, (shown, clicked) in self.sources.items():
            found[f"source:{source}", "shown"] = float(shown)
            found[f"source:{source}", "clicked"] = float(clicked)
        return found


class Offers:
    """One shard's offers."""

    __slots__ = (
        "_pending", "_settings", "deals", "holdout", "interest", "ranking", "repurchase", "shelves",
        "tally",
    )  # fmt: skip

    def __init__(self, settings: OfferSettings, clicks: ContestSettings, bounds: Bounds) -> None:
        self._settings = settings
        self.ranking = OfferRanking(settings, clicks, bounds.articles)
        self.shelves = Shelves(bounds.trending_half_life_s, bounds.articles)
        self.repurchase = Repurchase(bounds.articles)
        self.interest = Interest(bounds.articles)
        self.deals = Deals(settings.attribution_s, bounds.orders)
        self.holdout = HoldOut(settings.holdout)
        self.tally = Tally()
        self._pending = Pending(
            settings.pending, settings.click_window_s, settings.attribution_s,
            valid_s=settings.expires_after_s, lasting_s=settings.message_expires_after_s,
        )  # fmt: skip

    def follow(self, view: View, shard: int) -> None:
        """Go by the offer rules of a view that is new: what was spent goes with its campaign."""
        self.deals.follow(view.rules, shard, len(view.versions))

    # -- making -----------------------------------------------------------------------------------

    def offer(
        self, customer_id: str, customer: Customer, trigger: Trigger, knows: Knowledge, at: float,
        purchase_chance: Callable[[], float], effects: Effects,
    ) -> None:  # fmt: skip
        """Make an offer, if there is anything to offer and nothing speaks against it.

        ``purchase_chance`` is asked only if one is made: most events make none.
        """
        rules = _rules_of(knows.view)
        limits = limits_in_force(rules, self._settings)
        if not rules.trigger_on(trigger):
            return
        may = may_offer(customer, at, limits)
        counts = limits.daily_cap > 0 and self._counts(customer, at)
        if not may and not counts:
            return
        view = knows.view
        known = not_wanted(
            customer, at, limits, self.repurchase, lambda sku: self._category_of(sku, view)
        )
        rest = resting(customer, at, limits)
        sources = [source for source in SOURCES if rules.source_on(source)]
        found = proposals(customer, knows, known | rest, at, sources=sources)
        if counts and (found or (rest and proposals(customer, knows, known, at, sources=sources))):
            self.holdout.could_offer(customer_id, customer, at)
        if not found or not may or self.holdout.holds(customer_id):
            return
        offer_id = effects.new_id()
        facts, deals = self._facts(found, knows, customer, rules, limits, at)
        slate = self.ranking.rank(found, customer, facts, int(offer_id.replace("-", ""), 16))
        skus = tuple(one.sku for one in slate.chosen)
        customer.remember_offer(skus, at, limits.daily_cap)
        self.deals.made(skus, deals, customer, at)
        self.tally.made += 1
        lasting = trigger in _LASTING
        decision = decision_of(slate, customer_id, at, lasting=lasting)
        displaced = self._pending.open(offer_id, decision, customer)
        if displaced is not None:
            self.tally.displaced += 1
            self._learn(displaced, None)
        decided_at = datetime.fromtimestamp(at, UTC)
        settings = self._settings
        holds_s = settings.message_expires_after_s if lasting else settings.expires_after_s
        made = Offer(
            offer_id=offer_id,
            decided_at=decided_at,
            expires_at=decided_at + timedelta(seconds=holds_s),
            customer_id=customer_id,
            session_id=customer.session_id or None,
            trigger=trigger,
            items=_items(slate, deals, customer, knows.view),
            propensity=purchase_chance(),
            policy=settings.exploration,
            model=self.ranking.version,
        )
        effects.send(Output(OFFERS.name, customer_id.encode(), offer_id, made))

    def _counts(self, customer: Customer, at: float) -> bool:
        """Return whether this session counts for what offers add, if there is anything to offer.

        Only in a session, and only while nothing was ordered in it: the offer that an order makes
        cannot have led to that order, and who has bought seldom buys again at once.
        """
        return (
            bool(customer.session_id)
            and not customer.session_orders
            and self.holdout.is_due(customer, at)
        )

    def _facts(
        self, found: list[Proposal], knows: Knowledge, customer: Customer, rules: OfferRules,
        limits: LimitsInForce, at: float,
    ) -> tuple[Facts, dict[str, Campaign]]:  # fmt: skip
        """Return what else is known of the candidates, and the campaigns that they are in."""
        skus = {sku for proposal in found for sku in proposal.scores}
        articles = _articles(skus, knows.view)
        categories = {}
        for sku in skus:
            category = self._category(sku, articles.get(sku))
            if category is not None:
                categories[sku] = category
        deals = self.deals.of(skus, rules, customer, segment_of(customer, at), categories, at)
        money = money_of(articles, deals)
        facts = Facts(
            knows.sequences.trending.relative(skus), categories, money.discounts,
            money.margins, {sku: campaign.boost for sku, campaign in deals.items()},
            Variety(limits.category_quota, limits.diversity),
        )  # fmt: skip
        return facts, deals

    def _category_of(self, sku: str, view: View | None) -> str | None:
        return self._category(sku, None if view is None else view.article(sku))

    def _category(self, sku: str, article: Article | None) -> str | None:
        """Return an article's category: as the catalogue says, else as its latest view named it."""
        told = None if article is None else article.category
        return told or self.shelves.category_of(sku)

    # -- learning ---------------------------------------------------------------------------------

    def shown(
        self, offer_id: str, customer_id: str, customer: Customer, sku: str | None, at: float
    ) -> None:
        """Note that an offer, or one article of it, was on the screen: earlier ones are decided."""
        decision = self._meant(offer_id, customer_id, sku)
        if decision is None:
            return
        self._see(offer_id, decision, sku, at)
        for earlier in self._pending.replace(customer, offer_id):
            self._learn(earlier, customer)

    def _meant(self, offer_id: str, customer_id: str, sku: str | None) -> Decision | None:
        """Return the open offer that was seen or clicked; None, and counted, if there is none such."""
        decision = self._pending.find(offer_id, customer_id)
        if decision is None or (sku is not None and sku not in decision.skus):
            self.tally.unmatched += 1
            return None
        return decision

    def clicked(
        self, offer_id: str, customer_id: str, customer: Customer, sku: str | None, at: float
    ) -> None:
        """Note that an article of an offer was clicked; who does not say which meant the first."""
        decision = self._meant(offer_id, customer_id, sku)
        if decision is None:
            return
        place = 0 if sku is None else decision.skus.index(sku)
        # What was clicked must have been seen, whether an impression says so or not.
        self._see(offer_id, decision, decision.skus[place], at)
        if place in decision.clicked:
            return
        decision.clicked.add(place)
        self.tally.clicked += 1
        click = Click(at, offer_id, packed(decision.row(place)))
        gone = self._pending.click(customer, customer_id, decision.skus[place], click)
        if gone is not None:
            self.ranking.learn_purchase(gone, bought=False)

    def viewed(self, sku: str, category: str | None, customer: Customer | None, at: float) -> None:
        """Take a view in; of somebody who agreed with the ``customer``, else None."""
        segment = None if customer is None else segment_of(customer, at)
        self.shelves.learn(sku, category, segment, at)

    def ordered(
        self, customer_id: str, customer: Customer, order: OrderPlaced, view: View | None, at: float
    ) -> None:
        """Learn from an order before it is remembered: of what was clicked, and what is bought again."""
        self.holdout.bought(customer_id, customer)
        skus = dict.fromkeys(line.sku for line in order.lines)
        bill = bill_of(order, _articles(skus, view))
        self.deals.bought(customer, _rules_of(view), bill, at)
        for sku in skus:
            self.interest.drop(sku, customer_id, customer)
            before = customer.bought.get(sku)
            if before is not None:
                self.repurchase.learn(sku, self._category_of(sku, view), at - before.at)
            click = self._pending.bought(customer, customer_id, sku)
            if click is not None:
                self.tally.bought += 1
                self.ranking.learn_purchase(click, bought=True)

    def taken_back(self, order_id: str, lines: Sequence[OrderLine]) -> None:
        """Give back what lines of an order (none named: all) took of campaigns' budgets."""
        self.deals.taken_back(order_id, lines)

    def pass_time(self, at: float, customers: Customers) -> None:
        """Decide the offers whose time is over."""
        for decision in self._pending.expired(at):
            self._learn(decision, customers.get(decision.customer_id))
        for click in self._pending.unbought(at):
            self.ranking.learn_purchase(click, bought=False)

    def end_session(self, customer: Customer) -> None:
        """Decide a customer's offers: whoever has gone does not click any more."""
        for decision in self._pending.end_session(customer):
            self._learn(decision, customer)

    def forget(self, customer_id: str, customer: Customer) -> None:
        """Forget all that waits for a customer."""
        self._pending.forget(customer, customer_id)
        self.interest.forget(customer_id, customer)

    def report(self) -> dict[tuple[str, str], float]:
        """Return the figures of offers, of the models that rank them, and of the hold-out group."""
        holdout = {("offers", name): value for name, value in self.holdout.report().items()}
        waiting = {("offers", "pending"): float(len(self._pending))}
        return {**self.ranking.report(), **self.tally.report(), **holdout, **waiting}

    def _see(self, offer_id: str, decision: Decision, sku: str | None, at: float) -> None:
        self.tally.shown += self._pending.see(offer_id, at)
        places = range(len(decision.skus)) if sku is None else [decision.skus.index(sku)]
        decision.shown.update(places)

    def _learn(self, decision: Decision, customer: Customer | None) -> None:
        """Learn from an offer that is decided; one that nobody saw says nothing."""
        if not decision.shown:
            return
        self.tally.decided += 1
        if customer is not None:
            customer.ignored_offers = 0 if decision.clicked else customer.ignored_offers + 1
        for place in sorted(decision.shown):
            sku, clicked = decision.skus[place], place in decision.clicked
            if customer is not None:
                customer.remember_shown(sku, clicked=clicked)
            tally = self.tally.sources[decision.sources[place]]  # type: ignore[index]
            tally[0] += 1
            tally[1] += clicked
        self.ranking.learn(decision)
        for place in decision.shown:
            sku = decision.skus[place]
            if self.ranking.records.expected(sku) >= _TRIED_ENOUGH:
                self.shelves.tried(sku)


def _rules_of(view: View | None) -> OfferRules:
    return NO_RULES if view is None else view.rules


def _articles(skus: Iterable[str], view: View | None) -> dict[str, Article]:
    if view is None:
        return {}
    found = {sku: view.article(sku) for sku in skus}
    return {sku: article for sku, article in found.items() if article is not None}


def _items(
    slate: Slate, deals: Mapping[str, Campaign], customer: Customer, view: View | None
) -> tuple[OfferItem, ...]:
    return tuple(
        _item(place, one, deals.get(one.sku), _options(one.sku, customer, view))
        for place, one in enumerate(slate.chosen, 1)
    )


def _options(sku: str, customer: Customer, view: View | None) -> Sequence[ProposedOption]:
    """Return how an article is proposed: as this customer had it before, else as most have it."""
    return () if view is None else proposed_options(view.row(sku), customer.configured.get(sku))


def _item(
    place: int, one: Chosen, campaign: Campaign | None, options: Sequence[ProposedOption]
) -> OfferItem:
    return OfferItem(
        sku=one.sku,
        score=one.score,
        reason=one.proposals[0].reason(one.sku),
        position=place,
        click_probability=one.chance,
        propensity=one.propensity,
        sources=tuple(proposal.source for proposal in one.proposals),
        campaign=campaign.name if campaign is not None else None,
        discount=campaign.discount if campaign is not None else None,
        options={option.option: option.value for option in options},
        option_reasons=tuple(option.reason() for option in options),
    )

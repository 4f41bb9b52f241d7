"""The shop's shard: what one partition of clickstream, orders and catalogue knows, and its steps.

State and steps are pure: the same events in the same order, from the same views, give the same
state and the same outputs with the same ids. That is what replay after a crash rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

import msgspec

from models.articles import Articles
from models.bounded import RecentNames
from models.cleaning.seen import SeenIds
from models.cleaning.timeliness import too_early
from models.customers import MAX_CART, Customer, Customers
from models.demand import Demand
from models.effects import Effects, Origin
from models.itemsets.completion import BasketCompletion, CompletionSettings
from models.itemsets.counts import ItemsetCounts, ItemsetSettings
from models.offers.candidates import Knowledge
from models.offers.maker import Bounds, Offers, Trigger
from models.offers.news import news_of
from models.offers.next_order import NextOrder
from models.offers.settings import OfferSettings
from models.options.counts import OptionCounts, OptionSettings
from models.propensity.model import Propensity
from models.propensity.settings import ContestSettings, Family, Pin
from models.propensity.signals import session_signals
from models.sequences.guess import Sequences, SequenceSettings
from models.silence import Silence
from models.view import TRENDING, View
from schemas.catalogue import ArticleChanged
from schemas.clickstream import (
    AddToCart,
    OfferClicked,
    OfferShown,
    RemoveFromCart,
    Search,
    ShopEvent,
)
from schemas.clickstream import View as Viewed
from schemas.decoding import Reject
from schemas.orders import OrderCancelled, OrderEvent, OrderPlaced, OrderReturned
from schemas.outputs import Reason

Outcome = Literal["accepted", "duplicate"] | Reject

COVISITS = "blob:covisits"
TRENDS = "blob:trending"
_encode = msgspec.json.Encoder().encode
_NOTHING: Mapping[str, Reason] = {}


@dataclass(frozen=True, slots=True)
class ShopSettings:
    """How a shop shard works. Times in seconds."""

    itemsets: ItemsetSettings = field(default_factory=ItemsetSettings)
    completion: CompletionSettings = field(default_factory=CompletionSettings)
    options: OptionSettings = field(default_factory=OptionSettings)
    sequences: SequenceSettings = field(default_factory=SequenceSettings)
    offers: OfferSettings = field(default_factory=OfferSettings)
    propensity: ContestSettings = field(default_factory=ContestSettings)
    clicks: ContestSettings = field(default_factory=ContestSettings)
    """Who competes to predict the clicks on offers."""
    session_window_s: float = 1800.0
    max_customers: int = 50_000
    max_skus: int = 50_000
    seen_ids: int = 50_000
    publish_rows: int = 500
    trending_rows: int = 200


class ShopShard:
    """The state of one shop shard."""

    def __init__(self, settings: ShopSettings) -> None:
        self.settings = settings
        self.clock = 0.0
        """The latest event time seen: what timers run on."""
        self.view: View | None = None
        self.customers = Customers(settings.max_customers)
        self.itemsets = ItemsetCounts(settings.itemsets)
        self.options = OptionCounts(settings.options, settings.itemsets)
        self.completion = BasketCompletion(settings.completion)
        self.next_order = NextOrder()
        self.sequences = Sequences(settings.sequences)
        self.propensity = Propensity(settings.propensity)
        self.offers = Offers(
            settings.offers,
            settings.clicks,
            Bounds(
                settings.sequences.max_items,
                settings.sequences.trending_half_life_s,
                settings.itemsets.window,
            ),
        )
        self.unmatched_returns = 0
        self._seen = {
            "clickstream": SeenIds(settings.seen_ids),
            "orders": SeenIds(settings.seen_ids),
            "catalogue": SeenIds(settings.seen_ids),
        }
        self.articles = Articles(settings.max_skus)
        self.demand = Demand(settings.max_skus, settings.itemsets.window)
        self._left = RecentNames(settings.max_skus)
        """Articles that were forgotten, and whose rows of the view the merge has to take away."""
        self._silence = Silence(
            {
                "session_end": settings.offers.session_end_s,
                "cart_left": settings.offers.cart_left_s,
                "session": settings.session_window_s,
            }
        )

    def __getstate__(self) -> dict[str, Any]:
        """Leave the view out of snapshots: it is shared, and has a history of its own."""
        return self.__dict__ | {"view": None}

    def accept(self, event: Any, origin: Origin, effects: Effects) -> Outcome:
        """Take an event in; say whether it was accepted, a duplicate, or why it was refused."""
        at = event.occurred_at.timestamp()
        refused = too_early(at, origin.timestamp)
        if refused is not None:
            return refused
        seen = self._seen[origin.topic]
        if event.event_id in seen:
            return "duplicate"
        self._pass_time(at, effects)
        step = _STEPS[type(event)]
        step(self, event, at, effects)
        # Last: an event whose step raises is a dead letter, which may be sent again as it is.
        seen.add(event.event_id)
        return "accepted"

    def reads(self, view: View) -> bool:
        """Return whether a newer view has anything new for the shop: it reads all rows."""
        del view
        return True

    def adopt(self, view: View, effects: Effects) -> None:
        """Go on with a newer merged view; offer what became cheaper, or can be had again."""
        before, self.view = self.view, view
        self.offers.follow(view, effects.shard)
        new = view.opened - self.itemsets.opened
        if new:
            self.itemsets.open_triples(new, effects)
        if before is not None:
            self._tell_of_changes(before, view, effects)

    def resume(self, view: View) -> None:
        """Go on with the view that was adopted before a snapshot: all that follows from it is done."""
        self.view = view

    def can_pin(self, family: Family, name: Pin) -> bool:
        """Whether this shard has the classifier that is to serve, or is to let the contest decide."""
        own = self.settings.clicks if family == "clicks" else self.settings.propensity
        return name == "none" or name in own.contenders

    def pin(self, family: Family, name: Pin) -> bool:
        """Have a classifier serve, or the contest decide again; whether that is anything new."""
        serves = None if name == "none" else name
        if family == "clicks":
            return self.offers.ranking.click.contest.pin(serves)
        return self.propensity.pin(serves)

    def tick(self, at: float, effects: Effects) -> None:
        """Let time pass without events: sessions end, carts are left behind."""
        self._pass_time(at, effects)

    def publish(self, effects: Effects) -> None:
        """Write what changed since the last time for the merge to read; decides nothing."""
        covisits = self.sequences.covisits
        for item in list(islice(covisits.touched, self.settings.publish_rows)):
            del covisits.touched[item]
            effects.put(COVISITS, item, _encode(covisits.levels(item, 50)))
            effects.mark(item)
        self.articles.publish(effects, self.settings.publish_rows)
        trending = self.sequences.trending
        if trending.touched:
            trending.touched = False
            top = trending.levels(self.settings.trending_rows)
            effects.put(TRENDS, "top", _encode(top))
            effects.mark(TRENDING)

    def report(self) -> dict[tuple[str, str], float]:
        """Return model metrics as ``(model, metric) -> value``."""
        return {
            **self.propensity.report(),
            **self.offers.report(),
            ("itemsets", "pairs"): float(len(self.itemsets)),
            ("itemsets", "open_triples"): float(len(self.itemsets.opened)),
            ("options", "counts"): float(len(self.options)),
            ("sequences", "rows"): float(len(self.sequences.covisits)),
            ("customers", "profiles"): float(len(self.customers)),
        }

    # -- steps ------------------------------------------------------------------------------------

    def view_step(self, event: Viewed, at: float, effects: Effects) -> None:
        """A view: count it for all, learn the sequence and maybe offer for those who agreed."""
        customer = self._customer(event, at)
        self.offers.viewed(event.sku, event.category, customer, at)
        if customer is None:
            self.sequences.trending.learn(event.sku, at)
            return
        customer.views += 1
        self.propensity.observe(customer, at)
        gone = self.sequences.learn(customer.visit, event.sku, at)
        if gone:
            for sku in gone:
                effects.drop(COVISITS, sku)
            self._leave(gone, effects)
        if customer.views >= self.settings.offers.min_views:
            self._offer(event.customer_id, customer, "view", at, effects)

    def search_step(self, event: Search, at: float, effects: Effects) -> None:
        """A search: a sign of intent."""
        del effects
        customer = self._customer(event, at)
        if customer is not None:
            customer.searches += 1

    def add_step(self, event: AddToCart, at: float, effects: Effects) -> None:
        """Into the cart: the moment to offer what goes with it."""
        customer = self._customer(event, at)
        if customer is None:
            return
        customer.carts += 1
        if len(customer.cart) < MAX_CART:
            customer.cart[event.sku] = None
        self.offers.interest.note(event.sku, event.customer_id, customer)
        self._offer(event.customer_id, customer, "add_to_cart", at, effects)

    def remove_step(self, event: RemoveFromCart, at: float, effects: Effects) -> None:
        """Out of the cart."""
        del effects
        customer = self._customer(event, at)
        if customer is not None:
            customer.removes += 1
            customer.cart.pop(event.sku, None)
            self.offers.interest.drop(event.sku, event.customer_id, customer)

    def shown_step(self, event: OfferShown, at: float, effects: Effects) -> None:
        """An offer was seen: it is the one that waits for a click."""
        del effects
        customer = self._customer(event, at)
        if customer is not None:
            self.offers.shown(event.offer_id, event.customer_id, customer, event.sku, at)

    def clicked_step(self, event: OfferClicked, at: float, effects: Effects) -> None:
        """An offer was clicked, and may lead to a purchase."""
        del effects
        customer = self._customer(event, at)
        if customer is not None:
            customer.clicks += 1
            self.offers.clicked(event.offer_id, event.customer_id, customer, event.sku, at)

    def placed_step(self, event: OrderPlaced, at: float, effects: Effects) -> None:
        """An order: demand and itemsets for all, profile and label for those who agreed."""
        ordered: dict[str, int] = {}
        for line in event.lines:
            ordered[line.sku] = ordered.get(line.sku, 0) + line.quantity
        self.demand.placed(event.order_id, ordered, effects)
        if self.view is not None:
            self.completion.learn(event.order_id, ordered, self.view)
        self.itemsets.learn(event.order_id, ordered, event.customer_id, at, effects)
        self.options.learn(event.order_id, event.lines, event.customer_id, at, effects)
        self._forget_articles(effects)
        customer = self._customer(event, at)
        if customer is None:
            return
        self.propensity.close(customer, bought=True)
        self.offers.ordered(event.customer_id, customer, event, self.view, at)
        if self.view is not None:
            self.next_order.learn(customer, ordered, self.view, at)
        customer.orders += 1
        customer.session_orders += 1
        customer.last_order_at = at
        for sku in ordered:
            customer.remember_purchase(sku, at)
        for line in event.lines:
            if line.options:
                customer.remember_options(line.sku, line.options)
        customer.cart.clear()
        self._offer(event.customer_id, customer, "order_placed", at, effects)

    def taken_back_step(
        self, event: OrderCancelled | OrderReturned, at: float, effects: Effects
    ) -> None:
        """Cancelled or returned: what was counted is taken back, as far as it is still known."""
        self._customer(event, at)
        self.options.unlearn(event.order_id, event.lines, effects)
        self.offers.taken_back(event.order_id, event.lines)
        gone = self.demand.taken_back(event.order_id, event.lines, effects)
        if gone is None:
            self.unmatched_returns += 1
            self._forget_articles(effects)
        elif gone:
            self.itemsets.unlearn(event.order_id, gone, effects)

    def article_step(self, event: ArticleChanged, at: float, effects: Effects) -> None:
        """What an article is like now: for the merge, which tells all shards."""
        gone = self.articles.learn(event, at, effects)
        if gone:
            self._leave(gone, effects)

    # -- parts of steps ---------------------------------------------------------------------------

    def _customer(self, event: ShopEvent | OrderEvent, at: float) -> Customer | None:
        """Return the customer's record, in the event's session; None without consent.

        An event that says nothing of consent leaves it as it was said last; a ``false`` takes the
        profile along.
        """
        if event.consent is False:
            gone = self.customers.forget(event.customer_id)
            if gone is not None:
                self._silence.forget(event.customer_id)
                self.sequences.neighbours.forget(gone.visit.trail)
                self.offers.forget(event.customer_id, gone)
            return None
        if event.consent is None and event.customer_id not in self.customers:
            return None
        customer, displaced = self.customers.touch(event.customer_id)
        if displaced is not None:
            # Nobody could erase later what is kept elsewhere under the id of a profile that is gone.
            self._silence.forget(displaced[0])
            self.offers.forget(*displaced)
        session_id = getattr(event, "session_id", None) or customer.session_id
        if session_id != customer.session_id:
            self.propensity.close(customer, bought=False)
            self.offers.end_session(customer)
            customer.start_session(session_id, at)
        customer.last = max(customer.last, at)
        self._silence.heard(event.customer_id, customer.last)
        return customer

    def _forget_articles(self, effects: Effects) -> None:
        """Forget the articles longest not ordered, if there are too many, in every count."""
        gone = self.demand.cut(effects)
        if gone:
            self.itemsets.forget(gone, effects)
            self.options.forget(gone, effects)
            self._leave(gone, effects)

    def _leave(self, gone: Sequence[str], effects: Effects) -> None:
        """Have the merge look at articles that lost counts: so do their rows of the view.

        Marks must not grow without end while it does not get round to it: those of the articles
        that left longest ago go. Should a row stay so, the merge finds it on its rounds.
        """
        for sku in gone:
            effects.mark(sku)
            self._left.touch(sku)
        for sku in self._left.cut():
            known = sku in self.demand or sku in self.articles
            if not known and not self.sequences.covisits.row(sku):
                effects.unmark(sku)

    def _pass_time(self, at: float, effects: Effects) -> None:
        if at > self.clock:
            self.clock = at
            self.itemsets.advance(at, effects)
            self.options.advance(at, effects)
            self._hear_silence(effects)
            self.offers.pass_time(at, self.customers)

    def _hear_silence(self, effects: Effects) -> None:
        """Offer to who seems about to leave, and has left a cart; end sessions without an order."""
        for customer_id, at in self._silence.over("session_end", self.clock):
            customer = self.customers[customer_id]
            if customer.views >= self.settings.offers.min_views and not customer.cart:
                self._offer_late(customer_id, customer, "session_end", at, effects)
        for customer_id, at in self._silence.over("cart_left", self.clock):
            customer = self.customers[customer_id]
            if customer.cart:
                left = {sku: Reason(kind="cart", text="Left in the cart.") for sku in customer.cart}
                self._offer_late(customer_id, customer, "cart_left", at, effects, left)
        for customer_id, at in self._silence.over("session", self.clock):
            customer = self.customers[customer_id]
            self.propensity.close(customer, bought=False)
            self.offers.end_session(customer)
            customer.start_session("", at - self.settings.session_window_s)

    def _offer_late(
        self, customer_id: str, customer: Customer, trigger: Trigger, at: float, effects: Effects,
        wanted: Mapping[str, Reason] = _NOTHING,
    ) -> None:  # fmt: skip
        """Offer at ``at``, which is over already: unless it is so for too long."""
        if self.clock - at < self.settings.offers.expires_after_s:
            self._offer(customer_id, customer, trigger, at, effects, wanted)

    def _tell_of_changes(self, before: View, after: View, effects: Effects) -> None:
        """Offer an article that became cheaper, or can be had again, to those who would have it."""
        for sku in self.offers.interest.articles():
            told = news_of(before.article(sku), after.article(sku))
            if told is None:
                continue
            for customer_id in self.offers.interest.asking(sku):
                customer = self.customers.get(customer_id)
                if customer is not None:
                    wanted = {sku: told}
                    self._offer(customer_id, customer, told.kind, self.clock, effects, wanted)  # type: ignore[arg-type]

    def _offer(
        self, customer_id: str, customer: Customer, trigger: Trigger, at: float, effects: Effects,
        wanted: Mapping[str, Reason] = _NOTHING,
    ) -> None:  # fmt: skip
        knows = Knowledge(
            self.sequences, self.completion, self.next_order, self.offers.shelves, self.view, wanted
        )

        def chance() -> float:
            return self.propensity.score(session_signals(customer, at))

        self.offers.offer(customer_id, customer, trigger, knows, at, chance, effects)


_STEPS: dict[type, Callable[[ShopShard, Any, float, Effects], None]] = {
    Viewed: ShopShard.view_step,
    Search: ShopShard.search_step,
    AddToCart: ShopShard.add_step,
    RemoveFromCart: ShopShard.remove_step,
    OfferShown: ShopShard.shown_step,
    OfferClicked: ShopShard.clicked_step,
    OrderPlaced: ShopShard.placed_step,
    OrderCancelled: ShopShard.taken_back_step,
    OrderReturned: ShopShard.taken_back_step,
    ArticleChanged: ShopShard.article_step,
}

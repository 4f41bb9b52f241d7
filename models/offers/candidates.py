"""What could be offered: each source proposes articles with scores, and can say why."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from models.articles import sellable
from models.customers import Customer
from models.itemsets.completion import BasketCompletion
from models.offers.next_order import NextOrder, candidates_of
from models.offers.shelves import Shelves
from models.segments import segment_of
from models.sequences.guess import Sequences
from models.view import CoPurchase, View
from schemas.outputs import Reason

Source = Literal[
    "viewed_next", "bought_together", "next_order", "trending", "segment", "category", "new", "wanted",
]  # fmt: skip
SOURCES: tuple[Source, ...] = get_args(Source)

_NOTHING = View(1)
_LOOKED_AT = 3
"""The categories of so many of the articles viewed last are gone through."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What a shard knows and sources propose from."""

    sequences: Sequences
    completion: BasketCompletion
    next_order: NextOrder
    shelves: Shelves
    view: View | None
    wanted: Mapping[str, Reason] = field(default_factory=dict)
    """What the offer is made for, if for certain articles, and why."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one source proposes; scores are comparable within the source only."""

    source: Source
    scores: Mapping[str, float]
    reason: Callable[[str], Reason]
    """Says why an article is proposed: asked for the few that make the offer, not for all."""


def proposals(
    customer: Customer,
    knows: Knowledge,
    blocked: Collection[str],
    at: float,
    *,
    sources: Collection[Source] = SOURCES,
    per_source: int = 12,
) -> list[Proposal]:
    """Return what ``sources`` propose for a customer's current session, ``blocked`` left out.

    What cannot be sold is left out, too. Articles that the offer is made for are proposed even if
    they are blocked.
    """
    limit = per_source + len(blocked)
    can = _sellable(knows.view)
    found = []
    for source in SOURCES:
        if source in sources:
            made = _MAKE[source](customer, knows, limit, at)
            without = () if source == "wanted" else blocked
            best = _best(made.scores, without, can, per_source)
            if best:
                found.append(Proposal(source, best, made.reason))
    return found


def _sellable(view: View | None) -> Callable[[str], bool]:
    if view is None:
        return lambda sku: True  # noqa: ARG005 - nothing is known
    return lambda sku: sellable(view.article(sku))


def _best(
    scores: Mapping[str, float], blocked: Collection[str], can: Callable[[str], bool], limit: int
) -> dict[str, float]:
    # Numbers sort several times as fast as pairs with the names, and this is the hottest place. Of
    # equal ones that comes first which the source named first.
    best: dict[str, float] = {}
    for sku in sorted(scores, key=scores.__getitem__, reverse=True):
        score = scores[sku]
        if score <= 0 or len(best) == limit:
            break
        if sku not in blocked and can(sku):
            best[sku] = score
    return best


def _viewed_next(customer: Customer, knows: Knowledge, limit: int, at: float) -> Proposal:
    del limit, at

    def reason(sku: str) -> Reason:
        del sku
        last = customer.visit.recent[0]
        text = f"Often viewed next by those who viewed {last}."
        return Reason(kind="viewed_next", text=text, because_of=last)

    return Proposal("viewed_next", knows.sequences.next(customer.visit, knows.view), reason)


def _bought_together(customer: Customer, knows: Knowledge, limit: int, at: float) -> Proposal:
    del limit, at
    view, completion = knows.view or _NOTHING, knows.completion
    basket = dict.fromkeys((*customer.cart, *customer.visit.recent))
    found = completion.candidates(basket, view, customer.session_id)
    chances = completion.ranking.chances(found.features).tolist()

    def reason(sku: str) -> Reason:
        return _together(*found.because[found.skus.index(sku)], view)

    return Proposal("bought_together", dict(zip(found.skus, chances, strict=True)), reason)


def _next_order(customer: Customer, knows: Knowledge, limit: int, at: float) -> Proposal:
    del limit
    view = knows.view or _NOTHING
    found = candidates_of(customer, view, at)
    chances = knows.next_order.ranking.chances(found.features).tolist()

    def reason(sku: str) -> Reason:
        purchase = customer.bought.get(sku)
        if purchase is not None:
            times = "once" if purchase.times == 1 else f"{purchase.times} times"
            return Reason(kind="bought_again", text=f"Bought {times} before.")
        return _together(*found.because[sku], view, "the last order's ")

    return Proposal("next_order", dict(zip(found.skus, chances, strict=True)), reason)


def _together(item: str, pair: CoPurchase, view: View, whose: str = "") -> Reason:
    row = view.row(item)
    lift = pair.n_ab * row.baskets / (row.count * pair.n_b)
    text = (
        f"Bought together with {whose}{item} in {pair.n_ab:.0f} of {row.count:.0f} orders, "
        f"{lift:.1f} times as often as by chance."
    )
    return Reason(
        kind="bought_together", text=text, because_of=item, together=pair.n_ab, of=row.count,
        confidence=min(pair.n_ab / row.count, 1.0), lift=lift,
    )  # fmt: skip


def _trending(customer: Customer, knows: Knowledge, limit: int, at: float) -> Proposal:
    del customer, at
    merged = knows.view.trending if knows.view is not None else ()
    if merged:
        most = merged[0].share
        scores = {trend.sku: trend.share / most for trend in merged}
    else:
        scores = dict(knows.sequences.trending.top(limit))

    def reason(sku: str) -> Reason:
        del sku
        return Reason(kind="trending", text="Viewed a lot right now.")

    return Proposal("trending", scores, reason)


def _segment(customer: Customer, knows: Knowledge, limit: int, at: float) -> Proposal:
    segment = segment_of(customer, at)

    def reason(sku: str) -> Reason:
        del sku
        return Reason(kind="segment", text=f"Viewed a lot by {segment} customers right now.")

    return Proposal("segment", dict(knows.shelves.of_segment(segment, limit)), reason)


def _categories(customer: Customer, knows: Knowledge) -> dict[str, str]:
    """Return the categories looked at last, each with the article that shows it; latest first."""
    found: dict[str, str] = {}
    for sku in customer.visit.recent[:_LOOKED_AT]:
        category = knows.shelves.category_of(sku)
        if category is not None:
            found.setdefault(category, sku)
    return found


def _category(customer: Customer, knows: Knowledge, limit: int, at: float) -> Proposal:
    """What others view in the category: all that is known for an article that nobody viewed before."""
    del at
    scores: dict[str, float] = {}
    shown: dict[str, tuple[str, str]] = {}
    for place, (category, sku) in enumerate(_categories(customer, knows).items()):
        for other, share in knows.shelves.of_category(category, limit):
            if other not in scores:
                scores[other] = share / (1 + place)
                shown[other] = (category, sku)

    def reason(sku: str) -> Reason:
        category, because_of = shown[sku]
        text = f"Viewed a lot in {category}, the category of {because_of}."
        return Reason(kind="category", text=text, because_of=because_of)

    return Proposal("category", scores, reason)


def _new(customer: Customer, knows: Knowledge, limit: int, at: float) -> Proposal:
    del at
    newest = knows.shelves.newest(_categories(customer, knows), limit)

    def reason(sku: str) -> Reason:
        del sku
        return Reason(kind="new", text="New: few have seen it yet.")

    return Proposal("new", {sku: 1 / (1 + place) for place, sku in enumerate(newest)}, reason)


def _wanted(customer: Customer, knows: Knowledge, limit: int, at: float) -> Proposal:
    del customer, limit, at
    return Proposal("wanted", dict.fromkeys(knows.wanted, 1.0), knows.wanted.__getitem__)


_MAKE: dict[Source, Callable[[Customer, Knowledge, int, float], Proposal]] = {
    "viewed_next": _viewed_next,
    "bought_together": _bought_together,
    "next_order": _next_order,
    "trending": _trending,
    "segment": _segment,
    "category": _category,
    "new": _new,
    "wanted": _wanted,
}

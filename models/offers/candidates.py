"""What could be offered: each source proposes articles with scores, and can say why."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from models.customers import Customer
from models.itemsets.completion import BasketCompletion
from models.offers.next_order import NextOrder, candidates_of
from models.sequences.guess import Sequences
from models.view import CoPurchase, View
from schemas.outputs import Reason

Source = Literal["viewed_next", "bought_together", "next_order", "trending"]
SOURCES: tuple[Source, ...] = ("viewed_next", "bought_together", "next_order", "trending")

_NOTHING = View(1)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one source proposes; scores are comparable within the source only."""

    source: Source
    scores: Mapping[str, float]
    reason: Callable[[str], Reason]
    """Says why an article is proposed: asked for the few that make the offer, not for all."""


def proposals(
    customer: Customer,
    sequences: Sequences,
    completion: BasketCompletion,
    next_order: NextOrder,
    view: View | None,
    blocked: Collection[str],
    at: float,
    *,
    per_source: int = 20,
) -> list[Proposal]:
    """Return what all sources propose for a customer's current session, ``blocked`` left out."""
    known = view or _NOTHING
    found = [
        _viewed_next(customer, sequences, view),
        _bought_together(customer, completion, known),
        _next_order(customer, next_order, known, at),
        _trending(sequences, view, per_source + len(blocked)),
    ]
    return [
        Proposal(one.source, _best(one.scores, blocked, per_source), one.reason) for one in found
    ]


def _best(scores: Mapping[str, float], blocked: Collection[str], limit: int) -> dict[str, float]:
    # Pairs sort several times as fast as with a key function, and this is the hottest place.
    best = sorted(
        [(-score, sku) for sku, score in scores.items() if score > 0 and sku not in blocked]
    )
    return {sku: -score for score, sku in best[:limit]}


def _viewed_next(customer: Customer, sequences: Sequences, view: View | None) -> Proposal:
    def reason(sku: str) -> Reason:
        del sku
        last = customer.visit.recent[0]
        text = f"Often viewed next by those who viewed {last}."
        return Reason(kind="viewed_next", text=text, because_of=last)

    return Proposal("viewed_next", sequences.next(customer.visit, view), reason)


def _bought_together(customer: Customer, completion: BasketCompletion, view: View) -> Proposal:
    basket = dict.fromkeys((*customer.cart, *customer.visit.recent))
    found = completion.candidates(basket, view, customer.session_id)
    chances = completion.ranking.chances(found.features).tolist()

    def reason(sku: str) -> Reason:
        return _together(*found.because[found.skus.index(sku)], view)

    return Proposal("bought_together", dict(zip(found.skus, chances, strict=True)), reason)


def _next_order(customer: Customer, next_order: NextOrder, view: View, at: float) -> Proposal:
    found = candidates_of(customer, view, at)
    chances = next_order.ranking.chances(found.features).tolist()

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


def _trending(sequences: Sequences, view: View | None, limit: int) -> Proposal:
    merged = view.trending if view is not None else ()
    if merged:
        most = merged[0].share
        scores = {trend.sku: trend.share / most for trend in merged}
    else:
        scores = dict(sequences.trending.top(limit))

    def reason(sku: str) -> Reason:
        del sku
        return Reason(kind="trending", text="Viewed a lot right now.")

    return Proposal("trending", scores, reason)

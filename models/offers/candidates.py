"""What could be offered: each source proposes articles with a score and its reason."""

from __future__ import annotations

from typing import Literal, NamedTuple

from models.customers import Customer
from models.sequences.guess import Sequences
from models.view import View
from schemas.outputs import Reason

Source = Literal["viewed_next", "bought_together", "bought_again", "trending"]
SOURCES: tuple[Source, ...] = ("viewed_next", "bought_together", "bought_again", "trending")


class Candidate(NamedTuple):
    """An article that one source proposes; scores are comparable within a source only."""

    sku: str
    source: Source
    score: float
    reason: Reason


def candidates(
    customer: Customer, sequences: Sequences, view: View | None, *, per_source: int = 20
) -> list[Candidate]:
    """Return what all sources propose for a customer's current session."""
    found = _viewed_next(customer, sequences, view, per_source)
    if view is not None:
        found += _bought_together(customer, view, per_source)
    found += _bought_again(customer, per_source)
    found += _trending(sequences, view, per_source)
    return found


def _viewed_next(
    customer: Customer, sequences: Sequences, view: View | None, limit: int
) -> list[Candidate]:
    scores = sequences.scores(customer.recent, view)
    seen = set(customer.recent)
    best = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[: limit + len(seen)]
    last = customer.recent[0] if customer.recent else None
    reason = Reason(
        kind="viewed_next", text=f"Often viewed next by those who viewed {last}.", because_of=last
    )
    return [
        Candidate(sku, "viewed_next", score, reason)
        for sku, score in best
        if sku not in seen and score > 0
    ]


def _bought_together(customer: Customer, view: View, limit: int) -> list[Candidate]:
    found: dict[str, Candidate] = {}
    for sku in [*customer.cart, *customer.recent]:
        for rule in view.row(sku).rules:
            held = found.get(rule.consequent)
            if held is None or held.score < rule.score:
                text = (
                    f"Bought together with {sku} in {rule.n_ab:.0f} of {rule.n_a:.0f} orders, "
                    f"{rule.lift:.1f} times as often as by chance."
                )
                found[rule.consequent] = Candidate(
                    rule.consequent,
                    "bought_together",
                    rule.score,
                    Reason(
                        kind="bought_together", text=text, because_of=sku,
                        together=rule.n_ab, of=rule.n_a,
                        confidence=min(rule.confidence, 1.0), lift=rule.lift,
                    ),
                )  # fmt: skip
    return sorted(found.values(), key=lambda one: (-one.score, one.sku))[:limit]


def _bought_again(customer: Customer, limit: int) -> list[Candidate]:
    often = sorted(customer.bought.items(), key=lambda pair: (-pair[1][1], pair[0]))[:limit]
    return [
        Candidate(
            sku, "bought_again", times / (times + 2),
            Reason(kind="bought_again", text=f"Bought {times} times before."),
        )
        for sku, (_, times) in often
        if times > 1
    ]  # fmt: skip


def _trending(sequences: Sequences, view: View | None, limit: int) -> list[Candidate]:
    merged = view.trending if view is not None else ()
    top = (
        [(trend.sku, trend.share) for trend in merged[:limit]]
        if merged
        else sequences.trending.top(limit)
    )
    most = max((score for _, score in top), default=0.0) or 1.0
    reason = Reason(kind="trending", text="Viewed a lot right now.")
    return [Candidate(sku, "trending", score / most, reason) for sku, score in top]

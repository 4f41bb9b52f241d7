"""Diversity of an offer: not all articles of one category, though they have the best scores.

Maximal marginal relevance (Carbonell and Goldstein 1998, "The use of MMR"): the next article is the
one with the most of (1 - diversity) * relevance - diversity * similarity to what was taken already.
Articles are similar if they are of one category (1) and not at all otherwise (0).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping


def diversified(
    ranked: Iterable[tuple[str, float]],
    category_of: Callable[[str], str | None],
    quota: int | None = None,
    diversity: float = 0.0,
) -> list[str]:
    """Return articles in the order to offer them in, those beyond the quota left out.

    Parameters
    ----------
    ranked
        Articles with their scores, the best first. Relevance is the score as a share of the best.
    category_of
        Says an article's category; None: not known, then it is like no other.
    quota
        Most articles of one category; None: no limit.
    diversity
        0: by score alone, 1: a new category whenever there is one. It is 1 - lambda of the paper.

    Examples
    --------
    >>> category_of = {"tie-1": "ties", "tie-2": "ties", "belt": "belts"}.get
    >>> ranked = [("tie-1", 1.0), ("tie-2", 0.9), ("belt", 0.5)]
    >>> diversified(ranked, category_of, diversity=0.5)
    ['tie-1', 'belt', 'tie-2']
    >>> diversified(ranked, category_of, quota=1)
    ['tie-1', 'belt']

    """
    taken: dict[str, int] = {}
    kept: list[tuple[str, float, bool]] = []
    best = None
    for sku, score in ranked:
        best = score if best is None else best
        category = category_of(sku)
        before = 0 if category is None else taken.get(category, 0)
        if quota is not None and before >= quota:
            continue
        if category is not None:
            taken[category] = before + 1
        kept.append((sku, score, before > 0))
    if not diversity or best is None or best <= 0:
        return [sku for sku, _, _ in kept]
    # The first of a category is taken before its others, and from then on all these are equally
    # similar to what was taken. So what counts is known beforehand, and the greedy choice is a sort.
    value: Mapping[str, float] = {
        sku: (1.0 - diversity) * max(score, 0.0) / best - diversity * again
        for sku, score, again in kept
    }
    return sorted(value, key=lambda sku: -value[sku])

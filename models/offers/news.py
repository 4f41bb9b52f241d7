"""What has happened to an article that would make somebody come back for it."""

from __future__ import annotations

from models.articles import Article, sellable
from schemas.outputs import Reason

_LESS = 0.99
"""Cheaper is what costs at most this share of the price before."""


def news_of(before: Article | None, after: Article | None) -> Reason | None:
    """Return the news between two views of an article; None: nothing worth telling.

    The kind is the name of the trigger: ``back_in_stock`` or ``price_drop``.
    """
    if before is after or before is None or after is None or not sellable(after):
        return None
    if not sellable(before):
        return Reason(kind="back_in_stock", text="Can be had again.")
    # Nothing is cheaper than what costs nothing.
    if not before.price or after.price is None or after.price > before.price * _LESS:
        return None
    text = f"Now {after.price:,.2f} instead of {before.price:,.2f}."
    return Reason(kind="price_drop", text=text)

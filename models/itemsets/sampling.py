"""Big baskets are sampled: pairs grow with the square of a basket, and buyers for resale have 1,000 lines."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def basket_of(skus: Iterable[str], order_id: str, cap: int) -> tuple[str, ...]:
    """Return the distinct articles of an order, sorted; at most ``cap`` of them (0: all).

    The sample is drawn by a hash of order and article, so that a replay, and a batch job that
    wants to compare, draws the same one.
    """
    distinct = sorted(set(skus))
    if not cap or len(distinct) <= cap:
        return tuple(distinct)

    def drawn(sku: str) -> bytes:
        # Not CRC-32: it is linear, so articles with similar sums would always be drawn together.
        return hashlib.blake2b(f"{order_id}\0{sku}".encode(), digest_size=8).digest()

    return tuple(sorted(sorted(distinct, key=drawn)[:cap]))

"""Big baskets are sampled: pairs grow with the square of a basket, and buyers for resale have 1,000 lines."""

from __future__ import annotations

import zlib
from collections.abc import Iterable


def basket_of(skus: Iterable[str], order_id: str, cap: int) -> tuple[str, ...]:
    """Return the distinct articles of an order, sorted; at most ``cap`` of them (0: all).

    The sample is drawn by a hash of order and article, so that a replay, and a batch job that
    wants to compare, draws the same one.
    """
    distinct = sorted(set(skus))
    if not cap or len(distinct) <= cap:
        return tuple(distinct)
    seed = zlib.crc32(order_id.encode())
    return tuple(sorted(sorted(distinct, key=lambda sku: zlib.crc32(sku.encode(), seed))[:cap]))

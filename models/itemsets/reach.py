"""Telling many customers from few without knowing who they are."""

from __future__ import annotations

import zlib


def customer_bit(customer_id: str) -> int:
    """Return one of 64 bits for a customer: set together there are never more bits than customers."""
    return 1 << (zlib.crc32(customer_id.encode()) & 63)

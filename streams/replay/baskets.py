"""The lines of one order, gathered row by row: an article that comes twice is one line."""

from __future__ import annotations

from typing import Any

from schemas.fields import MAX_LINES


class Basket:
    """Lines by article, in the order in which the articles first came."""

    def __init__(self) -> None:
        """Start with no lines."""
        self._lines: dict[str, dict[str, Any]] = {}

    def __len__(self) -> int:
        """Return the number of lines."""
        return len(self._lines)

    def add(self, sku: str, quantity: int, unit_price: float | None, **more: Any) -> bool:
        """Take a row in, or return False if the order has as many lines as an order can have.

        The price of a merged line is the mean by quantity, so that the order's value is kept.
        """
        line = self._lines.get(sku)
        if line is not None:
            line["unit_price"] = _mean(line, quantity, unit_price)
            line["quantity"] += quantity
            return True
        if len(self._lines) >= MAX_LINES:
            return False
        self._lines[sku] = {"sku": sku, "quantity": quantity, "unit_price": unit_price, **more}
        return True

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines as the fields of ``OrderLine``."""
        return list(self._lines.values())


def _mean(line: dict[str, Any], quantity: int, unit_price: float | None) -> float | None:
    before: float | None = line["unit_price"]
    if before is None or unit_price is None or before == unit_price:
        return before if unit_price is None else unit_price
    units: int = line["quantity"]
    return round((before * units + unit_price * quantity) / (units + quantity), 4)

"""Does what was learnt of offers still hold? ADWIN on log losses, and on the rate of clicks or purchases.

Source: Bifet and Gavalda (2007), "Learning from time-changing data with adaptive windowing".
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

_CONFIDENCE = 0.001


class Watch:
    """Tells when a model has become worse, or customers click or buy more or less than before."""

    __slots__ = ("_loss", "_rate", "drifts")

    def __init__(self) -> None:
        from river import drift

        adwin: Any = drift.ADWIN
        self._loss = adwin(delta=_CONFIDENCE)
        self._rate = adwin(delta=_CONFIDENCE)
        self.drifts = 0

    def take(self, loss: float, rate: float) -> bool:
        """Take in a log loss and a rate: of an offer that was shown, its articles' mean and share of clicks.

        Returns whether there is drift. A loss that falls is none: that is learning.
        """
        before = self._loss.estimation
        self._loss.update(loss)
        worse = self._loss.drift_detected and self._loss.estimation > before
        self._rate.update(rate)
        if not (worse or self._rate.drift_detected):
            return False
        self.drifts += 1
        return True


class PurchaseWatch:
    """A watch of what becomes of clicked articles, in the order of the clicks.

    A purchase is known at once, its absence only when the time for it is over. In the order in which they are
    known, the first day of a shard has purchases only, and a busy day first more and then fewer than
    others: drift where there is none. So a purchase is held back until the absence of others of its
    time is known.
    """

    __slots__ = ("_bought", "_watch", "capacity")

    def __init__(self, capacity: int) -> None:
        """Hold back up to ``capacity`` purchases; then the one clicked first comes early."""
        self.capacity = capacity
        self._bought: list[tuple[float, float]] = []
        """A heap of when they were clicked, with the log loss."""
        self._watch = Watch()

    @property
    def drifts(self) -> int:
        """How often there was drift."""
        return self._watch.drifts

    def take(self, clicked_at: float, loss: float, *, bought: bool) -> bool:
        """Take in what became of a clicked article; return whether there is drift."""
        if bought:
            heappush(self._bought, (clicked_at, loss))
            return len(self._bought) > self.capacity and self._next()
        drift = False
        while self._bought and self._bought[0][0] <= clicked_at:
            drift |= self._next()
        return self._watch.take(loss, 0.0) or drift

    def _next(self) -> bool:
        return self._watch.take(heappop(self._bought)[1], 1.0)

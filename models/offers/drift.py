"""Does what was learnt of offers still hold? ADWIN on their log loss and on their click rate.

Source: Bifet and Gavalda (2007), "Learning from time-changing data with adaptive windowing".
"""

from __future__ import annotations

from typing import Any

_CONFIDENCE = 0.001


class Watch:
    """Tells when the click model has become worse, or customers click more or less than before."""

    __slots__ = ("_loss", "_rate", "drifts")

    def __init__(self) -> None:
        from river import drift

        adwin: Any = drift.ADWIN
        self._loss = adwin(delta=_CONFIDENCE)
        self._rate = adwin(delta=_CONFIDENCE)
        self.drifts = 0

    def take(self, loss: float, rate: float) -> bool:
        """Take in the mean log loss and the share of clicked articles of an offer that was shown.

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

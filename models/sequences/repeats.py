"""How often the next view is one that the session has seen: learnt, for shops differ wholly.

In one public click set 26 % of views repeat the last one, in another 0.04 %: no fixed rule fits.
"""

from __future__ import annotations

from collections.abc import Sequence


class RepeatLags:
    """The share of next views that equal the session's view ``lag`` steps back."""

    __slots__ = ("_hits", "_trials", "lags")

    def __init__(self, lags: int) -> None:
        self.lags = lags
        self._hits = [0.0] * lags
        self._trials = [1.0] * lags

    def learn(self, before: Sequence[str], item: str) -> None:
        """Learn from a view of ``item`` after the distinct views ``before`` (latest first)."""
        for lag, earlier in enumerate(before[: self.lags]):
            self._trials[lag] += 1
            if earlier == item:
                self._hits[lag] += 1

    def share(self, lag: int) -> float:
        """Return how often the view ``lag`` steps back (0: the last) comes again."""
        return self._hits[lag] / self._trials[lag] if lag < self.lags else 0.0

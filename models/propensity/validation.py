"""Progressive validation: every example is scored before it is learnt.

Source: Gama, Sebastiao, Rodrigues (2013), "On evaluating stream learning algorithms".
"""

from __future__ import annotations

import math
from collections.abc import Sequence

_BINS = 100


class Validation:
    """The figures of one classifier so far, with those of the base rate beside them."""

    __slots__ = ("_hits", "_misses", "_scored", "base", "base_loss", "examples", "loss")

    def __init__(self) -> None:
        self._hits = [0] * _BINS
        """How many examples of either outcome had which score: all that AUC and calibration need."""
        self._misses = [0] * _BINS
        self._scored = [0.0] * _BINS
        self.loss = 0.0
        self.base = 0.5
        self.base_loss = 0.0
        self.examples = 0

    @property
    def positives(self) -> int:
        """How many examples had the outcome."""
        return sum(self._hits)

    def take(self, score: float, *, hit: bool) -> float:
        """Take in the score that an example had and what became of it; return its log loss."""
        place = min(int(score * _BINS), _BINS - 1)
        (self._hits if hit else self._misses)[place] += 1
        self._scored[place] += score
        loss = log_loss(score, hit=hit)
        self.loss += loss
        self.base_loss += log_loss(self.base, hit=hit)
        self.examples += 1
        self.base += (hit - self.base) / (self.examples + 1)
        return loss

    def report(self) -> dict[str, float]:
        """Return the figures; losses are means in nats."""
        examples = max(self.examples, 1)
        return {
            "examples": float(self.examples),
            "positives": float(self.positives),
            "auc": area_under_curve(self._hits, self._misses),
            "calibration_error": calibration_error(self._hits, self._misses, self._scored),
            "log_loss": self.loss / examples,
            "base_rate_log_loss": self.base_loss / examples,
        }


def log_loss(score: float, *, hit: bool) -> float:
    """Return the negative log-likelihood of an outcome under a probability."""
    share = score if hit else 1 - score
    return -math.log(max(share, 1e-9))


def area_under_curve(hits: Sequence[int], misses: Sequence[int]) -> float:
    """Return how often a hit scores above a miss, from both their histograms; 0.5 if unknown."""
    won, below = 0.0, 0
    for hit, miss in zip(hits, misses, strict=True):
        won += hit * (below + miss / 2)
        below += miss
    pairs = sum(hits) * below
    return won / pairs if pairs else 0.5


def calibration_error(
    hits: Sequence[int], misses: Sequence[int], scored: Sequence[float], bins: int = 10
) -> float:
    """Return the expected calibration error: how far scores are from shares, by ``bins`` of the score.

    ``scored`` holds the sum of the scores in each place of the histograms. Source: Naeini, Cooper,
    Hauskrecht (2015).
    """
    width, error = len(hits) // bins, 0.0
    for start in range(0, len(hits), width):
        part = slice(start, start + width)
        error += abs(sum(scored[part]) - sum(hits[part]))
    return error / max(sum(hits) + sum(misses), 1)

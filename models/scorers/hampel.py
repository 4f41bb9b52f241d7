"""Which of a sensor's first samples are no measurements: error codes, wild ones.

A mean and a sigma that begin with 2147483647 take thousands of samples to forget it, and miss all faults until
then. Source: the identifier of Hampel (1974), by median and median absolute deviation, with a limit that only
what cannot be a measurement exceeds.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.scorers.baseline import last_digit

_SIGMAS = 1000.0
_NORMAL = 1.4826
"""Sigma of normal noise, in median absolute deviations."""
_MOST = 0.25
"""If more than this share of samples are so far off, they are another state and no errors."""


def measurements(samples: Sequence[float]) -> list[float]:
    """Return the samples, of which there is one at least, without those that are wild; all, if too many are."""
    middle = _middle(samples)
    spread = _NORMAL * _middle([abs(x - middle) for x in samples])
    far = _SIGMAS * max(spread, last_digit(middle))
    found = [x for x in samples if abs(x - middle) <= far]
    return found if len(found) >= (1 - _MOST) * len(samples) else list(samples)


def _middle(samples: Sequence[float]) -> float:
    return sorted(samples)[len(samples) // 2]

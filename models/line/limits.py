"""Limits that somebody set: whether a value is beyond one, and whether it is clearly back."""

from __future__ import annotations

from typing import NamedTuple

from models.line.findings import Evidence, Rule
from models.line.plans import Limit, Rate

_SIGMAS = 3.0
"""A deadband is at least so many of the sensor's own sigma: noise on a limit makes one alarm, not many."""
_RATE_DEADBAND = 0.2


class Judged(NamedTuple):
    """What a sample says of a rule."""

    rule: Rule
    over: bool
    under: bool
    """Clearly back, by the deadband at least. Between the two, nothing changes."""
    evidence: Evidence


def judge(limit: Limit, x: float, sigma: float, usual: float) -> Judged:
    """Return what a value says of a limit.

    ``sigma`` is what it scatters by, around what is ``usual``; 0 if that is not known.
    """
    beyond = x - limit.at if limit.above else limit.at - x
    room = limit.at - usual if limit.above else usual - limit.at
    own = _SIGMAS * sigma
    if room > sigma:
        own = min(own, room)  # what swings widely may never go as far back as that
    deadband = limit.deadband if limit.exact else max(limit.deadband, own)
    evidence = Evidence(limit.rule, limit=limit.at, value=x)
    return Judged(limit.rule, beyond >= 0.0, beyond < -deadband, evidence)


def judge_rate(rate: Rate, per_s: float, x: float) -> Judged:
    """Return what a slope says of the most that a value may change."""
    fast = abs(per_s)
    evidence = Evidence("rate", limit=rate.per_s * 60.0, value=x, expected=per_s * 60.0)
    return Judged("rate", fast >= rate.per_s, fast < (1.0 - _RATE_DEADBAND) * rate.per_s, evidence)

"""How long a sensor's silences get by themselves: not every sensor speaks at a regular pace.

One that speaks with every piece, or when its value changes, is silent for long now and then, and that says
nothing. So learnt is what one in fifty and what one in five hundred of its silences exceed; what one of
some days exceeds is beyond them by as much again for each such step (a tail that falls exponentially).
Source: stochastic approximation of a quantile, Robbins and Monro (1951), on a log scale, as in `tail.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from models.scorers.pauses import LEEWAY, LONGEST_S

_OFTEN, _SELDOM = 0.02, 0.002
"""So many of all silences exceed the one quantile and the other."""
_APART = math.log(_OFTEN / _SELDOM)
_STEP = 0.1
"""One silence, however long, moves a quantile by a tenth: an outage now and then teaches next to nothing."""
_OFTEN_UP, _OFTEN_DOWN = math.exp(_STEP * (1 - _OFTEN)), math.exp(-_STEP * _OFTEN)
_SELDOM_UP, _SELDOM_DOWN = math.exp(_STEP * (1 - _SELDOM)), math.exp(-_STEP * _SELDOM)
_EVERY_S = 5 * 86_400.0
"""A silence that is longer than allowed is to come so seldom by chance. Five days, lest it be more often
than daily, for the quantiles are never known exactly."""
_MOST = 2.0
"""So many times what is overdue is allowed at most, if that is more than the longest pause."""


@dataclass(slots=True)
class Silences:
    """What some of a sensor's silences exceed, in seconds of the clock that they are judged by."""

    often: float = 0.0
    seldom: float = 0.0

    def learn(self, silent_s: float, overdue_s: float, least_s: float) -> None:
        """Take in for how long it was silent.

        ``overdue_s`` is too long by its mean pace, ``least_s`` never too long. What is allowed to nobody
        teaches nothing, however often it happens; neither does what arrives together with other samples.
        """
        often, seldom = self.often, self.seldom
        if silent_s > often:
            if silent_s > max(LONGEST_S, _MOST * overdue_s):
                return
            often = min(often * _OFTEN_UP, silent_s)
        elif silent_s > 0.0:
            often *= _OFTEN_DOWN
        else:
            return
        if silent_s > seldom:
            seldom = min(seldom * _SELDOM_UP, silent_s)
        else:
            seldom *= _SELDOM_DOWN
        least_s /= LEEWAY
        self.often = often = max(least_s, often)
        self.seldom = max(often, seldom)

    def allowed_s(self, interval_s: float, overdue_s: float) -> float:
        """Return how long it may be silent that usually speaks every ``interval_s`` seconds."""
        often, seldom = self.often, self.seldom
        far = LEEWAY * seldom
        if seldom > often:
            beyond = math.log(_SELDOM * _EVERY_S / interval_s) / _APART
            far = max(far, seldom + beyond * (seldom - often))
        return far if far <= LONGEST_S else min(far, max(LONGEST_S, _MOST * overdue_s))

"""Who serves: a champion, until a challenger has proved itself better on the same sessions.

Every contender scores every example before it learns it. What is compared is the log loss of a
session, the sum over its examples, in pairs: the examples of a session share their outcome, so they
are no evidence of their own. Sessions are taken in blocks. At the end of each, a challenger passes the
check if its mean advantage is more than ``z`` standard errors, raised by Bonferroni for as many
challengers as there are. Promoted is who passes ``checks`` checks in a row.

The error: of equal contenders one passes a check with probability ``a / m`` at most, where ``a`` is
the normal tail beyond ``z`` and ``m`` the number of challengers; blocks have no session in common, so it
is promoted at the end of a given block with ``(a / m) ** checks``, and any of them with no more than
``a ** checks``: for z = 2 and three checks once in 84,000 blocks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist

from models.propensity.contenders.roster import Name
from models.propensity.settings import ContestSettings
from models.propensity.validation import Validation

_NORMAL = NormalDist()


class Rival:
    """How a contender fares against the champion, in this block and in those before."""

    __slots__ = ("_count", "_squares", "_sum", "lead", "passed", "validation")

    def __init__(self) -> None:
        self.validation = Validation()
        self.lead = 0.0
        """Its mean advantage in the last whole block, in nats a session."""
        self.passed = 0
        """How many checks in a row it has passed."""
        self._count, self._sum, self._squares = 0, 0.0, 0.0

    def take(self, advantage: float) -> None:
        """Take in by how much it did better than the champion in a session."""
        self._count += 1
        self._sum += advantage
        self._squares += advantage * advantage

    def check(self, limit: float) -> None:
        """End a block; the check is passed if the advantage is above ``limit`` standard errors."""
        mean = self._sum / self._count
        spread = max(self._squares / self._count - mean * mean, 0.0)
        error = math.sqrt(spread / max(self._count - 1, 1))
        self.passed = self.passed + 1 if mean > limit * error else 0
        self.lead = mean
        self._begin()

    def begin(self) -> None:
        """Forget the comparison: the champion is another one."""
        self.passed, self.lead = 0, 0.0
        self._begin()

    def _begin(self) -> None:
        self._count, self._sum, self._squares = 0, 0.0, 0.0


class Contest:
    """Champion, challengers, and what becomes of them."""

    __slots__ = (
        "_block", "_limit", "_rivals", "_settings", "_since", "champion", "family", "pinned",
        "promotions", "served",
    )  # fmt: skip

    def __init__(self, settings: ContestSettings, family: str = "propensity") -> None:
        """Begin with the champion of ``settings``; figures are told as those of ``family``."""
        self.champion: Name = settings.champion
        self.family = family
        self.pinned = False
        """Whether an operator has said who serves."""
        self.promotions = 0
        self.served = Validation()
        """Of the scores that were served, whoever made them."""
        self._settings = settings
        self._rivals: dict[Name, Rival] = {name: Rival() for name in settings.contenders}
        self._limit = raised(settings.z, len(self._rivals) - 1)
        self._since = 0
        """Sessions since the start, the last promotion or an operator's word."""
        self._block = 0

    @property
    def contenders(self) -> tuple[Name, ...]:
        """Champion and challengers by name, always in the same order."""
        return tuple(self._rivals)

    def take(self, examples: Sequence[tuple[float, Mapping[Name, float], bool]]) -> None:
        """Take in a session: of each example the score served, everybody's, and the outcome."""
        if not examples:
            return
        losses = dict.fromkeys(self._rivals, 0.0)
        for served, scores, hit in examples:
            self.served.take(served, hit=hit)
            for name, rival in self._rivals.items():
                losses[name] += rival.validation.take(scores[name], hit=hit)
        for name, rival in self._rivals.items():
            if name != self.champion:
                rival.take(losses[self.champion] - losses[name])
        self._since += 1
        self._block += 1
        if self._block == self._settings.block:
            self._check()

    def pin(self, name: Name | None) -> bool:
        """Have a contender serve until further notice; None: the contest goes on from there.

        Returns whether that is anything new. ``KeyError`` if it is none of this contest's.
        """
        serves = self.champion if name is None else name
        if serves not in self._rivals:
            raise KeyError(f"{serves} takes no part; there are {', '.join(self._rivals)}")
        if (serves, name is not None) == (self.champion, self.pinned):
            return False
        self.pinned = name is not None
        self._enthrone(serves)
        return True

    def report(self) -> dict[tuple[str, str], float]:
        """Return the figures of what was served under the family's name, and each contender's own."""
        found = {(self.family, name): value for name, value in self.served.report().items()}
        found[self.family, "promotions"] = float(self.promotions)
        found[self.family, "pinned"] = float(self.pinned)
        for name, rival in self._rivals.items():
            model, figures = f"{self.family}:{name}", rival.validation.report()
            found |= {(model, m): figures[m] for m in ("auc", "calibration_error", "log_loss")}
            found[model, "champion"] = float(name == self.champion)
            found[model, "lead"] = rival.lead
            found[model, "checks_passed"] = float(rival.passed)
        return found

    def _check(self) -> None:
        self._block = 0
        rivals = {name: own for name, own in self._rivals.items() if name != self.champion}
        for rival in rivals.values():
            rival.check(self._limit)
        if self.pinned or self._since < self._settings.min_sessions:
            return
        ready = [name for name, own in rivals.items() if own.passed >= self._settings.checks]
        if ready:
            self.promotions += 1
            self._enthrone(max(ready, key=lambda name: rivals[name].lead))

    def _enthrone(self, name: Name) -> None:
        """Let another one serve. Who served so far is a challenger, and may come back."""
        self.champion = name
        self._since = self._block = 0
        for rival in self._rivals.values():
            rival.begin()


def raised(z: float, challengers: int) -> float:
    """Return the limit for one of several: the tail beyond ``z`` shared out (Bonferroni)."""
    if challengers < 2:
        return z
    return -_NORMAL.inv_cdf(_NORMAL.cdf(-z) / challengers)

"""Another detector than ours says what is unusual of a sensor: one of River's, behind the same seam."""

from __future__ import annotations

from models.scorers.river_models import Name
from models.scorers.river_score import RiverScore, RiverScored, RiverSettings
from models.scorers.sensor import ScorerSettings, Verdict
from models.scorers.tail import Tail


class Detecting:
    """The state of one sensor's other detector, and how far its scores go by themselves."""

    __slots__ = ("name", "score", "tail")

    def __init__(self, name: Name) -> None:
        self.name: Name = name
        self.score = RiverScore(RiverSettings(name))
        self.tail = Tail()

    def judge(
        self, x: float, expected: float, settings: ScorerSettings
    ) -> tuple[RiverScored, Verdict]:
        """Return what it says of a value. Changes nothing."""
        scored = self.score.score(x, RiverSettings(self.name))
        limit = settings.unlikely_limit(self.tail)
        return scored, Verdict("deviation", max(scored.z, 0.0), limit, expected)

    def learn(
        self, scored: RiverScored, settings: ScorerSettings, *, quiet: bool, interval_s: float
    ) -> None:
        """Move on to the next sample, which usually comes after ``interval_s`` seconds."""
        self.score.learn(scored, RiverSettings(self.name), quiet=quiet)
        if quiet and scored.unlike is not None:
            self.tail.learn(max(scored.z, 0.0), settings.unlikely_share(interval_s))

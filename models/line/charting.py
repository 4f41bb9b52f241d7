"""A sensor's control chart: samples gathered to subgroups, charted, and what that says of an alarm."""

from __future__ import annotations

import math

from models.line.document import ChartChoice
from models.line.findings import Evidence
from models.line.limits import Judged
from models.spc.arl import ChartSettings
from models.spc.charts import CusumSettings, EwmaSettings, ShewhartSettings
from models.spc.control import ControlChart, ControlSettings, Standing
from models.spc.rules import NELSON, RuleSettings
from models.spc.subgroups import Gatherer, GatherSettings

CHARTS: dict[str, ChartSettings] = {
    "cusum": CusumSettings(),
    "ewma": EwmaSettings(),
    "shewhart": ShewhartSettings(),
    "western_electric": RuleSettings(),
    "nelson": RuleSettings(NELSON),
}
"""Their average run lengths are in docs/spc.md."""
_IN_VAIN = 10
"""So many subgroups given up one after the other: no chance of the moment at which stretches begin."""


class Charting:
    """The state of one sensor's chart."""

    __slots__ = ("_given_up", "_told", "chart", "choice", "gatherer")

    def __init__(self, choice: ChartChoice) -> None:
        self.choice = choice
        self.gatherer = Gatherer()
        self.chart = ControlChart()
        self._given_up = 0
        """Subgroups given up before the last one that was charted."""
        self._told = False

    def take(self, at: float, x: float, digit: float) -> Judged | None:
        """Take a sample of a process that nothing is known to be wrong with.

        ``digit`` is what one more in the sensor's last digit is. Return what a subgroup says that it
        completes: an alarm begins with a signal, and is over once the process has been shown to be in
        control.
        """
        choice = self.choice
        gap_s = 2.0 * choice.every_s / choice.size
        subgroup = self.gatherer.take(at, x, GatherSettings(choice.size, choice.every_s, gap_s))
        if subgroup is None:
            return None
        self._given_up = self.gatherer.incomplete
        rounding = digit / math.sqrt(12.0) if math.isfinite(digit) else 0.0
        settings = ControlSettings(CHARTS[choice.chart], min_sigma=rounding)
        signal = self.chart.take(subgroup, settings)
        baseline = self.chart.baseline
        expected = None if baseline is None else baseline.centre
        evidence = Evidence("out_of_control", value=subgroup.mean, expected=expected)
        if signal is not None and isinstance(settings.chart, RuleSettings):
            evidence = evidence._replace(z=abs(signal.z))  # they count points: these are no sigma
        elif signal is not None:
            evidence = evidence._replace(z=signal.statistic, limit=signal.limit)
        return Judged(
            "out_of_control", signal is not None, self.chart.in_control(settings), evidence
        )

    @property
    def standing(self) -> Standing:
        """What the chart can say of the process."""
        return self.chart.standing(ControlSettings(CHARTS[self.choice.chart]))

    def is_starved(self, interval_s: float) -> bool:
        """Return, once, that a sensor with a sample every ``interval_s`` speaks too seldom to be charted.

        Subgroups are lost to alarms and to bad quality, too: that is no matter of how often it speaks.
        """
        if self._told or self.gatherer.incomplete - self._given_up < _IN_VAIN:
            return False
        self._told = self.choice.size * interval_s > self.choice.every_s
        return self._told

    def rebaseline(self) -> None:
        """Begin with phase I again, and with the next stretch: what was before is of something else."""
        self.chart.rebaseline()
        self.gatherer.values.clear()

"""All that is watched of one sensor: quality, silence, flat lines, and how unusual its values are."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.alarms.alarm import Alarm, AlarmSettings
from models.cleaning.quality import Quality
from models.line.findings import Evidence, Finding, Rule, Run
from models.scorers.rest import Rest, RestSettings
from models.scorers.sensor import Scored, ScorerSettings, SensorScore

_YOUNG = 4
"""An alarm of a sensor that is not known for long ends after so many times as many samples."""


@dataclass(frozen=True, slots=True)
class AnomalyAlarm(AlarmSettings):
    """How an alarm behaves that one sample does not make."""

    on_samples: int = 2
    off_samples: int = 60


@dataclass(frozen=True, slots=True)
class RunAlarm(AlarmSettings):
    """How an alarm behaves whose evidence is a run of samples already."""

    off_samples: int = 5


@dataclass(frozen=True, slots=True)
class SensorSettings:
    """How a sensor is watched."""

    scorer: ScorerSettings = field(default_factory=ScorerSettings)
    rest: RestSettings = field(default_factory=RestSettings)
    anomaly: AnomalyAlarm = field(default_factory=AnomalyAlarm)
    deadband: float = 0.6
    """An anomaly begins to be over below this share of its limit."""
    condition: RunAlarm = field(default_factory=RunAlarm)
    """Of flat lines, bad quality and silence."""
    normal_after: int = 500
    """After so many samples in alarm, and so long, the new level is normal, and it says so."""
    normal_after_s: float = 3600.0


class SensorWatch:
    """The state of one sensor."""

    __slots__ = ("_stood", "alarms", "last_at", "rest", "score")

    def __init__(self, unit: str, settings: SensorSettings) -> None:
        self.score = SensorScore(unit, settings.scorer)
        self.rest = Rest()
        self.alarms: dict[Rule, Alarm] = {}
        """Those that were ever raised, or are about to be."""
        self.last_at = 0.0
        self._stood = 0
        """How many samples the anomaly has stood."""

    @property
    def quiet(self) -> bool:
        """Nothing is wrong, nor about to be: models may learn."""
        return all(alarm.quiet for alarm in self.alarms.values())

    def take(
        self, x: float | None, quality: Quality, at: float, settings: SensorSettings
    ) -> list[Finding]:
        """Take a sample in, in its canonical unit; return the alarms that changed.

        Samples come in the order of time, of a machine that is running. A sample of bad quality has no
        value; of uncertain quality it is scored and not learnt.
        """
        self.last_at = at
        self.rest.hear(at)
        found: list[Finding] = []
        if x is None or quality == "bad":
            run = self.rest.bad_sample()
            self._step(
                "bad_quality", Evidence("bad_quality"), at, settings.condition, found,
                over=run >= settings.rest.bad_run, under=False,
            )  # fmt: skip
            return found
        self.rest.bad = 0
        was_quiet = self.quiet
        scored = self.score.score(x, settings.scorer)
        expected = self.score.baseline.base.mean
        runs: dict[Run, bool] = {
            "bad_quality": False,
            "stale": False,
            "flat_line": self.rest.is_flat(x, settings.rest),
        }
        for rule, over in runs.items():
            evidence = Evidence(rule, value=x, expected=expected)
            self._step(rule, evidence, at, settings.condition, found, over=over, under=not over)
        quiet = was_quiet and self.quiet
        if quality == "good":
            self.rest.learn(x, settings.rest, quiet=quiet)
        flat = self.alarms.get("flat_line")
        if flat is not None and flat.present:
            return found  # what a dead sensor repeats says nothing
        self._judge(scored, at, settings, found)
        if quality == "good":
            quiet = was_quiet and self.quiet
            self.score.learn(scored, settings.scorer, quiet=quiet, interval_s=self.rest.interval)
        return found

    def pass_time(self, at: float, settings: SensorSettings) -> list[Finding]:
        """Let time pass without a sample; return the alarms that changed."""
        found: list[Finding] = []
        if at >= self.rest.stale_at(settings.rest):
            evidence = Evidence("stale", value=self.rest.last)
            self._step("stale", evidence, at, settings.condition, found, over=True, under=False)
        return found

    def relearn(self, settings: SensorSettings) -> None:
        """Begin to learn anew what is normal."""
        self.score = SensorScore(self.score.unit, settings.scorer)
        self._stood = 0

    def _judge(
        self, scored: Scored, at: float, settings: SensorSettings, found: list[Finding]
    ) -> None:
        # While a baseline is learnt nothing is unusual; an alarm from before can clear.
        verdict = scored.verdict
        strength = 0.0 if verdict is None else verdict.strength
        evidence = Evidence("deviation", value=scored.x)
        if verdict is not None:
            evidence = Evidence(
                verdict.condition, verdict.z, verdict.limit, scored.x, verdict.expected
            )
        over, under = strength >= 1.0, strength < settings.deadband
        self._step("anomaly", evidence, at, settings.anomaly, found, over=over, under=under)
        alarm = self.alarms.get("anomaly")
        self._stood = self._stood + 1 if alarm is not None and alarm.present else 0
        if alarm is not None and not under and self._is_normal_now(at - alarm.since, settings):
            self.relearn(settings)
            change = alarm.clear(at)
            if change is not None:
                found.append(Finding("anomaly", alarm, change, evidence, relearnt=True))

    def _is_normal_now(self, stood_s: float, settings: SensorSettings) -> bool:
        """Return whether what is in alarm has lasted so long that it is normal.

        Of a sensor that is hardly known yet less is needed: what was known of it was no good sample.
        """
        known, memory = self.score.baseline.base.n, settings.scorer.baseline.memory
        if known < memory and self._stood >= _YOUNG * known:
            return True
        return self._stood >= settings.normal_after and stood_s >= settings.normal_after_s

    def _step(
        self, rule: Rule, evidence: Evidence, at: float, settings: AlarmSettings,
        found: list[Finding], *, over: bool, under: bool,
    ) -> None:  # fmt: skip
        alarm = self.alarms.get(rule)
        if alarm is None:
            if not over:
                return
            alarm = self.alarms[rule] = Alarm()
        change = alarm.step(at, settings, over=over, under=under)
        if change is not None:
            found.append(Finding(rule, alarm, change, evidence))

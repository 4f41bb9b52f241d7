"""All that is watched of one sensor: quality, silence, flat lines, limits, and how unusual its values are."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.alarms.alarm import KEPT_QUIET, Alarm, AlarmSettings, Change
from models.cleaning.quality import Quality
from models.line.charting import Charting
from models.line.detecting import Detecting
from models.line.findings import LIMITS, MOVED, RUNS, Evidence, Finding, Rule
from models.line.limits import Judged, judge, judge_rate
from models.line.plans import PLAIN, SensorPlan
from models.scorers.moved import LevelWatch, Move
from models.scorers.rest import Rest, RestSettings
from models.scorers.river_score import RiverScored
from models.scorers.sensor import Scored, ScorerSettings, SensorScore, Verdict
from models.scorers.slope import Slope

_CHARTED = AlarmSettings()
_SET: frozenset[Rule] = frozenset({*LIMITS, "out_of_control"})
"""What there is only if somebody wants it."""
_OF_CHART: frozenset[Rule] = frozenset({"out_of_control"})
_OF_LEVEL: frozenset[Rule] = _SET - {"rate"}
_YOUNG = 4
"""An alarm of a sensor that is not known for long ends after so many times as many samples."""


@dataclass(frozen=True, slots=True)
class AnomalyAlarm(AlarmSettings):
    """How an alarm behaves that one sample does not make."""

    on_samples: int = 2
    off_samples: int = 60
    off_bound_s: float = 18_000.0
    """So a sensor that speaks each quarter of an hour takes five hours and not fifteen."""


@dataclass(frozen=True, slots=True)
class RunAlarm(AlarmSettings):
    """How an alarm behaves whose evidence is a run of samples already."""

    off_samples: int = 5
    off_bound_s: float = 1500.0
    """So slow sensors take no hours; sooner than five samples only if they speak less than every six minutes."""


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

    __slots__ = (
        "_pending", "_stood", "alarms", "behind_s", "charted", "charting", "detecting", "last_at",
        "level", "move", "moves", "rest", "score", "sends", "slope",
    )  # fmt: skip

    def __init__(self, unit: str, settings: SensorSettings) -> None:
        self.score = SensorScore(unit, settings.scorer)
        self.sends = unit
        """The unit that its last sample was in: numbers in the line rules may be in that one."""
        self.rest = Rest()
        self.alarms: dict[Rule, Alarm] = {}
        """Those that were ever raised, or are about to be."""
        self.slope: Slope | None = None
        """Kept while somebody limits the rate of change."""
        self.charting: Charting | None = None
        """Kept while somebody wants a control chart."""
        self.charted = False
        """Whether the chart has changed; for whoever tells of it, who sets it back."""
        self.detecting: Detecting | None = None
        """Kept while another detector than ours is to say what is unusual."""
        self.level = LevelWatch()
        self.move: Move | None = None
        """What the last sample made sure of: the level has moved, slowly enough to be followed."""
        self.moves = 0
        self.last_at = 0.0
        self.behind_s = 0.0
        """So far the time of its last sample was behind the shard's clock: gateways have their own."""
        self._stood = 0
        """How many samples the anomaly has stood."""
        self._pending: dict[Rule, Evidence] = {}
        """What the last sample said for alarms whose delay runs, or that an operator keeps quiet: either
        may end without another one."""

    @property
    def quiet(self) -> bool:
        """Nothing is wrong, nor about to be: models may learn."""
        # A chart signals for small shifts, and stays so for half an hour: that stops nobody else.
        return self._quiet_but_for(_OF_CHART)

    @property
    def in_alarm(self) -> bool:
        """Whether anything is wrong, told or not."""
        return any(alarm.present for alarm in self.alarms.values())

    @property
    def came(self) -> dict[str, int]:
        """How often each of its alarms came, and how often its level moved."""
        return {
            **{rule: alarm.occurrence for rule, alarm in self.alarms.items()},
            MOVED: self.moves,
        }

    def learnt(self, settings: SensorSettings) -> bool:
        """Return whether it is known what is normal."""
        return self.score.baseline.ready(settings.scorer.baseline)

    def take(
        self, x: float | None, quality: Quality, at: float, settings: SensorSettings,
        plan: SensorPlan = PLAIN,
    ) -> list[Finding]:  # fmt: skip
        """Take a sample in, in its canonical unit; return the alarms that changed.

        Samples come in the order of time, of a machine that is running. A sample of bad quality has no
        value; of uncertain quality it is scored and not learnt. ``plan``: what somebody said of it.
        """
        self.last_at = at
        self.move = None
        self.rest.hear(at)
        found: list[Finding] = []
        if x is None or quality == "bad":
            over = self.rest.bad_sample() >= settings.rest.bad_run
            judged = Judged("bad_quality", over, under=False, evidence=Evidence("bad_quality"))
            self._step(judged, at, settings.condition, plan, found)
            return found
        self.rest.bad = 0
        was_quiet = self.quiet
        was_steady = plan.spec is not None and self._quiet_but_for(_OF_LEVEL)
        scored = self.score.score(x, settings.scorer)
        is_flat = self.rest.is_flat(x, settings.rest)
        if is_flat or self.alarms:
            self._judge_runs(x, at, settings, plan, found, is_flat=is_flat)
        if plan is not PLAIN or self.alarms:
            self._hold_to(plan, x, at, settings, found)
        quiet = was_quiet and self.quiet
        if quality == "good":
            self.rest.learn(x, settings.rest, quiet=quiet)
        flat = self.alarms.get("flat_line")
        if flat is not None and flat.present:
            return found  # what a dead sensor repeats says nothing
        other = self._other(plan, x, settings)
        seen = scored if other is None else scored._replace(verdict=other[1])
        self._judge(seen, at, settings, plan, found)
        if quality == "good":
            quiet = was_quiet and self.quiet
            # Capability is of values beyond limits, too: of those within them it would be too good.
            if quiet or (was_steady and self._quiet_but_for(_OF_LEVEL)):
                self._chart(x, at, plan, found)
            if quiet and self.learnt(settings):
                self.move = self.level.take(x)
                self.moves += self.move is not None
            interval_s = self.rest.interval
            self.score.learn(scored, settings.scorer, quiet=quiet, interval_s=interval_s)
            if self.detecting is not None and other is not None:
                self.detecting.learn(other[0], settings.scorer, quiet=quiet, interval_s=interval_s)
        return found

    def pass_time(
        self, at: float, settings: SensorSettings, plan: SensorPlan = PLAIN
    ) -> list[Finding]:
        """Let time pass without a sample; return the alarms that changed."""
        found: list[Finding] = []
        if at - self.behind_s >= self.rest.stale_at(settings.rest):
            evidence = Evidence("stale", value=self.rest.last)
            self._step(Judged("stale", True, False, evidence), at, settings.condition, plan, found)
        unwanted = _SET - plan.rules
        for rule, alarm in self.alarms.items():
            if rule in unwanted or not plan.alarms.enabled(rule):
                self._end(rule, alarm, at, found)
                continue
            change = alarm.pass_time(at, self.settings_of(rule, settings, plan), self.behind_s)
            if change is not None:
                found.append(Finding(rule, alarm, change, self.evidence(rule, change)))
        return found

    def evidence(self, rule: Rule, change: Change) -> Evidence | None:
        """Return what samples said of an alarm that nobody was told of yet, once time or somebody tells it."""
        return None if change.after in KEPT_QUIET else self._pending.pop(rule, None)

    def settings_of(self, rule: Rule, settings: SensorSettings, plan: SensorPlan) -> AlarmSettings:
        """Return how one of its alarms behaves."""
        if rule == "anomaly":
            usual: AlarmSettings = settings.anomaly
        elif rule in LIMITS:
            usual = plan.limit_alarm
        else:
            usual = settings.condition if rule in RUNS else _CHARTED
        return plan.alarms.of(rule, usual)

    def resume(self, at: float) -> None:
        """Go on after a standstill: silence and delays count from now on."""
        self.slope = None
        self.rest.resume(at)
        for alarm in self.alarms.values():
            alarm.resume(at)

    def relearn(self, settings: SensorSettings) -> None:
        """Begin to learn anew what is normal."""
        self.score = SensorScore(self.score.unit, settings.scorer)
        self.detecting, self.level = None, LevelWatch()
        self.slope = None  # it may have been of another quantity
        if self.charting is not None:
            self.charting.rebaseline()
            self.charted = True
        self._stood = 0

    def call_normal(self, at: float, settings: SensorSettings) -> list[Finding]:
        """Learn anew, for somebody says that what is now is normal; return the alarms that end."""
        self.relearn(settings)
        ended = []
        for rule in ("anomaly", "out_of_control"):
            alarm = self.alarms.get(rule)
            change = None if alarm is None else alarm.clear(at)
            if alarm is not None and change is not None:
                ended.append(Finding(rule, alarm, change, None, relearnt=True))
        return ended

    def _quiet_but_for(self, rules: frozenset[Rule]) -> bool:
        """Return whether nothing is wrong, nor about to be, that others than these rules say."""
        for rule, alarm in self.alarms.items():  # three times a sample: no all()
            if not alarm.quiet and rule not in rules:
                return False
        return True

    def _is_awake(self, rule: Rule) -> bool:
        """Return whether a sample that is not over may change one of its alarms: by far the most do not."""
        alarm = self.alarms.get(rule)
        return alarm is not None and (not alarm.idle or rule in self._pending)

    def _judge_runs(
        self, x: float, at: float, settings: SensorSettings, plan: SensorPlan,
        found: list[Finding], *, is_flat: bool,
    ) -> None:  # fmt: skip
        """Step the alarms of what a run of samples shows: a value ends those of bad quality and silence."""
        for run in RUNS:
            over = run == "flat_line" and is_flat
            if over or self._is_awake(run):
                evidence = Evidence(run, value=x, expected=self.score.baseline.base.mean)
                judged = Judged(run, over, not over, evidence)
                self._step(judged, at, settings.condition, plan, found)

    def _hold_to(
        self, plan: SensorPlan, x: float, at: float, settings: SensorSettings, found: list[Finding]
    ) -> None:
        """Hold a value to the limits that somebody set."""
        base = self.score.baseline.base
        sigma = base.std if self.learnt(settings) else 0.0
        judged: list[Judged] = [judge(limit, x, sigma, base.mean) for limit in plan.limits]
        if plan.rate is None:
            self.slope = None
        else:
            if self.slope is None:
                self.slope = Slope()
            self.slope.learn(at, x, plan.rate.over_s)
            per_s = self.slope.per_s(plan.rate.over_s)
            if per_s is not None:
                judged.append(judge_rate(plan.rate, per_s, x))
        for own in judged:
            self._step(own, at, plan.limit_alarm, plan, found)
        for rule, alarm in self.alarms.items():
            if rule in _SET and rule not in plan.rules:
                self._end(rule, alarm, at, found)  # nobody wants it any longer

    def _other(
        self, plan: SensorPlan, x: float, settings: SensorSettings
    ) -> tuple[RiverScored, Verdict] | None:
        """Return what another detector says, if there is to be one."""
        if plan.detector is None:
            self.detecting = None
            return None
        if self.detecting is None or self.detecting.name != plan.detector:
            self.detecting = Detecting(plan.detector)
        return self.detecting.judge(x, self.score.baseline.base.mean, settings.scorer)

    def _chart(self, x: float, at: float, plan: SensorPlan, found: list[Finding]) -> None:
        """Chart a sample of a time when nothing else is wrong, if somebody wants a chart."""
        choice = plan.chart
        if choice is None:
            self.charting = None
            return
        if self.charting is None or self.charting.choice != choice:
            self.charting, self.charted = Charting(choice), True
        judged = self.charting.take(at, x, self.score.baseline.digit)
        if judged is not None:
            self.charted = True
            self._step(judged, at, _CHARTED, plan, found)

    def _judge(
        self, scored: Scored, at: float, settings: SensorSettings, plan: SensorPlan,
        found: list[Finding],
    ) -> None:  # fmt: skip
        # While a baseline is learnt nothing is unusual; an alarm from before can clear.
        verdict = scored.verdict
        strength = 0.0 if verdict is None else verdict.strength
        if strength < 1.0 and not self._is_awake("anomaly"):
            self._stood = 0
            return
        evidence = Evidence("deviation", value=scored.x)
        if verdict is not None:
            evidence = Evidence(
                verdict.condition, verdict.z, verdict.limit, scored.x, verdict.expected
            )
        over, under = strength >= 1.0, strength < settings.deadband
        self._step(Judged("anomaly", over, under, evidence), at, settings.anomaly, plan, found)
        alarm = self.alarms.get("anomaly")
        self._stood = self._stood + 1 if alarm is not None and alarm.present else 0
        if alarm is None or under:
            return
        young = self._is_young(settings)
        if young or self._is_normal_now(at - alarm.since, settings):
            if young:
                self.score.widen()
                self._stood = 0
            else:
                self.relearn(settings)
            change = alarm.clear(at)
            if change is not None:
                found.append(Finding("anomaly", alarm, change, evidence, relearnt=True))

    def _is_young(self, settings: SensorSettings) -> bool:
        """Return whether an alarm has stood for longer than its sensor is known: what was known was no good sample."""
        known, memory = self.score.baseline.base.n, settings.scorer.baseline.memory
        return known < memory and self._stood >= _YOUNG * known

    def _is_normal_now(self, stood_s: float, settings: SensorSettings) -> bool:
        """Return whether what is in alarm has lasted so long that it is normal."""
        return self._stood >= settings.normal_after and stood_s >= settings.normal_after_s

    def _step(
        self, judged: Judged, at: float, usual: AlarmSettings, plan: SensorPlan,
        found: list[Finding],
    ) -> None:  # fmt: skip
        rule, over, under, evidence = judged
        alarm = self.alarms.get(rule)
        if not plan.alarms.enabled(rule):
            if alarm is not None:
                self._end(rule, alarm, at, found)
            return
        if alarm is None:
            if not over:
                return
            alarm = self.alarms[rule] = Alarm()
        change = alarm.step(at, plan.alarms.of(rule, usual), over=over, under=under)
        untold = not alarm.present or alarm.told in KEPT_QUIET
        if over and untold:
            self._pending[rule] = evidence
        elif not (alarm.present and untold):
            self._pending.pop(rule, None)
        if change is not None:
            found.append(Finding(rule, alarm, change, evidence))

    def _end(self, rule: Rule, alarm: Alarm, at: float, found: list[Finding]) -> None:
        """End an alarm that nobody wants any more, or that is about to come."""
        self._pending.pop(rule, None)
        change = alarm.clear(at)
        if change is not None:
            found.append(Finding(rule, alarm, change, None))

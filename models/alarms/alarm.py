"""One alarm and its states, as ISA-18.2 and IEC 62682 have them.

The condition (`present`) follows the samples through delays and a deadband; what operators see of it
depends on whether it was acknowledged, and on what lies over it: shelved for a time, suppressed while
a machine is off or a parent alarm is active, or out of service. Something is told only when the
state changes. Times are unix seconds of the events, so a replay goes the same way.
Sources: ANSI/ISA-18.2-2016; IEC 62682:2022; OPC UA Part 9 for delays and re-alarming.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

State = Literal[
    "normal", "active", "acknowledged", "returned", "shelved", "suppressed", "out_of_service",
]  # fmt: skip
Suppression = Literal["not_running", "resuming", "parent", "group", "flood"]
"""Why it is not told to operators: the machine stands still, it runs again and no sample has said yet
that it is still so, another alarm says so already, several sensors of the machine do, or there are more
alarms than anybody can read."""

KEPT_QUIET: frozenset[State] = frozenset({"shelved", "out_of_service"})
UNHEARD: frozenset[State] = KEPT_QUIET | {"suppressed"}
"""Something may be wrong, and nobody is called."""
"""By an operator: what comes meanwhile is told afterwards, if it still stands."""
_FEW = 3


@dataclass(frozen=True, slots=True)
class AlarmSettings:
    """How an alarm behaves."""

    on_samples: int = 1
    on_delay_s: float = 0.0
    """The condition must have stood for so many samples in a row, and so long. With a delay, samples
    between limit and deadband neither count nor begin it anew; of one that is to end they do."""
    off_samples: int = 1
    off_delay_s: float = 0.0
    """And must have been gone for so many, and so long."""
    off_bound_s: float = 0.0
    off_least: int = 3
    """Gone for `off_bound_s` it is over after `off_least` samples, however many it takes otherwise: those of
    a slow sensor take the better part of a day. 0: never."""
    latched: bool = False
    """It stays active until it is acknowledged, gone or not."""
    acknowledge: bool = False
    """Whether somebody has to acknowledge it; if not, it is over when its condition is."""
    realarm_s: float = 0.0
    """Active and acknowledged for so long, it calls again; 0: never."""
    chatter_times: int = 3
    chatter_s: float = 60.0
    """Activated so often within so long, it chatters: `chatter_off_s` is its off-delay then."""
    chatter_off_s: float = 600.0
    """It chatters no longer when it was not activated for so long."""
    recur_times: int = 2
    recur_s: float = 7200.0
    """Beyond its limit so often within so long, and clearly back in between, activated or not, it recurs:
    what is about its limit makes one alarm, and not one after the other."""
    recur_off_s: float = 0.0
    """One that recurs is over when for so long nothing would have activated it. So is any other one at the
    latest, for noise may keep its samples from ever being back in a row. 0: neither."""


class Change(NamedTuple):
    """A change of state."""

    before: State
    after: State


@dataclass(slots=True)
class Alarm:
    """The record of one alarm."""

    present: bool = False
    acked: bool = True
    occurrence: int = 0
    """How often it was activated."""
    since: float = 0.0
    """When it was activated last."""
    shelved_until: float = 0.0
    suppressed: set[Suppression] = field(default_factory=set)
    out_of_service: bool = False
    told: State = "normal"
    """The state that was told last."""
    told_at: float = 0.0
    """The time that this was dated; what is told next is no earlier."""
    _samples: int = 0
    """How many samples in a row speak for a change of the condition, and since when."""
    _from: float = 0.0
    _towards: bool = False
    """Whether the last one does."""
    _acked_at: float = 0.0
    _activations: list[float] = field(default_factory=list)
    _beyond: bool = False
    """Whether it was over, and not clearly back since; from when on, and how it was before."""
    _beyond_from: float = 0.0
    _was_over: bool = False
    """Whether the last sample was."""
    _excursions: list[float] = field(default_factory=list)
    _stood_at: float = 0.0
    """When samples last spoke for it so long that they would have activated it."""

    @property
    def quiet(self) -> bool:
        """Nothing is wrong, nor about to be: models may learn."""
        return not self.present and self._samples == 0

    @property
    def idle(self) -> bool:
        """Nothing is wrong, nor about to be, and all is told: a sample that is not over changes nothing."""
        return self.quiet and self.told == "normal"

    def state(self, at: float) -> State:
        """Return the state at a time."""
        if self.out_of_service:
            return "out_of_service"
        if at < self.shelved_until:
            return "shelved"
        if self.suppressed and self.present:
            return "suppressed"
        if self.present:
            return "acknowledged" if self.acked else "active"
        return "normal" if self.acked else "returned"

    def is_chattering(self, at: float, settings: AlarmSettings) -> bool:
        """Return whether it came and went too often lately."""
        times = self._activations
        if len(times) < settings.chatter_times or at - times[-1] > settings.chatter_off_s:
            return False
        return times[-1] - times[-settings.chatter_times] <= settings.chatter_s

    def is_recurring(self, at: float, settings: AlarmSettings) -> bool:
        """Return whether it went beyond its limit and back too often lately."""
        times = self._excursions
        if not settings.recur_off_s or len(times) < settings.recur_times:
            return False
        return at - times[-settings.recur_times] <= settings.recur_s

    def step(self, at: float, settings: AlarmSettings, *, over: bool, under: bool) -> Change | None:
        """Take a sample: ``over`` the limit, or ``under`` the limit less its deadband, or neither."""
        if over:
            self.suppressed.discard("resuming")
        if settings.recur_off_s:
            self._follow(at, settings, over=over, under=under)
        towards, away = (under, over) if self.present else (over, under)
        if towards:
            if not self._samples:
                self._from = at
            self._samples += 1
            self._move(at, settings)
        elif away or self.present or not settings.on_delay_s:
            self._samples = 0
        self._towards = towards
        return self._pass(at, settings)

    def pass_time(self, at: float, settings: AlarmSettings, behind_s: float = 0.0) -> Change | None:
        """Let time pass: delays end, shelves too, and what stands too long calls again.

        ``behind_s``: so far its samples' times are behind. Delays are of their time.
        """
        if self._samples and self._towards:
            self._move(at - behind_s, settings)
        return self._pass(at, settings)

    def _pass(self, at: float, settings: AlarmSettings) -> Change | None:
        change = self._tell(at)
        if change is None and self._calls_again(at, settings):
            self.acked = False
            return self._tell(at)
        return change

    def acknowledge(self, at: float, settings: AlarmSettings) -> Change | None:
        """Note that somebody has seen it."""
        self.acked = True
        self._acked_at = at
        if settings.latched and self.present and self._is_gone():
            self._clear(settings)
        return self._tell(at)

    def shelve(self, at: float, until: float) -> Change | None:
        """Keep it quiet until a time; another time is told too."""
        moved = until != self.shelved_until
        self.shelved_until = until
        change = self._tell(at)
        if change is None and moved and self.told == "shelved":
            return Change("shelved", "shelved")
        return change

    def unshelve(self, at: float) -> Change | None:
        """End that early."""
        self.shelved_until = 0.0
        return self._tell(at)

    def set_service(self, at: float, *, out: bool) -> Change | None:
        """Take it out of service, or back."""
        self.out_of_service = out
        return self._tell(at)

    def suppress(self, at: float, reason: Suppression, *, on: bool) -> Change | None:
        """Suppress it for a reason, or no longer for that one."""
        if on:
            self.suppressed.add(reason)
        else:
            self.suppressed.discard(reason)
        return self._tell(at)

    def resume(self, at: float) -> None:
        """Go on after a time in which nobody looked: delays begin anew, and what stood has to be seen again."""
        self._beyond_from, self._stood_at, self._was_over = at, at, False
        if self.present:
            self._from = at
            if "not_running" in self.suppressed:
                self.suppressed.add("resuming")
        else:
            self._samples = 0

    def clear(self, at: float) -> Change | None:
        """End it at once: what it was about is normal from now on."""
        self.present, self.acked, self._samples = False, True, 0
        self._beyond, self._was_over = False, False
        self._excursions.clear()
        return self._tell(at)

    def _move(self, at: float, settings: AlarmSettings) -> None:
        """Have the condition come or go if enough speaks for it."""
        stood = at - self._from
        if not self.present:
            if self._samples >= settings.on_samples and stood >= settings.on_delay_s:
                self._activate(at, settings)
        elif self._is_over(at, stood, settings):
            self._clear(settings)

    def _is_over(self, at: float, stood: float, settings: AlarmSettings) -> bool:
        """Return whether what is clearly back has been so for long enough."""
        if settings.recur_off_s and at - self._stood_at >= settings.recur_off_s:
            return True
        if self.is_recurring(at, settings):
            return False
        least = settings.off_samples
        if settings.off_bound_s and stood >= settings.off_bound_s:
            least = min(least, settings.off_least)
        return self._samples >= least and stood >= self._off_delay(at, settings)

    def _follow(self, at: float, settings: AlarmSettings, *, over: bool, under: bool) -> None:
        """Note how often it goes beyond its limit, and whether it would be activated now if it were not."""
        ends_at = self._beyond_from + settings.on_delay_s
        if self._was_over and ends_at < at:  # time alone would have ended the delay
            self._stood_at = max(self._stood_at, ends_at)
        self._was_over = over
        if over:
            if not self._beyond:
                self._beyond, self._beyond_from = True, at
                self._excursions.append(at)
                del self._excursions[: -max(settings.recur_times, _FEW)]
            if at >= self._beyond_from + settings.on_delay_s:
                self._stood_at = at
        elif under:
            self._beyond = False

    def _activate(self, at: float, settings: AlarmSettings) -> None:
        self.present, self.since, self._samples = True, at, 0
        self._stood_at = at
        self.suppressed -= {"group", "flood"}  # that was another time
        self.acked = False
        self.occurrence += 1
        self._activations.append(at)
        del self._activations[: -max(settings.chatter_times, _FEW)]

    def _clear(self, settings: AlarmSettings) -> None:
        if settings.latched and not self.acked:
            return  # it stays until somebody has seen it
        self.present, self._samples = False, 0
        if not settings.acknowledge:
            self.acked = True

    def _is_gone(self) -> bool:
        """The condition is over, though a latch still holds it."""
        return self._samples > 0

    def _off_delay(self, at: float, settings: AlarmSettings) -> float:
        if self.is_chattering(at, settings):
            return max(settings.off_delay_s, settings.chatter_off_s)
        return settings.off_delay_s

    def _calls_again(self, at: float, settings: AlarmSettings) -> bool:
        return (
            settings.realarm_s > 0
            and self.told == "acknowledged"
            and at - self._acked_at >= settings.realarm_s
        )

    def _tell(self, at: float) -> Change | None:
        if at >= self.shelved_until:
            self.shelved_until = 0.0  # over is over, also for a sample of before that comes late
        after = self.state(at)
        if after == self.told:
            return None
        before, self.told = self.told, after
        return Change(before, after)

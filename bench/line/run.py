"""``tailorline bench line``: a shift of a made-up line through the floor's shard, and what operators hear.

Nothing is configured, as in a plant on its first day. Beside the product runs what a plant would set by
itself: a limit of three sigma on each sensor, learnt in the quiet half hour at the beginning.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict

import msgspec
from rich.console import Console

from bench.line.operators import operators
from bench.line.plant import START, Shift, events, planted, shows_at, spots
from bench.report import Metrics, Report, comparison, progress
from models.alarms.kpi import kpis
from models.effects import Effects, Origin
from models.floor import FloorSettings, FloorShard
from models.scorers.running import Running
from schemas.outputs import Alert
from schemas.sensors import Measurement
from streams.simulate.faults import Fault

_GRACE_S = 60.0
"""So long after it shows a fault must be found; and so long after its end an alarm may be of it."""
_SIGMAS = 3.0
_MANY = 10_000


def bench_line(shift: Shift, console: Console) -> Report:
    """Simulate, find, report."""
    faults = planted(shift)
    shard = FloorShard(FloorSettings())
    alerts: list[Alert] = []
    limits = _ThreeSigma(shift.quiet_s)
    samples, taken_s = 0, 0.0
    total = int(shift.seconds / shift.every_s) * len(spots())
    with progress(console) as bars:
        task = bars.add_task("shift", total=total)
        for offset, event in enumerate(events(shift, faults)):
            effects = Effects()
            at = event.occurred_at.timestamp()
            origin = Origin("sensors", 0, offset, at)
            effects.begin(origin)
            begun = time.perf_counter()
            shard.accept(event, origin, effects)
            taken_s += time.perf_counter() - begun
            alerts += [output.value for output in effects.outputs]
            if isinstance(event, Measurement):
                samples += 1
                limits.take(event)
            if offset % _MANY == 0:
                bars.update(task, completed=samples)
    report = Report("line", ["made-up line"], asdict(shift) | {"sensors": len(spots())})
    report.results = judged(alerts, faults, shift) | {"us_per_sample": 1e6 * taken_s / samples}
    of_machines = [alert for alert in alerts if alert.machine is not None]
    found = kpis(of_machines, START, START + shift.seconds)
    report.settings["kpis"] = msgspec.to_builtins(found)
    report.results["chattering"] = len(found.chattering)
    report.results["floods"] = found.floods
    report.results["alarms_per_hour"] = found.per_hour.mean
    report.baselines = {"three sigma": judged(limits.alerts, faults, shift)}
    return report


def judged(alerts: Sequence[Alert], faults: Sequence[Fault], shift: Shift) -> Metrics:
    """Return which faults were found, how soon after they showed, and how many alarms were of none."""
    raised = [alert for alert in alerts if alert.state == "active"]
    delays = [_delay(fault, raised, shift) for fault in faults]
    in_time = [delay for delay in delays if delay is not None]
    outside = sum(not any(_is_of(alert, fault) for fault in faults) for alert in raised)
    return {
        "faults": len(faults),
        "found": len(in_time),
        "delay_s_mean": sum(in_time) / len(in_time) if in_time else None,
        "delay_s_most": max(in_time, default=None),
        "alarms": len(raised),
        "alarms_outside": outside,
        "outside_per_hour": outside / shift.hours,
    }


def missed(alerts: Iterable[Alert], faults: Iterable[Fault], shift: Shift) -> list[str]:
    """Return the faults that were not found in time."""
    raised = [alert for alert in alerts if alert.state == "active"]
    return [fault.label() for fault in faults if _delay(fault, raised, shift) is None]


def _delay(fault: Fault, raised: Iterable[Alert], shift: Shift) -> float | None:
    """Return how long after it showed an alarm came, at least 0; None: too late, or never."""
    shows = shows_at(fault, shift.every_s)
    times = [_at(alert) for alert in raised if _is_of(alert, fault)]
    first = min((at for at in times if at <= shows + _GRACE_S), default=None)
    return None if first is None else max(first - shows, 0.0)


def _is_of(alert: Alert, fault: Fault) -> bool:
    return (
        (alert.line, alert.machine) == (fault.line, fault.machine)
        and alert.sensor in (None, fault.sensor)
        and fault.start_s <= _at(alert) <= fault.end_s + _GRACE_S
    )


def _at(alert: Alert) -> float:
    return alert.occurred_at.timestamp() - START


class _ThreeSigma:
    """An alarm whenever a sample is three sigma off the mean of the quiet time."""

    def __init__(self, quiet_s: float) -> None:
        self.alerts: list[Alert] = []
        self._quiet_s = quiet_s
        self._known: dict[tuple[str, str, str], Running] = {}
        self._over: set[tuple[str, str, str]] = set()

    def take(self, event: Measurement) -> None:
        """Take a sample in."""
        if event.value is None:
            return
        key = (event.line, event.machine, event.sensor)
        known = self._known.setdefault(key, Running())
        if event.occurred_at.timestamp() - START < self._quiet_s:
            known.learn(event.value, _MANY)
            return
        if abs(event.value - known.mean) < _SIGMAS * known.std:
            self._over.discard(key)
        elif key not in self._over:
            self._over.add(key)
            self.alerts.append(_alert(event))


def _alert(event: Measurement) -> Alert:
    at = event.occurred_at
    return Alert(
        alert_id=event.event_id, alarm_id=f"{event.line}/{event.machine}/{event.sensor}",
        occurrence=1, state="active", occurred_at=at, since=at, line=event.line,
        machine=event.machine, sensor=event.sensor, condition="deviation", priority="low",
        value=event.value, unit=event.unit, expected=None, z=0.0, limit=_SIGMAS, text="",
    )  # fmt: skip


def show(report: Report, console: Console) -> None:
    """Print what was found."""
    rows = {"Tailorline": report.results, **report.baselines}
    columns = {
        "faults": "faults", "found": "found", "delay_s_mean": "delay s", "delay_s_most": "most s",
        "alarms": "alarms", "outside_per_hour": "else/h", "chattering": "chatter",
    }  # fmt: skip
    console.print(comparison("A shift on a made-up line", rows, columns))
    console.print("else/h: alarms an hour that no planted fault explains.", highlight=False)
    console.print(operators(report.settings["kpis"]))

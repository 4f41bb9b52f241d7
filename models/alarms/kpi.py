"""How well operators can live with the alarms: the figures of ISA-18.2, IEC 62682 and EEMUA 191.

They are meant for what one operator sees: whoever calls this chooses the alerts. An alarm is
annunciated when its state becomes `active`; one that is suppressed or shelved calls nobody.
Sources: ANSI/ISA-18.2-2016, 16 (monitoring and assessment); IEC 62682:2022; EEMUA 191.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from models.alarms.flooding import BEGINS_ABOVE, WINDOW_S, floods
from models.alarms.history import Standing, history
from schemas.outputs import Alert

Priority = Literal["low", "medium", "high"]

PRIORITY_TARGET: dict[Priority, float] = {"low": 0.80, "medium": 0.15, "high": 0.05}
_HOUR_S = 3600.0
_TOP = 10
_CHATTER_TIMES, _CHATTER_S = 3, 60.0
_FLEETING_S = 15.0
"""Nobody can do anything in so short a time."""
_STALE_S = 86_400.0


@dataclass(frozen=True, slots=True)
class AlarmCount:
    """An alarm, and how often it did what is counted."""

    alarm_id: str
    line: str
    machine: str | None
    sensor: str | None
    condition: str
    times: int


@dataclass(frozen=True, slots=True)
class Rate:
    """Annunciated alarms per interval of a length; intervals begin at the start of the period."""

    mean: float
    peak: int


@dataclass(frozen=True, slots=True)
class AlarmKpis:
    """The figures of one period. Shares are between 0 and 1; None: nothing to say."""

    start: float
    end: float
    """Unix seconds."""
    annunciated: int
    per_hour: Rate
    """Acceptable: 6 on average, 12 at most."""
    per_10_min: Rate
    """Acceptable: 1 on average, 2 at most; a peak of 10."""
    busy_share: float
    """Share of 10-minute intervals with more than ten alarms; acceptable: 1 %."""
    floods: int
    flood_share: float
    """Share of the time in flood; acceptable: 1 %."""
    priorities: dict[Priority, float]
    """Share of each priority; `PRIORITY_TARGET` says what is usual."""
    most_frequent: tuple[AlarmCount, ...]
    """The ten alarms annunciated most often, the first most."""
    most_frequent_share: float
    """Their share of all; acceptable: 5 %."""
    chattering: tuple[AlarmCount, ...]
    """Alarms with three annunciations within a minute, and how often they were annunciated; none should."""
    fleeting: tuple[AlarmCount, ...]
    """Others that were over within 15 s, unacknowledged, and how often; none should."""
    stale: tuple[AlarmCount, ...]
    """Alarms that stood for more than a day, and how often; acceptable: 5 on any day."""
    standing: int
    """Alarms that stand at the end."""
    mean_standing_s: float | None
    """Of those that ended in the period."""
    acknowledged: int
    mean_to_acknowledge_s: float | None
    """From the call to the acknowledgement, of those acknowledged in the period."""
    suppressed: int
    shelved: int
    out_of_service: int
    """How often alarms were kept quiet that way."""


def kpis(alerts: Iterable[Alert], start: float, end: float) -> AlarmKpis:
    """Return the figures of ``alerts`` for the period from ``start`` up to ``end`` (unix seconds).

    Alerts from before the period are welcome: they say what stood when it began. Raises `ValueError` if
    the period is none.
    """
    if not end > start:
        raise ValueError(f"The period must end after it starts, not {end - start:g} s after.")
    told = history(alerts, end)
    calls = [(at, alert) for at, alert in told.annunciations if at >= start]
    times = [at for at, _ in calls]
    per_10_min = _intervals(times, start, end, WINDOW_S)
    flooded = [
        (max(since, start), min(until, end))
        for since, until in floods(at for at, _ in told.annunciations)
        if since < end and until > start
    ]
    ended = [each for each in told.standings if each.until is not None and each.until >= start]
    open_ = [each for each in told.standings if each.until is None]
    counts = _counts(alert for _, alert in calls)
    chattering = _chattering(calls)
    acknowledged = [after for at, after in told.acknowledgements if at >= start]
    quiet = Counter(state for at, state in told.kept_quiet if at >= start)
    return AlarmKpis(
        start=start,
        end=end,
        annunciated=len(calls),
        per_hour=_rate(_intervals(times, start, end, _HOUR_S), end - start, _HOUR_S),
        per_10_min=_rate(per_10_min, end - start, WINDOW_S),
        busy_share=sum(count > BEGINS_ABOVE for count in per_10_min) / len(per_10_min),
        floods=len(flooded),
        flood_share=sum(until - since for since, until in flooded) / (end - start),
        priorities=_priorities([alert for _, alert in calls]),
        most_frequent=counts[:_TOP],
        most_frequent_share=(
            sum(each.times for each in counts[:_TOP]) / len(calls) if calls else 0.0
        ),
        chattering=tuple(each for each in counts if each.alarm_id in chattering),
        fleeting=_counts(
            each.alert
            for each in ended
            if _is_fleeting(each) and each.alert.alarm_id not in chattering
        ),
        stale=_counts(each.alert for each in [*ended, *open_] if each.lasted(end) > _STALE_S),
        standing=len(open_),
        mean_standing_s=_mean([each.lasted(end) for each in ended]),
        acknowledged=len(acknowledged),
        mean_to_acknowledge_s=_mean(acknowledged),
        suppressed=quiet["suppressed"],
        shelved=quiet["shelved"],
        out_of_service=quiet["out_of_service"],
    )


def _intervals(times: Iterable[float], start: float, end: float, length: float) -> list[int]:
    """Return how many alarms each interval has; the last one may be shorter than the others."""
    found = [0] * math.ceil((end - start) / length)
    for at in times:
        found[int((at - start) // length)] += 1
    return found


def _rate(intervals: Sequence[int], period: float, length: float) -> Rate:
    return Rate(sum(intervals) * length / period, max(intervals))


def _priorities(alerts: Sequence[Alert]) -> dict[Priority, float]:
    counts = Counter(alert.priority for alert in alerts)
    return {priority: counts[priority] / max(len(alerts), 1) for priority in PRIORITY_TARGET}


def _counts(alerts: Iterable[Alert]) -> tuple[AlarmCount, ...]:
    """Return how often each alarm is there, the most frequent first, then by id."""
    alerts = list(alerts)
    named = {alert.alarm_id: alert for alert in alerts}
    counts = Counter(alert.alarm_id for alert in alerts)
    return tuple(
        AlarmCount(alarm_id, of.line, of.machine, of.sensor, of.condition, times)
        for alarm_id, times in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        for of in [named[alarm_id]]
    )


def _chattering(calls: Iterable[tuple[float, Alert]]) -> set[str]:
    times = defaultdict[str, list[float]](list)
    for at, alert in calls:
        times[alert.alarm_id].append(at)
    return {
        alarm_id
        for alarm_id, own in times.items()
        if any(
            last - first <= _CHATTER_S
            for first, last in zip(own, own[_CHATTER_TIMES - 1 :], strict=False)
        )
    }


def _is_fleeting(standing: Standing) -> bool:
    return standing.over and not standing.acknowledged and standing.lasted(math.inf) < _FLEETING_S


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None

"""What became of each alarm, put together from the changes of state that were told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from models.alarms.alarm import UNHEARD
from schemas.outputs import Alert

_STANDING = frozenset({"active", "acknowledged"})
_OVER = frozenset({"returned", "cleared"})
_OF_ALARMS = _STANDING | _OVER | UNHEARD


@dataclass(frozen=True, slots=True)
class Standing:
    """A time that an alarm stood before operators. Times are unix seconds."""

    alert: Alert
    """What began it."""
    since: float
    until: float | None = None
    """None: it stands."""
    acknowledged: bool = False
    over: bool = False
    """It ended by itself: what was wrong is over."""

    def lasted(self, at: float) -> float:
        """Return how many seconds it lasted, until ``at`` if it stands."""
        return (at if self.until is None else self.until) - self.since


@dataclass(slots=True)
class _Open:
    """What an alarm does now."""

    state: str
    occurrence: int
    standing: Alert | None = None
    since: float = 0.0
    acknowledged: bool = False
    called: float | None = None
    """When it was annunciated, if nobody has acknowledged that."""


@dataclass(slots=True)
class History:
    """All that is counted."""

    annunciations: list[tuple[float, Alert]] = field(default_factory=list)
    """Each change of state to `active`, with its time: the operator is called."""
    standings: list[Standing] = field(default_factory=list)
    acknowledgements: list[tuple[float, float]] = field(default_factory=list)
    """When an alarm was acknowledged, and how long after the operator was called."""
    kept_quiet: list[tuple[float, str]] = field(default_factory=list)
    """When an alarm was suppressed, shelved or put out of service."""
    _open: dict[str, _Open] = field(default_factory=dict)

    def take(self, alert: Alert) -> None:
        """Take the next change in; what is in no state of an alarm is for information only."""
        if alert.state not in _OF_ALARMS:
            return
        at = alert.occurred_at.timestamp()
        now = self._open.get(alert.alarm_id)
        if now is not None and (now.state, now.occurrence) == (alert.state, alert.occurrence):
            return  # told again, but no change
        if now is None:
            # It may stand since before the first change we have of it.
            now = self._open[alert.alarm_id] = _Open("", alert.occurrence)
            since = alert.since.timestamp()
        else:
            since = at
            if now.occurrence != alert.occurrence:  # how the last one ended was not told
                self._end(now, at, over=False)
        self._acknowledge(now, alert, at)
        if alert.state in _STANDING:
            if now.standing is None:
                now.standing, now.since = alert, since
            now.acknowledged |= alert.state == "acknowledged"
        else:
            self._end(now, at, over=alert.state in _OVER)
            if alert.state in UNHEARD:
                self.kept_quiet.append((at, alert.state))
        if alert.state == "active":
            self.annunciations.append((at, alert))
            now.called = at
        now.state, now.occurrence = alert.state, alert.occurrence

    def close(self) -> None:
        """Note what stands when all is taken in."""
        for now in self._open.values():
            if now.standing is not None:
                self.standings.append(
                    Standing(now.standing, now.since, acknowledged=now.acknowledged)
                )

    def _acknowledge(self, now: _Open, alert: Alert, at: float) -> None:
        # One that has returned waits for nothing but to be acknowledged.
        acknowledged = alert.state == "acknowledged" or (
            alert.state == "cleared" and now.state == "returned"
        )
        if acknowledged and now.called is not None:
            self.acknowledgements.append((at, at - now.called))
        if acknowledged or alert.state == "cleared":
            now.called = None

    def _end(self, now: _Open, at: float, *, over: bool) -> None:
        if now.standing is not None:
            self.standings.append(Standing(now.standing, now.since, at, now.acknowledged, over))
        now.standing, now.acknowledged = None, False


def history(alerts: Iterable[Alert], end: float) -> History:
    """Return what became of all alarms before ``end`` (unix seconds); repeats of an alert count once."""
    once = {alert.alert_id: alert for alert in alerts}
    found = History()
    for alert in sorted(once.values(), key=lambda alert: alert.occurred_at):
        if alert.occurred_at.timestamp() >= end:
            break
        found.take(alert)
    found.close()
    return found

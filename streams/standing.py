"""The alarms that are not normal, as workers keep them in the store; and which of them is meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple

import msgspec

from models.line.annunciator import STANDING
from schemas.outputs import Alert
from streams.floors import rows
from streams.store.protocol import Store

_RANK = {"high": 0, "medium": 1, "low": 2}
_CALLS = {"active": 0, "returned": 1, "acknowledged": 2}
_LEAST = 4
_decode = msgspec.json.Decoder(Alert).decode


class Meant(NamedTuple):
    """What a command is for: an alarm, or all those of a place."""

    line: str
    machine: str
    sensor: str | None = None
    alarm_id: str | None = None

    @property
    def place(self) -> str:
        """The machine or sensor, as people write it."""
        return "/".join(part for part in self[:3] if part is not None)

    def __str__(self) -> str:
        place = self.place
        return place if self.alarm_id is None else f"{place} ({self.alarm_id})"


async def standing(store: Store) -> list[Alert]:
    """Return the alarms of all shards that are not normal, those to look at first first.

    Raises `StoreError` also for one of a form that this version does not know.
    """
    found = await rows(store, STANDING, _decode, "An alarm")
    return sorted(
        found,
        key=lambda alert: (
            _CALLS.get(alert.state, 3), _RANK[alert.priority], alert.occurred_at, alert.alarm_id,
        ),
    )  # fmt: skip


def meant(text: str, alarms: Iterable[Alert]) -> Meant | str:
    """Return what somebody means by an alarm id (or how it begins), or by line/machine[/sensor].

    Or why that cannot be known.
    """
    parts = text.split("/")
    if len(parts) in (2, 3):
        if not all(parts):
            return f"{text!r} is no place: say line/machine or line/machine/sensor."
        return Meant(*parts)
    if len(parts) > 1:
        return f"{text!r} is no place: say line/machine or line/machine/sensor."
    if len(text) < _LEAST:
        return f"{text!r} is too short for an alarm id: give {_LEAST} characters of it, or more."
    found = [alert for alert in alarms if alert.alarm_id.startswith(text)]
    if not found:
        return f"No alarm {text} stands: see `tailorline alarms list --all`."
    if len(found) > 1:
        return f"{text} may be {len(found)} alarms: give more of the id."
    (alert,) = found
    if alert.machine is None:
        return f"{text} is the alarm of a whole line: it is over by itself."
    return Meant(alert.line, alert.machine, alert.sensor, alert.alarm_id)


def absent(place: Meant, alarms: Iterable[Alert]) -> str | None:
    """Return why nothing of a place can be meant, with the names that may be; None: an alarm of it stands."""
    places: set[str] = set()
    for alert in alarms:
        if alert.machine is not None:
            places |= {
                f"{alert.line}/{alert.machine}",
                Meant(alert.line, alert.machine, alert.sensor).place,
            }
    if place.place in places:
        return None
    near = get_close_matches(place.place, sorted(places), 3)
    hint = (
        f"; did you mean {' or '.join(near)}?" if near else ": see `tailorline alarms list --all`."
    )
    return f"No alarm of {place} stands{hint}"

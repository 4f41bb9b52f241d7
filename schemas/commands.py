"""What operators do about alarms: the events of the topic ``commands``, keyed by line/machine.

The topic is the audit trail too: who wanted what, when and why. What came of it is in ``alerts``.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from schemas.fields import EquipmentId, EventId, Moment, field

Operator = Annotated[str, field("personal", "Who says so.", min_length=1, max_length=64)]
Why = Annotated[
    str, field("internal", "Why, for whoever looks at it later.", min_length=1, max_length=200)
]
ForSeconds = Annotated[
    float,
    field("internal", "For so many seconds; then it is over by itself.", ge=1.0, le=7 * 86_400.0),
]


class Command(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What every command carries: which alarms it is for.

    With an ``alarm_id`` it is for that alarm; with a ``sensor``, for all alarms of the sensor; with
    neither, for all alarms of the machine and its sensors.
    """

    event_id: EventId
    occurred_at: Moment
    line: EquipmentId
    machine: EquipmentId
    sensor: EquipmentId | None = None
    alarm_id: EventId | None = None
    by: Operator


class Acknowledge(
    Command, tag_field="type", tag="acknowledge", frozen=True, kw_only=True, gc=False
):
    """Somebody has seen it and takes care."""

    reason: Why | None = None


class Shelve(Command, tag_field="type", tag="shelve", frozen=True, kw_only=True, gc=False):
    """Keep it quiet for a time."""

    for_s: ForSeconds
    reason: Why


class Unshelve(Command, tag_field="type", tag="unshelve", frozen=True, kw_only=True, gc=False):
    """End that early."""

    reason: Why | None = None


class TakeOutOfService(
    Command, tag_field="type", tag="out_of_service", frozen=True, kw_only=True, gc=False
):
    """Keep it quiet until it is put back into service: the sensor is away, or under repair."""

    reason: Why


class PutIntoService(
    Command, tag_field="type", tag="in_service", frozen=True, kw_only=True, gc=False
):
    """It counts again."""

    reason: Why | None = None


class CallNormal(Command, tag_field="type", tag="new_normal", frozen=True, kw_only=True, gc=False):
    """What is now is normal: forget what was, and learn anew."""

    reason: Why


Commands = Acknowledge | Shelve | Unshelve | TakeOutOfService | PutIntoService | CallNormal

"""What the production line reports: the events of the topic ``sensors``, keyed by line/machine."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from schemas.fields import (
    EquipmentId,
    EventId,
    Moment,
    Reading,
    Sequence,
    Sku,
    UnitCode,
    Units,
    field,
)

Quality = Annotated[
    str,
    field(
        "internal",
        "good, uncertain or bad, or a status of OPC UA, OPC DA or Sparkplug, by number or name; absent means good, what is not known counts as uncertain.",
        max_length=64,
    ),
]
State = Annotated[
    Literal["running", "idle", "stopped", "changeover", "maintenance", "fault"],
    field("internal", "What the machine is doing."),
]


class FloorEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What every event of the floor carries."""

    event_id: EventId
    occurred_at: Moment
    line: EquipmentId
    machine: EquipmentId


class Measurement(
    FloorEvent, tag_field="type", tag="measurement", frozen=True, kw_only=True, gc=False
):
    """One sample of one sensor."""

    sensor: EquipmentId
    value: Reading | None
    unit: UnitCode
    quality: Quality = "good"
    seq: Sequence | None = None


class ProductionCount(
    FloorEvent, tag_field="type", tag="production_count", frozen=True, kw_only=True, gc=False
):
    """Units made since the last count of this machine."""

    sku: Sku
    good: Units
    scrap: Units = 0


class MachineState(
    FloorEvent, tag_field="type", tag="machine_state", frozen=True, kw_only=True, gc=False
):
    """The machine changed its state."""

    state: State


Sensors = Measurement | ProductionCount | MachineState

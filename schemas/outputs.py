"""What Tailorline sends out: offers, alerts and advice. One id each, to drop repeats on."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from schemas.commands import Operator, Why
from schemas.fields import (
    MAX_OPTIONS,
    Count,
    CustomerId,
    EquipmentId,
    EventId,
    Moment,
    Name,
    OptionName,
    OptionValue,
    Place,
    Reading,
    Score,
    SessionId,
    Share,
    Sku,
    Text,
    UnitCode,
    field,
)


class Reason(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why an article is offered, in words and numbers."""

    kind: Name
    text: Text
    because_of: Sku | None = None
    together: Count | None = None
    of: Count | None = None
    confidence: Share | None = None
    lift: Score | None = None


Configuration = Annotated[
    dict[OptionName, OptionValue],
    field("personal", "Values of the article's options.", max_length=MAX_OPTIONS),
]


class OptionReason(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a value of an option is proposed, in words and numbers."""

    option: Annotated[str, field("personal", "The option.", min_length=1, max_length=32)]
    value: Annotated[str, field("personal", "Its value.", min_length=1, max_length=64)]
    text: Text
    times: Count
    """How many order lines chose it."""
    of: Count
    """Out of how many."""
    because_of: Configuration = {}
    """The values that it goes with, if it was chosen for them."""


class OfferItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One article of an offer."""

    sku: Sku
    score: Annotated[
        Score,
        field(
            "internal",
            "What it is expected to be worth; comparable within the offer, the article best placed need "
            "not have the most.",
        ),
    ]
    reason: Annotated[Reason, field("personal", "Why this article is offered.")]
    position: Place | None = None
    click_probability: Annotated[
        Share | None, field("internal", "How likely it is clicked if the offer is seen.")
    ] = None
    propensity: Annotated[
        Share | None,
        field(
            "internal",
            "How likely the policy was to put it into this place: what other policies are judged by.",
        ),
    ] = None
    sources: Annotated[
        tuple[Name, ...],
        field("internal", "Which sources proposed it, the one that speaks most for it first."),
    ] = ()
    campaign: Annotated[
        Name | None, field("internal", "The campaign that the article is in, of the offer rules.")
    ] = None
    discount: Annotated[
        Share | None, field("internal", "What that takes off the price, as a share.")
    ] = None
    options: Configuration = {}
    """The configuration proposed; options that customers differ about are not in it."""
    option_reasons: Annotated[
        tuple[OptionReason, ...],
        field("personal", "Why these options are proposed.", max_length=MAX_OPTIONS),
    ] = ()


class Offer(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="offer"):
    """A personal offer, best article first."""

    offer_id: EventId
    decided_at: Moment
    expires_at: Moment
    customer_id: CustomerId
    session_id: SessionId | None
    trigger: Name
    items: Annotated[
        tuple[OfferItem, ...],
        field("personal", "What to show, best first.", min_length=1, max_length=50),
    ]
    propensity: Annotated[
        Share, field("internal", "How likely the session was to end in an order, offer or not.")
    ]
    policy: Annotated[Name, field("internal", "How articles are chosen: what explores, if any.")]
    model: Annotated[
        str,
        field(
            "internal",
            "What ranked: who predicts clicks, and how many outcomes each head has learnt.",
            max_length=64,
        ),
    ] = ""


class Contributor(msgspec.Struct, frozen=True, kw_only=True):
    """A sensor's part in what a machine is in alarm for."""

    sensor: EquipmentId
    share: Share


class Alert(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="alert", omit_defaults=True
):
    """A change of state of an alarm on the production line (ISA-18.2, IEC 62682)."""

    alert_id: EventId
    alarm_id: EventId
    occurrence: Annotated[
        int,
        field("internal", "How often this alarm has come; 0: never, it was shelved before.", ge=0),
    ]
    state: Annotated[
        Literal[
            "active", "acknowledged", "returned", "cleared", "shelved", "suppressed",
            "out_of_service", "noted",
        ],
        field(
            "internal",
            "The alarm's state from now on. `returned`: it is over, but nobody has acknowledged it; "
            "`cleared`: it is over and done with; `noted`: no alarm, for information only.",
        ),
    ]  # fmt: skip
    occurred_at: Moment
    since: Moment
    line: EquipmentId
    machine: Annotated[
        EquipmentId | None, field("internal", "The machine; null: alarms of the line itself.")
    ]
    sensor: EquipmentId | None
    condition: Annotated[
        Literal[
            "deviation", "spread", "shape", "flat_line", "bad_quality", "stale", "multivariate",
            "high_high", "high", "low", "low_low", "rate", "out_of_control", "flood",
            "baseline_moved", "not_charted", "always_late", "never_good",
        ],
        field("internal", "What is wrong."),
    ]  # fmt: skip
    priority: Annotated[
        Literal["low", "medium", "high"],
        field("internal", "How soon to look at it: high at once, low when there is time."),
    ]
    value: Reading | None
    unit: UnitCode | None
    expected: Reading | None
    z: Score
    limit: Score
    text: Text
    contributors: Annotated[
        tuple[Contributor, ...],
        field(
            "internal", "Of a whole machine: the sensors that make it up most, first the largest.",
            max_length=16,
        ),
    ] = ()  # fmt: skip
    advice: Annotated[
        str, field("internal", "What to look at first; empty: nothing to say.", max_length=500)
    ] = ""
    first_out: Annotated[
        EventId | None,
        field(
            "internal",
            "The alarm of this machine that came first of those standing: where to look for the cause. "
            "Absent: this one, or there is none.",
        ),
    ] = None
    by: Operator | None = None
    """Who made it so; absent: nobody, it came by itself."""
    reason: Why | None = None
    until: Annotated[
        Moment | None, field("internal", "When shelving ends by itself; absent: not shelved.")
    ] = None


class Advice(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="advice"):
    """Advice to production: what to make more or less of, and why."""

    advice_id: EventId
    advised_at: Moment
    kind: Annotated[
        Literal["gap", "mix", "reorder", "demand"], field("internal", "Which advice it is.")
    ]
    sku: Sku | None
    units: Score
    confidence: Share
    text: Text
    figures: Annotated[
        dict[str, float], field("internal", "The numbers it came from.", max_length=32)
    ] = {}

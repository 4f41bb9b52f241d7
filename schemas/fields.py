"""The field types that events are built from: range, size and data class in one place each.

Every field of every event carries a *data class*, which says who may see it: ``public`` (could be
printed on a web page), ``internal`` (the firm's own business) or ``personal`` (says something about
one person). It travels into JSON Schema as ``x-data-class``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta

DataClass = Literal["public", "internal", "personal"]

MAX_TEXT = 200
MAX_LINES = 2000
MAX_OPTIONS = 16


def field(data_class: DataClass, description: str, **limits: Any) -> Meta:
    """Return the constraint of a field: its data class, what it means, and its limits."""
    return Meta(description=description, extra_json_schema={"x-data-class": data_class}, **limits)


EventId = Annotated[
    str,
    field(
        "internal",
        "Unique per event; a repeat is dropped as a duplicate.",
        min_length=1,
        max_length=64,
    ),
]
Moment = Annotated[
    datetime, field("internal", "When it happened, RFC 3339 with a time zone.", tz=True)
]
CustomerId = Annotated[
    str,
    field("personal", "The customer; also the Kafka key.", min_length=1, max_length=128),
]
SessionId = Annotated[
    str, field("personal", "One visit of a customer.", min_length=1, max_length=128)
]
Consent = Annotated[
    bool,
    field(
        "personal",
        "Whether the customer agrees to personalisation. Without it only counts are kept; false erases "
        "the profile; absent leaves it as it was said last (never said: no profile).",
    ),
]
Sku = Annotated[str, field("public", "The article number.", min_length=1, max_length=64)]
Category = Annotated[str, field("public", "The article's category.", min_length=1, max_length=64)]
Money = Annotated[float, field("internal", "An amount in the currency's main unit.", ge=0, le=1e9)]
ListPrice = Annotated[
    float,
    field(
        "public", "The list price of a unit, in the currency's main unit; absent: unknown.",
        ge=0, le=1e9,
    ),
]  # fmt: skip
UnitCost = Annotated[
    float,
    field(
        "internal",
        "What a unit costs the firm, in the currency's main unit: what margins are worked out "
        "from; absent: unknown.",
        ge=0, le=1e9,
    ),
]  # fmt: skip
Stock = Annotated[
    int,
    field("internal", "Units that can be sold now; absent: unknown.", ge=0, le=1_000_000_000),
]
Available = Annotated[
    bool, field("public", "Whether the article may be offered; false: it must not be.")
]
Currency = Annotated[str, field("public", "ISO 4217 code.", pattern=r"^[A-Z]{3}\Z")]
Quantity = Annotated[int, field("internal", "Units of the article.", ge=1, le=1_000_000)]
Hits = Annotated[int, field("internal", "Articles that a search found.", ge=0, le=10_000_000)]
Units = Annotated[int, field("internal", "Units made or scrapped.", ge=0, le=10_000_000)]
OrderId = Annotated[str, field("internal", "The order.", min_length=1, max_length=64)]
OfferId = Annotated[
    str, field("internal", "The offer, as in the topic offers.", min_length=1, max_length=64)
]
SearchText = Annotated[
    str, field("personal", "What the customer typed.", min_length=1, max_length=MAX_TEXT)
]
OptionName = Annotated[str, Meta(min_length=1, max_length=32)]
OptionValue = Annotated[str, Meta(min_length=1, max_length=64)]
Options = Annotated[
    dict[OptionName, OptionValue],
    field("internal", "Chosen configuration: material, colour.", max_length=MAX_OPTIONS),
]
EquipmentId = Annotated[
    str,
    field(
        "internal",
        "Equipment name; no slash, for the Kafka key is line/machine.",
        min_length=1,
        max_length=64,
        pattern=r"^[^/]+\Z",
    ),
]
Reading = Annotated[
    float,
    field("internal", "A measured value.", ge=-1e15, le=1e15),
]
UnitCode = Annotated[
    str, field("public", "UCUM code, case-sensitive: Cel, bar, mm/s.", min_length=1, max_length=16)
]
Sequence = Annotated[
    int, field("internal", "Counter of the sensor; a gap is a lost sample.", ge=0, le=2**53)
]
Score = Annotated[float, field("internal", "A finite score; higher is better.", ge=-1e15, le=1e15)]
Share = Annotated[float, field("internal", "A share between 0 and 1.", ge=0, le=1)]
Count = Annotated[float, field("internal", "A (possibly decayed) count.", ge=0, le=1e15)]
Text = Annotated[str, field("internal", "A sentence for people.", max_length=500)]
Name = Annotated[str, field("internal", "A short name out of a closed list.", max_length=64)]
Place = Annotated[int, field("internal", "A place in a list, from 1.", ge=1, le=50)]

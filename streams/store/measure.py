"""Bytes of a unit of each family of keys: made-up ones of real size in a server, and what it says."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import orjson
import redis.asyncio as aredis

from models.articles import Article
from models.decay import Levels
from models.itemsets.rules import Rule
from models.line.capabilities import CapabilityRow
from models.options.choices import OptionChoice, OptionPair, OptionValue
from models.spc.capability import Specification
from models.spc.spread import Spread
from models.view import CoPurchase, Neighbour, Row, encode
from schemas.outputs import Alert
from schemas.topics import INPUTS
from streams.encoding import Record, pack
from streams.store.bounds import FAMILIES, Family
from streams.store.embedded import EmbeddedValkey
from streams.store.sample_state import floor_state, shop_state

UNITS = 1000
"""Hashes of so many fields are hash tables, as the large ones of a real store are."""
_PER_ROW = 20
"""Partners of an article: as many as there are pairs for each article where both caps are reached."""
_NEIGHBOURS = 30
_PER_VERSION = 50
Data = bytes | list[Any] | set[str] | dict[str, Any]


def _sku(number: int) -> str:
    return f"sku-{number:06d}"


def _weight(number: int) -> str:
    """A decayed count as the store keeps it: HINCRBYFLOAT writes up to 17 digits."""
    return f"{(number + 1) * 12345.678901234567:.17g}"


def _hex(number: int, length: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()[:length]


def _articles(value: Callable[[int], Any]) -> Mapping[str, Data]:
    return {"": {_sku(n): value(n) for n in range(UNITS)}}


def _rows(value: Callable[[int], Any]) -> Mapping[str, Data]:
    rows = 2 * UNITS // _PER_ROW
    return {
        _sku(row): {_sku(row + n + 1): value(n) for n in range(_PER_ROW)} for row in range(rows)
    }


def _configured(value: Callable[[int], Any]) -> Mapping[str, Data]:
    """Rows of articles with two options of four and five values, and all pairs of them."""
    woods = [f"material\x1fwood-{n}" for n in range(4)]
    colours = [f"colour\x1fshade-{n}" for n in range(5)]
    pairs = [f"{colour}\x1f{wood}" for colour in colours for wood in woods]
    names = [*woods, *colours, *pairs]
    return {
        _sku(row): {name: value(n) for n, name in enumerate(names)}
        for row in range(UNITS // len(names))
    }


def _levels(number: int) -> bytes:
    weights = {_sku(number + n): (n + 1) * 1234.5678901234567 for n in range(_NEIGHBOURS)}
    return msgspec.json.encode(Levels(659, weights))


def _article(number: int) -> Article:
    return Article("category-12", number + 149.99, number + 88.25, number, True, 1790000000.123)


def _row(number: int) -> bytes:
    rules = tuple(
        Rule(
            antecedent=_sku(number), consequent=_sku(number + n),
            n=123456.789012345, n_a=1234.56789012345 + n, n_b=2345.6789012345 + n,
            n_ab=123.456789012345 + n, p=1.2345678901234e-12,
        )
        for n in range(5)
    )  # fmt: skip
    near = tuple(Neighbour(_sku(number + n), 1 / (n + 3)) for n in range(_NEIGHBOURS))
    partners = tuple(_sku(number + n) for n in range(5))
    bought = tuple(CoPurchase(_sku(number + n), 123.45 + n, 2345.67 + n) for n in range(_PER_ROW))
    return encode(
        Row(
            rules=rules, partners=partners, next=near, bought_with=bought, count=1234.56789012345,
            baskets=123456.789012345, article=_article(number), options=_choices(number),
            option_pairs=_together(number),
            configured=1.0 if number % 4 == 0 else 0.0,
        )
    )  # fmt: skip


def _choices(number: int) -> tuple[OptionChoice, ...]:
    """Every fourth article has two options."""
    values = tuple(OptionValue(f"shade-{n}", 123.456 + n) for n in range(5))
    names = ("material", "colour") if number % 4 == 0 else ()
    return tuple(OptionChoice(name, 1234.568, 12.346, 7, values) for name in names)


def _together(number: int) -> tuple[OptionPair, ...]:
    """And every eighth some that are chosen together."""
    return tuple(
        OptionPair(
            "colour", f"shade-{n}", "material", f"shade-{n}", 1234.568, 123.456, 234.567, 45.678,
            1.2345678901234e-12, n == 0,
        )
        for n in range(20 if number % 8 == 0 else 0)
    )  # fmt: skip


def _offer(number: int) -> bytes:
    reason = {
        "source": "viewed_next", "because": [_sku(number)],
        "text": f"Often looked at after {_sku(number)} by those who looked at it.",
    }  # fmt: skip
    value = {
        "offer_id": str(uuid.UUID(_hex(number, 32))), "customer_id": f"customer-{number:06d}",
        "decided_at": "2026-01-01T00:00:00Z", "expires_at": "2026-01-01T00:30:00Z",
        "trigger": "add_to_cart", "session_id": f"visit-{number:08d}", "policy": "thompson",
        "propensity": 0.12345678901234, "items": [
            {"sku": _sku(number + n), "score": 0.12345678901234, "reason": reason} for n in range(5)
        ],
    }  # fmt: skip
    headers = (
        ("ce_specversion", b"1.0"), ("ce_id", _hex(number, 36).encode()),
        ("ce_type", b"tailorline.offers.v1"), ("ce_source", b"tailorline/shop-3"),
        ("content-type", b"application/json"),
    )  # fmt: skip
    key = f"customer-{number:06d}".encode()
    return pack(Record("offers", key, orjson.dumps(value), headers, 1790000000.123))


def _undo() -> Mapping[str, Data]:
    versions = range(UNITS // _PER_VERSION)
    return {
        "": [
            msgspec.msgpack.encode(
                (version, [x for n in range(_PER_VERSION) for x in (_sku(n), _row(n).decode())])
            )
            for version in versions
        ]
    }


def _lines() -> Mapping[str, Data]:
    topics = ("clickstream", "orders", "catalogue")
    return {"": [f"{topics[n % 3]}:{10**7 + n}:{10**7 + n + 3}" for n in range(UNITS)]}


_META = {
    "epoch": 1790000000123, "seq": 1234567, "out_head": 1234567, "out_next": 1234567,
    "next:clickstream": 12345678, "next:orders": 12345678, "next:catalogue": 12345678,
}  # fmt: skip
_TALLY = {
    f"{topic}:{outcome}": 12345678
    for topic in ("clickstream", "orders", "catalogue")
    for outcome in ("read", "accepted", "duplicate", "rejected", "rejected:too_early", "sent")
}
_LAYOUT = {f"id:{topic.name}": _hex(1, 22) for topic in INPUTS} | {
    f"partitions:{topic.name}": "12" for topic in INPUTS
}


def _alert(number: int) -> Alert:
    at = datetime.fromtimestamp(1_790_000_000 + number, UTC)
    return Alert(
        alert_id=str(uuid.UUID(_hex(number, 32))), alarm_id=str(uuid.UUID(_hex(number, 32))),
        occurrence=3, state="active", occurred_at=at, since=at, line="line-1", machine="machine-12",
        sensor="temperature", condition="deviation", priority="low", value=81.5, unit="Cel",
        expected=61.25, z=6.5, limit=5.0,
        text="line-1/machine-12/temperature is off its normal level (6.5 sigma, limit 5.0).",
        advice="Compare with the set point and with sensors beside it, then look for the cause.",
    )  # fmt: skip


def _capability(number: int) -> bytes:
    spread = Spread(
        12_345, 2_469, 61.2512345678901, 1234.56789012345, 1230.12345678901, 9_876, 0.0, 0, None, 2_469,
        1_790_000_000.123, 1_790_100_000.0 + number,
    )  # fmt: skip
    return encode(
        CapabilityRow(
            line="line-1", machine=f"machine-{number // 4:05}", sensor=f"temperature-{number % 4}",
            unit="Cel", spec=Specification(58.5, 63.5), spread=spread, standing="in_control", quiet=2_444,
        )
    )  # fmt: skip


_MARK = {"state": "replayed", "at": 1790000000, "replays": 1}
_WHY = "The step of this event had not come back after 20 s, three times in a row, in shop.placed_step."

SAMPLES: dict[str, Callable[[], Mapping[str, Data]]] = {
    "shards": lambda: {"": {f"shop-{n}" for n in range(4)}},
    "layout": lambda: {"": _LAYOUT},
    "dlq:<id>": lambda: {str(uuid.UUID(_hex(n, 32))): _MARK for n in range(UNITS)},
    "{shard}:meta": lambda: {"": _META},
    "{shard}:journal": _lines,
    "{shard}:history": _lines,
    "{shard}:quarantine": lambda: {"": {f"orders:{10**7 + n}": _WHY for n in range(100)}},
    "{shard}:outbox": lambda: {"": [_offer(n) for n in range(UNITS)]},
    "{shop-k}:snapshot": lambda: {"": shop_state(UNITS)},
    "{floor-k}:snapshot": lambda: {"": floor_state(UNITS)},
    "{shard}:tally": lambda: {"": _TALLY},
    "{shop-k}:dirty:<part>": lambda: {"0": {_sku(n): 1234567 + n for n in range(UNITS)}},
    "{shop-k}:count:baskets": lambda: {"": {"n": 123456, "w": _weight(1), "w2": _weight(2)}},
    "{shop-k}:count:items": lambda: _articles(_weight),
    "{shop-k}:count:demand": lambda: _articles(lambda n: n),
    "{shop-k}:count:triples": lambda: {
        "": {"\x1f".join(map(_sku, (n, n + 1, n + 2))): _weight(n) for n in range(UNITS)}
    },
    "{shop-k}:row:pairs:<article>": lambda: _rows(_weight),
    "{shop-k}:row:reach:<article>": lambda: _rows(lambda _: 1),
    "{shop-k}:count:options": lambda: _articles(_weight),
    "{shop-k}:row:options:<article>": lambda: _configured(_weight),
    "{shop-k}:row:choosers:<article>": lambda: _configured(lambda _: 1),
    "{shop-k}:blob:covisits": lambda: _articles(_levels),
    "{shop-k}:blob:trending": lambda: {
        "": {"top": msgspec.json.encode(
            Levels(659, {_sku(n): (n + 1) * 1234.5678901234567 for n in range(200)})
        )}
    },
    "{shop-k}:blob:articles": lambda: _articles(lambda n: encode(_article(n))),
    "{floor-k}:count:made": lambda: _articles(lambda n: 10 * n),
    "{floor-k}:count:scrapped": lambda: _articles(lambda n: n),
    "{floor-k}:alarms": lambda: {
        "": {str(uuid.UUID(_hex(n, 32))): encode(_alert(n)) for n in range(UNITS)}
    },
    "{floor-k}:oee": lambda: {
        "": {
            f"line-1\x1fmachine-{n // 4:05}\x1f2026-11-{1 + n % 4:02}\x1fproduction_s": 1234.5 + n
            for n in range(UNITS)
        }
    },
    "{floor-k}:capability": lambda: {
        "": {
            f"line-1\x1fmachine-{n // 4:05}\x1ftemperature-{n % 4}": _capability(n)
            for n in range(UNITS)
        }
    },
    "{view-k}:rows": lambda: _articles(_row),
    "{view-k}:version": lambda: {"": b"1234567"},
    "{view-k}:undo": _undo,
}  # fmt: skip


def measure() -> dict[str, float]:
    """Fill an embedded server with about `UNITS` units of each family; return the bytes of one."""
    with EmbeddedValkey() as server:
        return asyncio.run(measure_at(server.url))


async def measure_at(url: str) -> dict[str, float]:
    """Measure on a server that is there. It should be empty: what is measured stays in it."""
    client = aredis.Redis.from_url(url)
    try:
        return {family.key: await _measured(client, "tl", family) for family in FAMILIES}
    finally:
        await client.aclose()


async def _measured(client: aredis.Redis, prefix: str, family: Family) -> float:
    used, units = 0, 0.0
    for name, data in SAMPLES[family.key]().items():
        key = f"{prefix}:{family.example(name)}"
        await _write(client, key, data)
        used += int(await client.memory_usage(key, samples=0) or 0)
        units += _units(family, data)
    return used / units


async def _write(client: aredis.Redis, key: str, data: Data) -> None:
    # In pieces, as it comes about: a list that is made at once is packed more tightly.
    calls: Any = client
    if isinstance(data, bytes):
        await calls.set(key, data)
    elif isinstance(data, dict):
        await calls.hset(key, mapping=data)
    elif isinstance(data, set):
        await calls.sadd(key, *sorted(data))
    else:
        for first in range(0, len(data), 100):
            await calls.rpush(key, *data[first : first + 100])


def _units(family: Family, data: Data) -> float:
    if family.whole:
        return 1
    if isinstance(data, bytes):
        return UNITS
    if family.unit == "row":
        return _PER_VERSION * len(data)
    return len(data) / family.fields

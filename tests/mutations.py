"""Bad events on purpose: the tests and the system suite feed them in and expect each refused.

Every bad event comes with its kind, the reason it must be refused for. Most are refused by the
decoder; the kinds in `LATER` fit the schema, and a later step refuses them.
"""

from __future__ import annotations

import functools
import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.deadletters import Reason
from schemas.topics import MAX_EVENT_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LATER: frozenset[Reason] = frozenset({"future_time", "unknown_unit", "unknown_alarm"})
"""The kinds that decode well and are refused by a later step."""

HUGE_BYTES = 10 * 1024 * 1024
HUGE_EVERY = 400

_SAMPLES = Path(__file__).parent / "schemas" / "samples" / "v1.jsonl"
_HOLE = "\ue000hole"

Event = dict[str, Any]
Bad = tuple[bytes, Reason]


def mutated(
    topic: str, count: int, seed: int, *, at: str = "2026-01-05T09:30:00Z"
) -> Iterator[Bad]:
    """Yield ``count`` bad events for an input topic, each with the reason to refuse it.

    The same arguments give the same events, every mutation comes in turn, and the ids of the
    events that decode are unique. ``at`` is their time, for a later step that refuses old events.
    """
    # A text seeds the generator through SHA-512: the same on every machine and Python.
    rng = random.Random(f"{topic}/{seed}")
    mutations = [*_ANY_TOPIC, *_OF_TOPIC.get(topic, ())]
    for index in range(count):
        event = json.loads(rng.choice(_valid(topic)))
        event["event_id"] = f"bad-{topic}-{seed}-{index}"
        event["occurred_at"] = at
        # A few of these are enough: each is as heavy as a hundred thousand of the others.
        huge = index % HUGE_EVERY == HUGE_EVERY // 2
        yield (_huge if huge else mutations[index % len(mutations)])(event, rng)


@functools.cache
def _valid(topic: str) -> tuple[str, ...]:
    """Return valid events of a topic, as JSON."""
    rows = [json.loads(line) for line in _SAMPLES.read_text("utf-8").splitlines()]
    return tuple(json.dumps(row["event"]) for row in rows if row["topic"] == topic)


@functools.cache
def _required(topic_type: str) -> tuple[str, ...]:
    """Return the keys that every valid event of a type has."""
    rows = [json.loads(line)["event"] for line in _SAMPLES.read_text("utf-8").splitlines()]
    same = [set(row) for row in rows if row.get("type") == topic_type]
    return tuple(sorted(set.intersection(*same)))


def _raw(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _fill(event: Event, literal: str) -> bytes:
    """Return the event with a literal, which need not be JSON, where the hole is."""
    return _raw(event).replace(_raw(_HOLE), literal.encode())


def _dig_at_number(event: Event, rng: random.Random) -> None:
    """Put the hole where a number is; an event without one gets it in its id."""
    places: list[tuple[Any, str]] = [
        (holder, key)
        for holder in (event, *event.get("lines", ()))
        for key, value in holder.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    if not places:
        # No number is right there either.
        places = [(event, "event_id")]
    holder, key = rng.choice(places)
    holder[key] = _HOLE


def _empty(_event: Event, _rng: random.Random) -> Bad:
    return b"", "empty"


def _truncated(event: Event, rng: random.Random) -> Bad:
    raw = _raw(event)
    return raw[: rng.randrange(1, len(raw))], "not_json"


def _two_in_one(event: Event, rng: random.Random) -> Bad:
    return _raw(event) + rng.choice((b"", b"\n", b",")) + _raw(event), "not_json"


def _other_format(event: Event, rng: random.Random) -> Bad:
    return rng.choice(
        (
            # What a producer with a schema registry puts before Avro or Protobuf.
            b"\x00\x00\x00\x00\x07" + rng.randbytes(40),
            f"<event id='{event['event_id']}'/>".encode(),
            f"{event['event_id']};{event['occurred_at']};1".encode(),
            str(event).encode(),
        )
    ), "not_json"


def _wide_encoding(event: Event, rng: random.Random) -> Bad:
    encoding = rng.choice(("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"))
    return json.dumps(event).encode(encoding), "not_json"


def _latin_1(event: Event, rng: random.Random) -> Bad:
    event["event_id"] = rng.choice(("Größe", "Zoë", "Façade", "Señor"))
    return json.dumps(event, ensure_ascii=False).encode("latin-1", "replace"), "not_utf8"


def _not_a_number(event: Event, rng: random.Random) -> Bad:
    _dig_at_number(event, rng)
    return _fill(event, rng.choice(("NaN", "Infinity", "-Infinity", "nan"))), "not_json"


def _huge_number(event: Event, rng: random.Random) -> Bad:
    _dig_at_number(event, rng)
    literals = ("1e400", "-1e400", "1e300", "9" * 30, "-" + "9" * 30, "9" * 5000)
    return _fill(event, rng.choice(literals)), "invalid"


def _missing(event: Event, rng: random.Random) -> Bad:
    del event[rng.choice(_required(event["type"]))]
    return _raw(event), "invalid"


def _wrong_type(event: Event, rng: random.Random) -> Bad:
    key = rng.choice(sorted(event))
    wrong: dict[type, tuple[Any, ...]] = {
        str: (42, True, [], {}, ["text"]),
        bool: (1, 0.5, "true", [], {}),
        list: ("text", 42, True, {}),
    }
    event[key] = rng.choice(wrong.get(type(event[key]), ("12", True, [], {})))
    return _raw(event), "invalid"


def _bad_time(event: Event, rng: random.Random) -> Bad:
    event["occurred_at"] = rng.choice(
        (
            "2026-01-05T09:30:00",
            "2026-02-30T09:30:00Z",
            "2026-01-05",
            "05/01/2026 09:30",
            "yesterday",
            "",
            1767605400,
            None,
        )
    )
    return _raw(event), "invalid"


def _bad_length(event: Event, rng: random.Random) -> Bad:
    event["event_id"] = rng.choice(("", "x" * 65, "x" * 5000))
    return _raw(event), "invalid"


def _unknown_type(event: Event, rng: random.Random) -> Bad:
    event["type"] = rng.choice(("viewed", "VIEW", "", "offer", "\u0000"))
    return _raw(event), "invalid"


def _not_an_object(event: Event, rng: random.Random) -> Bad:
    return _raw(rng.choice(([event], [], list(event.values()), 42, "text", True, None))), "invalid"


def _deep(event: Event, rng: random.Random) -> Bad:
    # Left open on purpose: how deep is too deep differs between Pythons, open never fits.
    event["extra"] = _HOLE
    return _fill(event, rng.choice(("[", '{"a":')) * 10_000), "not_json"


def _deep_arrays(_event: Event, rng: random.Random) -> Bad:
    depth = rng.randrange(100, 30_000)
    return b"[" * depth + b"]" * depth, "invalid"


def _too_large(event: Event, rng: random.Random) -> Bad:
    event["extra"] = "x" * rng.randrange(MAX_EVENT_BYTES, MAX_EVENT_BYTES + 100)
    return _raw(event), "too_large"


def _huge(event: Event, _rng: random.Random) -> Bad:
    event["extra"] = _HOLE
    return _fill(event, '"' + "x" * HUGE_BYTES + '"'), "too_large"


def _future(event: Event, rng: random.Random) -> Bad:
    event["occurred_at"] = f"2090-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}T00:00:00Z"
    return _raw(event), "future_time"


def _unknown_unit(event: Event, _rng: random.Random) -> Bad:
    event.update(type="measurement", sensor="temperature", value=61.25, unit="furlong")
    return _raw(event), "unknown_unit"


def _unknown_alarm(event: Event, _rng: random.Random) -> Bad:
    event.update(machine="furlong")
    return _raw(event), "unknown_alarm"


_ANY_TOPIC: list[Callable[[Event, random.Random], Bad]] = [
    _empty,
    _truncated,
    _two_in_one,
    _other_format,
    _wide_encoding,
    _latin_1,
    _not_a_number,
    _huge_number,
    _missing,
    _wrong_type,
    _bad_time,
    _bad_length,
    _unknown_type,
    _not_an_object,
    _deep,
    _deep_arrays,
    _too_large,
    _future,
]
_OF_TOPIC: dict[str, tuple[Callable[[Event, random.Random], Bad], ...]] = {
    "sensors": (_unknown_unit,),
    "commands": (_unknown_alarm,),
}

"""Bytes to events: what fits comes through whole, what does not is refused in a clear sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.deadletters import DeadLetter, Reason
from schemas.decoding import DECODERS, Reject, decoder_of
from schemas.export import events_of
from schemas.fields import MAX_LINES
from schemas.topics import BY_NAME, DEAD_LETTERS, INPUTS, MAX_EVENT_BYTES, TOPICS

ROWS: list[dict[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).parent / "samples" / "v1.jsonl").read_text("utf-8").splitlines()
]
EVENTS = [(row["topic"], row["event"]) for row in ROWS if row["topic"] != "dead-letters"]
NAMES = [f"{topic}-{event['type']}-{index}" for index, (topic, event) in enumerate(EVENTS)]

VIEW = {
    "type": "view",
    "event_id": "e-1",
    "occurred_at": "2026-01-05T09:30:00Z",
    "customer_id": "c-1",
    "session_id": "s-1",
    "sku": "ring-oak",
}
SAMPLE = {
    "type": "measurement",
    "event_id": "e-1",
    "occurred_at": "2026-01-05T09:30:00Z",
    "line": "line-1",
    "machine": "laser-2",
    "sensor": "temperature",
    "value": 61.25,
    "unit": "Cel",
}
ARTICLE = {
    "type": "article",
    "event_id": "e-1",
    "occurred_at": "2026-01-05T09:30:00Z",
    "sku": "ring-oak",
}
ORDER = {
    "type": "placed",
    "event_id": "e-1",
    "occurred_at": "2026-01-05T09:30:00Z",
    "customer_id": "c-1",
    "order_id": "o-1",
    "lines": [{"sku": "ring-oak"}],
}
LETTER = DeadLetter(
    id="letter-1",
    reason="not_utf8",
    message="'utf-8' codec can't decode byte 0xf6 in position 1 - Größe",
    where="$.sku",
    topic="orders",
    partition=3,
    offset=2**40,
    size=0,
    truncated=True,
)


def raw(event: object) -> bytes:
    return json.dumps(event).encode()


def with_literal(event: dict[str, Any], key: str, literal: bytes) -> bytes:
    return raw({**event, key: "HOLE"}).replace(b'"HOLE"', literal)


def refused(topic: str, value: bytes | None) -> Reject:
    result = DECODERS[topic](value)
    assert isinstance(result, Reject)
    return result


def contains(whole: object, part: object) -> bool:
    """Tell whether every key and value of ``part`` is in ``whole``, at any depth."""
    if isinstance(whole, dict) and isinstance(part, dict):
        return all(key in whole and contains(whole[key], value) for key, value in part.items())
    if isinstance(whole, list) and isinstance(part, list):
        return len(whole) == len(part) and all(map(contains, whole, part))
    return whole == part


# What fits.


@pytest.mark.parametrize(("topic", "event"), EVENTS, ids=NAMES)
def test_version_1_events_decode_for_ever(topic: str, event: dict[str, Any]) -> None:
    # Each type is there with all its fields and with only the required ones: a field that is
    # taken away or renamed, and a new required one, both break this. Never edit a line of it.
    decoded = decoder_of(BY_NAME[topic])(raw(event))
    assert type(decoded) in events_of(BY_NAME[topic])
    assert contains(json.loads(msgspec.json.encode(decoded)), event)


def test_version_1_dead_letters_decode_for_ever() -> None:
    letters = [row["event"] for row in ROWS if row["topic"] == "dead-letters"]
    assert letters
    for headers in letters:
        wire = {name: text.encode() for name, text in headers.items()}
        assert dict(DeadLetter.from_headers(wire).headers()).items() >= wire.items()


def test_there_is_a_sample_of_every_event_type() -> None:
    seen = {type(decoder_of(BY_NAME[topic])(raw(event))) for topic, event in EVENTS}
    wanted = {event for topic in TOPICS if topic is not DEAD_LETTERS for event in events_of(topic)}
    assert seen == wanted


@pytest.mark.parametrize(("topic", "event"), EVENTS, ids=NAMES)
def test_round_trip(topic: str, event: dict[str, Any]) -> None:
    decode = decoder_of(BY_NAME[topic])
    decoded = decode(raw(event))
    assert decode(msgspec.json.encode(decoded)) == decoded


@pytest.mark.parametrize(("topic", "event"), EVENTS, ids=NAMES)
def test_unknown_fields_are_tolerated(topic: str, event: dict[str, Any]) -> None:
    decode = decoder_of(BY_NAME[topic])
    assert decode(raw({"new": {"deep": [1, "x", None]}, **event, "newer": 1})) == decode(raw(event))


def test_an_event_of_exactly_the_largest_size_is_taken() -> None:
    spare = MAX_EVENT_BYTES - len(raw({**VIEW, "extra": ""}))
    assert not isinstance(DECODERS["clickstream"](raw({**VIEW, "extra": "x" * spare})), Reject)
    assert refused("clickstream", raw({**VIEW, "extra": "x" * (spare + 1)})).reason == "too_large"


def test_text_is_counted_in_characters() -> None:
    assert not isinstance(DECODERS["clickstream"](raw({**VIEW, "sku": "ö" * 64})), Reject)
    assert refused("clickstream", raw({**VIEW, "sku": "ö" * 65})).reason == "invalid"


def test_there_is_a_decoder_for_each_input_and_no_other_topic() -> None:
    assert list(DECODERS) == [topic.name for topic in INPUTS]


# What does not.


@pytest.mark.parametrize(
    ("topic", "event", "where", "says"),
    [
        ("clickstream", {**VIEW, "sku": 7}, "$.sku", "Expected `str`, got `int`"),
        ("clickstream", {**VIEW, "sku": None}, "$.sku", "got `null`"),
        ("clickstream", {**VIEW, "sku": ""}, "$.sku", "length >= 1"),
        ("clickstream", {**VIEW, "sku": "x" * 65}, "$.sku", "length <= 64"),
        ("clickstream", {**VIEW, "price": "9.99"}, "$.price", "got `str`"),
        ("clickstream", {**VIEW, "price": -0.01}, "$.price", ">= 0.0"),
        ("clickstream", {**VIEW, "price": 1e10}, "$.price", "<= 1000000000.0"),
        ("clickstream", {**VIEW, "consent": "yes"}, "$.consent", "Expected `bool | null`"),
        ("clickstream", {**VIEW, "consent": 1}, "$.consent", "Expected `bool | null`"),
        ("clickstream", {**VIEW, "type": "viewed"}, "$.type", "Invalid value 'viewed'"),
        ("clickstream", {**VIEW, "type": 1}, "$.type", "Expected `str`"),
        ("clickstream", [VIEW], "$", "Expected `object`, got `array`"),
        ("clickstream", None, "$", "Expected `object`, got `null`"),
        ("orders", {**ORDER, "lines": []}, "$.lines", "length >= 1"),
        (
            "orders",
            {**ORDER, "lines": [{"sku": "a"}] * (MAX_LINES + 1)},
            "$.lines",
            f"<= {MAX_LINES}",
        ),
        ("orders", {**ORDER, "lines": [{"sku": "a"}, {}]}, "$.lines[1]", "field `sku`"),
        (
            "orders",
            {**ORDER, "lines": [{"sku": "a", "quantity": 0}]},
            "$.lines[0].quantity",
            ">= 1",
        ),
        (
            "orders",
            {**ORDER, "lines": [{"sku": "a", "quantity": 1.5}]},
            "$.lines[0].quantity",
            "Expected `int`, got `float`",
        ),
        ("orders", {**ORDER, "currency": "eur"}, "$.currency", "matching regex"),
        ("orders", {**ORDER, "currency": "EUR\n"}, "$.currency", "matching regex"),
        ("catalogue", {**ARTICLE, "stock": -1}, "$.stock", ">= 0"),
        ("catalogue", {**ARTICLE, "stock": 2.5}, "$.stock", "Expected `int | null`"),
        ("catalogue", {**ARTICLE, "price": -1}, "$.price", ">= 0.0"),
        ("catalogue", {**ARTICLE, "cost": 1e10}, "$.cost", "<= 1000000000.0"),
        ("catalogue", {**ARTICLE, "available": None}, "$.available", "Expected `bool`"),
        ("catalogue", {**ARTICLE, "type": "-"}, "$", "missing required field"),
        ("catalogue", {**ARTICLE, "type": "-", "nothing": "x"}, "$.nothing", "length <= 0"),
        ("catalogue", {**ARTICLE, "type": "view"}, "$.type", "Invalid value 'view'"),
        ("sensors", {**SAMPLE, "line": "a/b"}, "$.line", "matching regex"),
        ("sensors", {**SAMPLE, "value": 1e16}, "$.value", "<= 1000000000000000.0"),
        ("sensors", {**SAMPLE, "seq": -1}, "$.seq", ">= 0"),
        ("sensors", {**SAMPLE, "value": True}, "$.value", "got `bool`"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_path(
    topic: str, event: object, where: str, says: str
) -> None:
    found = refused(topic, raw(event))
    assert (found.reason, found.where) == ("invalid", where)
    assert says in found.message


@pytest.mark.parametrize(
    ("topic", "event"), [("clickstream", VIEW), ("catalogue", ARTICLE), ("sensors", SAMPLE)]
)
def test_each_missing_field_is_named(topic: str, event: dict[str, Any]) -> None:
    for name in event:
        found = refused(topic, raw({key: value for key, value in event.items() if key != name}))
        assert found.reason == "invalid"
        assert f"missing required field `{name}`" in found.message


@pytest.mark.parametrize(
    "time",
    [
        "2026-01-05T09:30:00",
        "2026-01-05",
        "2026-01-05T09:30Z",
        "2026-02-30T09:30:00Z",
        "yesterday",
        "",
        1767605400,
    ],
)
def test_a_time_needs_a_date_a_clock_and_a_zone(time: str | int) -> None:
    found = refused("clickstream", raw({**VIEW, "occurred_at": time}))
    assert (found.reason, found.where) == ("invalid", "$.occurred_at")
    assert "datetime" in found.message


def test_a_time_without_a_zone_is_told_so() -> None:
    found = refused("clickstream", raw({**VIEW, "occurred_at": "2026-01-05T09:30:00"}))
    assert "timezone" in found.message


@pytest.mark.parametrize("literal", [b"NaN", b"Infinity", b"-Infinity", b"nan", b"1.", b"01"])
def test_numbers_that_are_not_json(literal: bytes) -> None:
    assert refused("sensors", with_literal(SAMPLE, "value", literal)).reason == "not_json"


@pytest.mark.parametrize("literal", [b"1e400", b"-1e400", b"9" * 400, b"9" * 5000])
def test_numbers_that_no_float_holds(literal: bytes) -> None:
    found = refused("sensors", with_literal(SAMPLE, "value", literal))
    assert (found.reason, found.where) == ("invalid", "$.value")
    assert "out of range" in found.message


@pytest.mark.parametrize("value", [None, b""])
def test_no_value(value: bytes | None) -> None:
    assert refused("orders", value).reason == "empty"


def test_too_large_says_how_large_and_what_is_allowed() -> None:
    found = refused("orders", b"x" * 10_000_000)
    assert found.reason == "too_large"
    assert "10,000,000" in found.message
    assert f"{MAX_EVENT_BYTES:,}" in found.message


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (raw(VIEW).decode().encode("utf-16"), "not_json"),
        (raw(VIEW).decode().encode("utf-16-le"), "not_json"),
        (raw(VIEW).decode().encode("utf-8-sig"), "not_json"),
        (with_literal(VIEW, "sku", '"Größe"'.encode("latin-1")), "not_utf8"),
        (with_literal(VIEW, "sku", b'"\xed\xa0\x80"'), "not_utf8"),
        (with_literal(VIEW, "sku", b'"\\ud800"'), "not_json"),
        (raw(VIEW)[:-1], "not_json"),
        (raw(VIEW) + raw(VIEW), "not_json"),
        (b"\x00\x00\x00\x00\x07avro", "not_json"),
    ],
)
def test_wrong_encodings_and_broken_json(value: bytes, reason: Reason) -> None:
    found = refused("clickstream", value)
    assert found.reason == reason
    assert found.message


def test_deep_nesting_does_not_blow_the_stack() -> None:
    deep = b"[" * 30_000
    assert refused("clickstream", deep).reason == "invalid"
    assert refused("clickstream", with_literal(VIEW, "sku", deep)).reason == "invalid"
    # Left open, so that it is refused even where the stack is deep enough to read it.
    assert refused("clickstream", with_literal(VIEW, "extra", deep)).reason == "not_json"


def test_messages_and_paths_fit_a_dead_letter() -> None:
    long = {**VIEW, "type": "x" * 60_000}
    found = refused("clickstream", raw(long))
    letter = msgspec.structs.replace(
        LETTER, reason=found.reason, message=found.message, where=found.where
    )
    assert DeadLetter.from_headers(dict(letter.headers())) == letter


# Whatever comes in.

# A busy machine is no reason to fail.
unhurried = settings(deadline=None)

INPUT_NAMES = st.sampled_from(sorted(DECODERS))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)


def check(topic: str, value: bytes) -> None:
    result = DECODERS[topic](value)
    if isinstance(result, Reject):
        assert result.reason in get_args(Reason)
        assert result.message
        assert 0 < len(result.where) <= 64
    else:
        assert type(result) in events_of(BY_NAME[topic])
        assert DECODERS[topic](msgspec.json.encode(result)) == result


@unhurried
@given(topic=INPUT_NAMES, value=st.binary())
def test_random_bytes_never_raise(topic: str, value: bytes) -> None:
    check(topic, value)


@unhurried
@given(topic=INPUT_NAMES, value=JSON)
def test_random_json_never_raises(topic: str, value: object) -> None:
    check(topic, json.dumps(value).encode())


@unhurried
@given(
    sample=st.sampled_from([(topic, event) for topic, event in EVENTS if topic in DECODERS]),
    place=st.integers(min_value=0),
    length=st.integers(0, 8),
    patch=st.binary(max_size=8),
)
def test_damaged_events_never_raise(
    sample: tuple[str, dict[str, Any]], place: int, length: int, patch: bytes
) -> None:
    topic, event = sample
    value = raw(event)
    start = place % len(value)
    check(topic, value[:start] + patch + value[start + length :])


@unhurried
@given(
    sample=st.sampled_from([(topic, event) for topic, event in EVENTS if topic in DECODERS]),
    data=st.data(),
    value=JSON,
)
def test_any_value_in_any_field_never_raises(
    sample: tuple[str, dict[str, Any]], data: st.DataObject, value: object
) -> None:
    topic, event = sample
    key = data.draw(st.sampled_from(sorted(event)))
    check(topic, json.dumps({**event, key: value}).encode())


# Dead letters.


def test_a_dead_letter_survives_its_headers() -> None:
    assert DeadLetter.from_headers(dict(LETTER.headers())) == LETTER


def test_a_dead_letter_tolerates_other_headers() -> None:
    headers = {**dict(LETTER.headers()), "traceparent": b"00-ab-cd-01"}
    assert DeadLetter.from_headers(headers) == LETTER


def test_a_dead_letter_with_an_unknown_reason_is_refused() -> None:
    headers = {**dict(LETTER.headers()), "tailorline.reason": b"bad_mood"}
    with pytest.raises(msgspec.ValidationError, match="bad_mood"):
        DeadLetter.from_headers(headers)


@pytest.mark.parametrize("name", ["tailorline.id", "__streams.errors.offset"])
def test_a_dead_letter_without_a_header_is_refused(name: str) -> None:
    headers = dict(LETTER.headers())
    del headers[name]
    with pytest.raises(KeyError, match=name):
        DeadLetter.from_headers(headers)

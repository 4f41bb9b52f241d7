from datetime import UTC, datetime

import orjson

from models.effects import Output
from schemas.outputs import Advice
from streams.encoding import pack, record_of, unpack


def test_an_output_is_json_with_cloud_events_headers_and_survives_the_outbox():
    advice = Advice(
        advice_id="a1", advised_at=datetime(2026, 1, 2, tzinfo=UTC), kind="gap", sku="s",
        units=3.0, confidence=0.5, text="make more",
    )  # fmt: skip
    record = record_of(Output("advice", b"s", "a1", advice), "tailorline/shop-0", 12.5)
    headers = dict(record.headers)
    assert headers["ce_id"] == b"a1"
    assert headers["ce_type"] == b"tailorline.advice.v1"
    assert headers["content-type"] == b"application/json"
    value = orjson.loads(record.value)
    assert value["advised_at"] == "2026-01-02T00:00:00Z"
    assert value["type"] == "advice"
    assert unpack(pack(record)) == record


def test_a_dead_letter_stays_the_bytes_it_is():
    record = record_of(Output("dead-letters", b"k", "id", b"\xff\x00", (("h", b"\xfe"),)), "x", 1.0)
    assert record.value == b"\xff\x00"
    assert unpack(pack(record)).headers == (("h", b"\xfe"),)

"""JSON Lines in our own schemas."""

from __future__ import annotations

import gzip
from pathlib import Path

from streams.replay import jsonl
from tests.replay.samples import reasons, split

VIEW = (
    b'{"type":"view","event_id":"e%d","occurred_at":"2026-01-01T00:00:00Z",'
    b'"customer_id":"c","session_id":"s","sku":"a"}'
)


def test_lines_are_events_with_their_own_ids(tmp_path: Path) -> None:
    path = tmp_path / "clickstream.jsonl.gz"
    path.write_bytes(gzip.compress(VIEW % 1 + b"\r\n\n" + VIEW % 2))
    records, bad = split(jsonl.read(path, topic="clickstream"))
    assert bad == []
    assert [record.event.event_id for record in records] == ["e1", "e2"]
    assert records[0].key == b"c"


def test_a_line_is_refused_for_the_reason_a_worker_would_give(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    lines = [
        VIEW % 1,
        b"{",
        b"\xff",
        VIEW.replace(b'"sku":"a"', b'"sku":7'),
        VIEW.replace(b"a", b"\xff"),
    ]
    path.write_bytes(b"\n".join(lines))
    records, bad = split(jsonl.read(path, topic="clickstream"))
    assert len(records) == 1
    assert reasons(bad)[0] == (2, "not_json")
    assert reasons(bad)[2] == (4, "invalid")
    assert "$.sku" in bad[2].detail
    assert bad[1].raw == "\\xff"
    assert len(bad) == 4

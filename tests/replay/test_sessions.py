"""Session logs become views, ordered by time."""

from __future__ import annotations

from pathlib import Path

from streams.replay import sessions
from tests.replay.samples import reasons, split, write


def test_clicks_are_views_ordered_by_time(tmp_path: Path) -> None:
    path = write(
        tmp_path / "train.tsv.gz",
        "SessionId\tItemId\tTime",
        "2\t30\t200.0",
        "2\t31\t100.5",
        "1\t32\t150",
        "1\t33\t100.5",
    )
    records, bad = split(sessions.read(path, name="train"))
    assert bad == []
    assert [record.at for record in records] == [100.5, 100.5, 150.0, 200.0]
    assert [record.event.sku for record in records] == ["31", "33", "32", "30"]
    first = records[0].event
    assert (first.customer_id, first.session_id, first.consent) == ("s2", "s2", True)
    assert records[0].key == b"s2"
    assert first.event_id == "sessions-train-3"


def test_bad_rows(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.tsv",
        "SessionId\tItemId\tTime",
        "\t1\t1",
        "1\t\t1",
        "1\t1\t",
        "1\t1\tnoon",
        "1\t1\tinf",
        "1\t1\t1e300",
        f"1\t{'x' * 65}\t1",
    )
    records, bad = split(sessions.read(path, name="a"))
    assert records == []
    assert reasons(bad) == [
        (2, "missing"),
        (3, "missing"),
        (4, "missing"),
        (5, "bad_time"),
        (6, "bad_time"),
        (7, "bad_time"),
        (8, "invalid"),
    ]
    assert bad[-1].raw == f"1\t{'x' * 65}\t1"

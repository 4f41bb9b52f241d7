"""From a path and a format to records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from streams.replay.reading import Meter
from streams.replay.records import SourceError
from streams.replay.sources import count_hint, find_sets, open_source
from tests.replay.samples import RETAIL_HEADER, SKAB_HEADER, split, write
from tests.replay.test_online_retail import row
from tests.replay.test_skab import ROW


def test_a_folder_is_merged_by_time_with_ids_that_differ(tmp_path: Path) -> None:
    write(tmp_path / "a" / "x.csv", "timestamp,value", "2014-07-01,1", "2014-07-03,3")
    write(tmp_path / "b" / "x.csv.gz", "timestamp,value", "2014-07-02,2")
    write(tmp_path / "b" / "notes.txt", "no data")
    meter = Meter()
    records, _ = split(open_source(tmp_path, "nab", meter=meter))
    assert [record.event.value for record in records] == [1, 2, 3]
    assert [r.event.event_id for r in records] == ["nab-a-x-2", "nab-b-x-2", "nab-a-x-3"]
    assert meter.bytes_read == count_hint(tmp_path, "nab")


def test_json_lines_take_their_topic_from_the_name_or_the_option(tmp_path: Path) -> None:
    line = (
        '{"type":"machine_state","event_id":"e","occurred_at":"2026-01-01T00:00:00Z",'
        '"line":"l","machine":"m","state":"idle"}'
    )
    named = write(tmp_path / "sensors.jsonl", line)
    other = write(tmp_path / "recorded.jsonl", line)
    assert split(open_source(named, "jsonl"))[0] == split(open_source(other, "jsonl", "sensors"))[0]
    assert split(open_source(named, "jsonl"))[0][0].key == b"l/m"
    with pytest.raises(SourceError, match="which topic"):
        open_source(other, "jsonl")


def test_what_cannot_be_read_is_said_before_the_first_record(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "timestamp,value")
    wrong: tuple[tuple[Any, str], ...] = (
        ((tmp_path / "b.csv", "nab"), "no such file"),
        ((path, "xml"), "format 'xml' is none of jsonl"),
        ((path, "csv"), "--mapping"),
        ((path, "nab", None, path), "for format csv"),
        ((path, "nab", "orders"), "holds events of sensors"),
        ((path, "jsonl", "offers"), "topic 'offers' is none of"),
        ((tmp_path, "sessions"), "no files that end in .tsv"),
    )
    for arguments, message in wrong:
        with pytest.raises(SourceError, match=message):
            open_source(*arguments)


def test_the_demo_sets_are_found_and_can_be_read_twice(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"looked for online_retail/online_retail\.csv"):
        find_sets(tmp_path)
    write(tmp_path / "online_retail" / "online_retail.csv.gz", RETAIL_HEADER, row())
    assert list(find_sets(tmp_path)) == ["online_retail"]
    folder = tmp_path / "serenade_example"
    write(folder / "test.tsv", "SessionId\tItemId\tTime", "2\t2\t20")
    write(folder / "train.tsv.gz", "SessionId\tItemId\tTime", "1\t1\t10")
    write(tmp_path / "skab" / "data" / "valve2" / "0.csv", SKAB_HEADER, ROW)
    found = find_sets(tmp_path)
    assert list(found) == ["online_retail", "serenade_example", "skab"]
    clicks, _ = split(found["serenade_example"]())
    assert [record.event.event_id for record in clicks] == ["sessions-train-2", "sessions-test-2"]
    for records in found.values():
        assert split(records())[0] == split(records())[0] != []

"""SKAB: eight measurements a row, without the labels."""

from __future__ import annotations

from pathlib import Path

from streams.replay import skab
from streams.replay.sources import open_source
from tests.replay.samples import SKAB_HEADER, reasons, split, write

ROW = "2020-03-09 15:56:30;0.0276;0.0392;1.29;0.05;68.6;24.3;241.0;32.0;0.0;0.0"


def test_a_row_becomes_eight_measurements(tmp_path: Path) -> None:
    path = write(tmp_path / "valve2" / "0.csv", SKAB_HEADER, ROW)
    records, bad = split(open_source(path, "skab"))
    assert bad == []
    events = [record.event for record in records]
    assert {event.sensor: event.unit for event in events} == skab.UNITS
    assert [event.value for event in events] == [
        0.0276,
        0.0392,
        1.29,
        0.05,
        68.6,
        24.3,
        241.0,
        32.0,
    ]
    assert {record.key for record in records} == {b"skab/valve2-0"}
    assert {record.at for record in records} == {1583769390.0}
    assert [event.event_id for event in events][::7] == ["skab-valve2-0-2-0", "skab-valve2-0-2-7"]


def test_the_ids_do_not_depend_on_the_folder_that_was_named(tmp_path: Path) -> None:
    write(tmp_path / "data" / "valve2" / "0.csv", SKAB_HEADER, ROW)
    found = [
        [record.event for record in split(open_source(tmp_path / place, "skab"))[0]]
        for place in ("", "data", "data/valve2", "data/valve2/0.csv")
    ]
    assert found[0] == found[1] == found[2] == found[3]


def test_a_lost_sample_is_sent_as_such_and_a_wrong_one_is_a_bad_row(tmp_path: Path) -> None:
    lost = ROW.replace("0.0276", "").replace("241.0", "NaN")
    wrong = ROW.replace("1.29", "lots").replace("24.3", "1e300")
    late = ROW.replace("2020-03-09", "2020-02-30")
    path = write(tmp_path / "valve2" / "0.csv", SKAB_HEADER, lost, wrong, late)
    records, bad = split(open_source(path, "skab"))
    assert [(r.event.value, r.event.quality) for r in records[:2]] == [
        (None, "bad"),
        (0.0392, "good"),
    ]
    assert records[6].event.value is None
    assert reasons(bad) == [(3, "not_a_number"), (3, "invalid"), (4, "bad_time")]
    assert len(records) == 14


def test_the_file_without_labels_is_read_too(tmp_path: Path) -> None:
    header, row = SKAB_HEADER.rsplit(";", 2)[0], ROW.rsplit(";", 2)[0]
    path = write(tmp_path / "anomaly-free" / "anomaly-free.csv", header, row)
    records, _ = split(open_source(path, "skab"))
    assert {record.event.machine for record in records} == {"anomaly-free"}

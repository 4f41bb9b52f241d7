"""CSV rows, whatever their bytes."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from streams.replay.reading import Meter
from streams.replay.records import BadRow, SourceError
from streams.replay.tables import Row, table
from tests.replay.samples import write


def test_a_mark_at_the_start_blank_lines_and_foreign_bytes_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfa,b\r\n1,caf\xe9\r\n\r\n2,\n")
    rows = [row for row in table(path, needed=["a"]) if isinstance(row, Row)]
    assert [(row.line, row.text("a")) for row in rows] == [(2, "1"), (4, "2")]


def test_foreign_bytes_in_a_field_that_is_used_are_a_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a\ncaf\xe9\n")
    row = next(table(path, needed=["a"]))
    assert isinstance(row, Row)
    bad = row.build("clickstream", {"sku": row.text("a")})
    assert isinstance(bad, BadRow)
    assert bad.reason == "not_utf8"


def test_a_quote_that_never_ends_is_not_lost_silently(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "a,b", '1,"x', *("2,y" for _ in range(50_000)))
    rows = list(table(path, needed=["a"]))
    assert isinstance(rows[0], BadRow)
    assert rows[0].reason == "syntax"


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        next(table(tmp_path / "a.csv", needed=["a"]))
    (tmp_path / "a.csv").write_bytes(b"")
    with pytest.raises(SourceError, match="its header has: nothing"):
        next(table(tmp_path / "a.csv", needed=["a"]))
    with pytest.raises(SourceError, match="twice in the header"):
        next(table(write(tmp_path / "b.csv", "a,a"), needed=["a"]))
    packed = gzip.compress(b"a\n" + b"\n".join(str(n).encode() for n in range(9999)))
    (tmp_path / "c.csv").write_bytes(packed[:-2000])
    with pytest.raises(SourceError, match="gzip data are damaged"):
        list(table(tmp_path / "c.csv", needed=["a"]))


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_the_meter_counts_bytes_on_disk(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, "a", *(str(n) for n in range(100_000)))
    meter = Meter()
    rows = table(path, needed=["a"], meter=meter)
    next(rows)
    assert 0 < meter.bytes_read < path.stat().st_size
    assert len(list(rows)) == 99_999
    assert meter.bytes_read == path.stat().st_size

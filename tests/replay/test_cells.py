"""Cells as numbers and moments."""

from __future__ import annotations

import pytest

from streams.replay.cells import clocked, reading, real, unix, utc, whole


def test_numbers() -> None:
    assert (whole("6"), whole("-6.0"), real(" 2.5 ")) == (6, -6, 2.5)
    assert (reading("NaN"), reading(""), reading("1e3")) == (None, None, 1000.0)
    for parse, text in ((whole, "1.5"), (whole, "x"), (real, "inf"), (real, "nan"), (reading, "-")):
        with pytest.raises(ValueError, match=r".+"):
            parse(text)


def test_moments() -> None:
    assert utc("2026-07-01 12:00").isoformat() == "2026-07-01T12:00:00+00:00"
    assert utc("2026-07-01T12:00:00+02:00").isoformat() == "2026-07-01T10:00:00+00:00"
    assert unix("0.5").timestamp() == 0.5
    assert clocked("iso", "Asia/Tokyo")("2026-07-01 09:00").timestamp() == 1782864000
    assert clocked("unix_ms")("1500").timestamp() == 1.5
    # Before time zones there were local times, with odd seconds.
    assert clocked("%Y", "Europe/Berlin")("1850").isoformat() == "1849-12-31T23:06:32+00:00"
    for wrong in ("0001-01-01T00:00:00+10:00", "9" * 30, "noon"):
        with pytest.raises(ValueError, match=r".+"):
            utc(wrong)

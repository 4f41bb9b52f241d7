"""When records are due, under a clock that the test turns."""

from __future__ import annotations

import pytest

from streams.replay.pacing import Pacer, Pacing, merge
from streams.replay.records import BadRow, Record, record_of
from tests.replay.samples import views

NOW = 1_800_000_000.0


def test_speed_divides_the_gaps() -> None:
    pacer = Pacer(Pacing(speed=10), NOW, elapsed=5.0)
    assert pacer.wait(100.0, 5.0) == 0
    assert pacer.wait(130.0, 5.0) == pytest.approx(3.0)
    assert pacer.wait(130.0, 7.5) == pytest.approx(0.5)
    assert pacer.wait(130.0, 9.0) == 0
    assert pacer.wait(90.0, 5.0) == 0


def test_max_never_waits() -> None:
    pacer = Pacer(Pacing(), NOW, elapsed=0.0)
    assert [pacer.wait(at, 0.0) for at in (0.0, 1e9)] == [0, 0]


def test_times_are_kept_unless_asked_otherwise() -> None:
    (record,) = views(100.0)
    assert Pacer(Pacing(speed=1), NOW, 0.0).dated(record, 7.0) is record


def test_now_dates_events_when_they_are_due_and_never_in_the_future() -> None:
    for speed, gaps in ((1.0, [0.0, 30.0]), (10.0, [0.0, 3.0])):
        pacer = Pacer(Pacing(speed, "now"), NOW, 5.0)
        dated = []
        for record in views(100.0, 130.0):
            elapsed = 5.0 + pacer.wait(record.at, 5.0)
            dated.append(pacer.dated(record, elapsed))
        assert [record.at - NOW for record in dated] == pytest.approx(gaps)
        assert [record_of(r.topic, r.event).at for r in dated] == [r.at for r in dated]
    pacer = Pacer(Pacing(None, "now"), NOW, 5.0)
    dated = [pacer.dated(record, 5.0 + n) for n, record in enumerate(views(100.0, 1e9))]
    assert [record.at - NOW for record in dated] == [0.0, 1.0]


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf")])
def test_a_speed_is_above_zero(speed: float) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        Pacing(speed)


def test_streams_are_merged_by_time_and_bad_rows_stay_in_place() -> None:
    bad = BadRow("f", 1, "missing", "")
    items: list[Record | BadRow] = [*views(1.0, 4.0, customer="a"), bad]
    a = iter([*items, *views(6.0, customer="A")])
    b = views(2.0, 1.5, 5.0, customer="b")
    merged = list(merge(a, b))
    assert [1 if isinstance(item, BadRow) else item.at for item in merged] == [
        1.0,
        2.0,
        1.5,
        4.0,
        1,
        5.0,
        6.0,
    ]

"""A machine's samples, put together to rows."""

from __future__ import annotations

from models.line.rows import Row, Rows

MOST = 64


def learnt(rows: Rows, names: str, rounds: int = 25) -> None:
    for n in range(rounds):
        for name in names:
            rows.take(name, float(n), MOST, good=True)


def values(row: Row | None) -> list[float] | None:
    return None if row is None else row.values.tolist()


def test_it_is_found_out_first_which_sensors_make_a_row() -> None:
    rows = Rows()
    learnt(rows, "ba", 20)
    assert rows.names == ()
    learnt(rows, "ba", 2)
    assert rows.names == ("a", "b")


def test_a_row_is_full_when_all_have_spoken() -> None:
    rows = Rows()
    learnt(rows, "ab")
    assert rows.take("b", 2.0, MOST, good=True) is None
    row = rows.take("a", 1.0, MOST, good=True)
    assert row is not None
    assert row.values.tolist() == [1.0, 2.0]
    assert row.sound


def test_who_is_silent_counts_with_what_it_said_last() -> None:
    rows = Rows()
    learnt(rows, "ab")
    rows.take("b", 2.0, MOST, good=True)
    rows.take("a", 1.0, MOST, good=True)
    assert rows.take("a", 5.0, MOST, good=True) is None
    assert values(rows.take("a", 6.0, MOST, good=True)) == [5.0, 2.0]
    assert values(rows.take("b", 7.0, MOST, good=True)) == [6.0, 7.0]


def test_a_bad_sample_spoils_its_row_only() -> None:
    rows = Rows()
    learnt(rows, "ab")
    rows.take("a", 1.0, MOST, good=True)
    row = rows.take("b", None, MOST, good=True)
    assert row is not None
    assert not row.sound
    rows.take("a", 1.0, MOST, good=True)
    row = rows.take("b", 4.0, MOST, good=False)
    assert row is not None
    assert not row.sound
    rows.take("a", 1.0, MOST, good=True)
    row = rows.take("b", 3.0, MOST, good=True)
    assert row is not None
    assert row.sound
    assert row.values.tolist() == [1.0, 3.0]


def test_a_sensor_that_speaks_seldom_is_left_to_itself() -> None:
    rows = Rows()
    for n in range(30):
        learnt(rows, "abc" if n % 5 == 0 else "ab", 1)
    assert rows.names == ("a", "b")
    rows.take("a", 1.0, MOST, good=True)
    assert rows.take("c", 9.0, MOST, good=True) is None
    assert values(rows.take("b", 2.0, MOST, good=True)) == [1.0, 2.0]


def test_there_are_no_more_than_so_many() -> None:
    rows = Rows()
    for n in range(30):
        for name in "dcba":
            rows.take(name, float(n), 2, good=True)
    assert rows.names == ("c", "d")


def test_who_was_there_first_is_counted_on_when_there_are_enough() -> None:
    rows = Rows()
    for n in range(30):
        for name in "dcba" if n < 3 or n % 5 == 0 else "cba":
            rows.take(name, float(n), 2, good=True)
    assert rows.names == ("c",), "d came first, and then seldom"


def test_there_is_no_row_before_each_sensor_had_a_value() -> None:
    rows = Rows()
    for n in range(25):
        rows.take("a", float(n), MOST, good=True)
        rows.take("b", None, MOST, good=True)
    assert rows.names == ("a", "b")
    rows.take("a", 1.0, MOST, good=True)
    assert rows.take("b", None, MOST, good=True) is None
    rows.take("a", 1.0, MOST, good=True)
    assert values(rows.take("b", 2.0, MOST, good=True)) == [1.0, 2.0]


def test_one_sensor_makes_rows_of_one() -> None:
    rows = Rows()
    learnt(rows, "a")
    assert rows.names == ("a",)
    assert values(rows.take("a", 3.0, MOST, good=True)) == [3.0]
